package userservice

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// loginPath is the path of the login (PLATFORM-API.md §2).
const loginPath = "/v1/Auth/Login"

// maxLoginAttempts bounds the requests of one login: a first and two retries.
// Each counts against the platform's limit.
const maxLoginAttempts = 3

// Login authorizes with credentials, which revokes the tokens issued before
// (PLATFORM-API.md §6). It retries when there was no answer or a 5xx, twice at
// the most, and asks admit before each request. A nil admit admits them all.
//
// An error of the platform's, or of the way to it, is an [*Error]; one of
// admit's is wrapped.
func (c *Client) Login(ctx context.Context, credentials Credentials, admit Admit) (Answer, error) {
	header, err := c.loginHeader(credentials)
	if err != nil {
		return Answer{}, err
	}
	body, err := c.loginBody(credentials)
	if err != nil {
		return Answer{}, err
	}
	return c.do(ctx, call{
		operation:   "login",
		path:        loginPath,
		header:      header,
		body:        body,
		secrets:     []secret.String{credentials.Password, credentials.InstanceKey, credentials.DeviceToken},
		admit:       admit,
		maxAttempts: maxLoginAttempts,
		retries:     func(e *Error) bool { return e.unanswered() || e.platformFailed() },
	})
}

// The errors of a header that HTTP cannot carry. They come before anything is
// sent, and do not say what the character is.
var (
	errInstanceID  = errors.New("no login was sent: the instance id holds a control character, such as a line break at its end")
	errInstanceKey = errors.New("no login was sent: the instance key holds a control character, such as a line break at its end")
)

// loginHeader is what is sent with a login besides its body. Each dialect goes
// with the media type of its sources (PLATFORM-API.md §2).
func (c *Client) loginHeader(credentials Credentials) (http.Header, error) {
	header := http.Header{"Content-Type": {"application/json-patch+json"}}
	if c.loginFormat == FormatString {
		header.Set("Content-Type", "application/json")
	}
	if credentials.InstanceID != "" {
		if hasControl(credentials.InstanceID) {
			return nil, errInstanceID
		}
		header.Set("InstanceId", credentials.InstanceID)
	}
	if !credentials.InstanceKey.IsEmpty() {
		if hasControl(credentials.InstanceKey.Reveal()) {
			return nil, errInstanceKey
		}
		header.Set("InstanceKey", credentials.InstanceKey.Reveal())
	}
	return header, nil
}

// hasControl reports whether a header of this value would be refused before it
// is sent.
func hasControl(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// The bodies of a login, to the letter of PLATFORM-API.md §2: the case of the
// keys differs between admin and user, and between the dialects.
type (
	adminObject struct {
		LoginFields struct {
			Email string `json:"Email"`
		} `json:"loginFields"`
		Password string `json:"password"`
	}
	userObject struct {
		LoginFields struct {
			DeviceToken string `json:"deviceToken"`
		} `json:"LoginFields"`
		Password string `json:"Password"`
	}
	stringLogin struct {
		LoginFields string `json:"LoginFields"`
		Password    string `json:"Password"`
	}
	adminFields struct {
		Email string `json:"email"`
	}
	userFields struct {
		DeviceToken string `json:"Devicetoken"`
	}
)

// loginBody writes the login in the client's dialect.
func (c *Client) loginBody(credentials Credentials) ([]byte, error) {
	isUser, inString := !credentials.DeviceToken.IsEmpty(), c.loginFormat == FormatString
	switch {
	case isUser && inString:
		return stringBody(userFields{credentials.DeviceToken.Reveal()}, credentials.InstanceKey)
	case isUser:
		var body userObject
		body.LoginFields.DeviceToken = credentials.DeviceToken.Reveal()
		body.Password = credentials.InstanceKey.Reveal()
		return encode(body)
	case inString:
		return stringBody(adminFields{credentials.Email}, credentials.Password)
	default:
		var body adminObject
		body.LoginFields.Email = credentials.Email
		body.Password = credentials.Password.Reveal()
		return encode(body)
	}
}

// stringBody writes a login whose fields are a JSON document in a string.
func stringBody(fields any, password secret.String) ([]byte, error) {
	document, err := encode(fields)
	if err != nil {
		return nil, err
	}
	return encode(stringLogin{string(document), password.Reveal()})
}
