package userservice

import (
	"context"
	"errors"
	"net/http"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// loginPath is the path of the login (PLATFORM-API.md §2).
const loginPath = "/v1/Auth/Login"

// Authorizer returns what asks for sessions with the credentials. Without
// credentials it can refresh, and its Login fails with a
// [*MissingCredentialsError]. Other errors are [*Error], which implement
// [session.PlatformError], or come before anything is sent.
func (c *Client) Authorizer(credentials Credentials) session.Authorizer {
	return authorizer{c, credentials}
}

// authorizer implements [session.Authorizer].
type authorizer struct {
	client      *Client
	credentials Credentials
}

// Login implements [session.Authorizer].
func (a authorizer) Login(ctx context.Context, form session.LoginForm) (session.Answer, error) {
	c, credentials := a.client, a.credentials
	if err := credentials.Missing(); err != nil {
		return session.Answer{}, err
	}
	body, err := loginBody(credentials, form)
	if err != nil {
		return session.Answer{}, err
	}
	return c.newSession(ctx, platform.Request{
		Operation: login,
		Path:      loginPath,
		Header:    loginHeader(credentials, form),
		Body:      body,
		Secrets:   []secret.String{credentials.Password, credentials.InstanceKey, credentials.DeviceToken},
	})
}

// loginHeader is what is sent with a login besides its body. Each form goes with
// the media type and the headers of its sources (PLATFORM-API.md §2).
func loginHeader(credentials Credentials, form session.LoginForm) http.Header {
	header := http.Header{"Content-Type": {"application/json-patch+json"}}
	if form == session.FormString {
		header.Set("Content-Type", "application/json")
	}
	if credentials.InstanceID != "" && (form != session.FormString || credentials.Kind() == session.User) {
		header.Set("InstanceId", credentials.InstanceID)
	}
	if !credentials.InstanceKey.IsEmpty() && form != session.FormString {
		header.Set("InstanceKey", credentials.InstanceKey.Reveal())
	}
	return header
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

// loginBody returns the body of a login in a form.
func loginBody(credentials Credentials, form session.LoginForm) (any, error) {
	isUser, inString := credentials.Kind() == session.User, form == session.FormString
	switch {
	case isUser && inString:
		return stringBody(userFields{credentials.DeviceToken.Reveal()}, credentials.InstanceKey)
	case isUser:
		var body userObject
		body.LoginFields.DeviceToken = credentials.DeviceToken.Reveal()
		body.Password = credentials.InstanceKey.Reveal()
		return body, nil
	case inString:
		return stringBody(adminFields{credentials.Email}, credentials.Password)
	default:
		var body adminObject
		body.LoginFields.Email = credentials.Email
		body.Password = credentials.Password.Reveal()
		return body, nil
	}
}

// stringBody returns the body of a login whose fields are a JSON document in a
// string.
func stringBody(fields any, password secret.String) (any, error) {
	document, err := platform.JSON(fields)
	if err != nil {
		return nil, err
	}
	return stringLogin{string(document), password.Reveal()}, nil
}

// refreshPath is the path of the refresh (PLATFORM-API.md §3).
const refreshPath = "/v1/Auth/RefreshToken"

// Refresh implements [session.Authorizer]. No header tells whose session it is.
// The answer may leave the device token out; the known one is kept then
// (PLATFORM-API.md §3).
func (a authorizer) Refresh(ctx context.Context, s session.Session) (session.Answer, error) {
	answer, err := a.client.newSession(ctx, platform.Request{
		Operation: refresh,
		Path:      refreshPath,
		Body: struct {
			AccessToken  string
			RefreshToken string
		}{s.AccessToken.Reveal(), s.RefreshToken.Reveal()},
		Secrets: []secret.String{s.AccessToken, s.RefreshToken},
	})
	if err == nil && answer.DeviceToken.IsEmpty() {
		answer.DeviceToken = s.DeviceToken
	}
	return answer, err
}

// Verify implements [session.Authorizer]: a user's token is checked with the
// user's own profile, an admin's with its permissions, which another service
// tells (PLATFORM-API.md §7). Where that service is not known, nothing is asked.
func (a authorizer) Verify(ctx context.Context, s session.Session) session.Verdict {
	base, path := a.client.baseURL, "/v1/Management/users"
	header := http.Header{"Authorization": {"Bearer " + s.AccessToken.Reveal()}}
	if a.credentials.Kind() == session.User {
		header.Set("InstanceId", a.credentials.InstanceID)
	} else {
		base, path = a.client.portalURL, "/auth/permissions"
	}
	if base == nil || a.credentials.Missing() != nil {
		return session.NotKnown
	}
	_, err := a.client.platform.Send(ctx, platform.Request{
		Operation: verify, Method: http.MethodGet, Base: base, Path: path, Header: header, Secrets: []secret.String{s.AccessToken},
	})
	var failed *platform.RequestError
	switch {
	case err == nil:
		return session.Alive
	case errors.As(err, &failed) && failed.Code() == http.StatusUnauthorized && (failed.FromPlatform() || failed.Empty()):
		// ASP.NET may refuse a token without a body.
		return session.Revoked
	default:
		return session.NotKnown
	}
}
