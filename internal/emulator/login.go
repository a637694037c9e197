package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// loginRequest is the body of a login. Its top-level keys are matched without
// regard to case, as encoding/json does (PLATFORM-API.md §2).
type loginRequest struct {
	LoginFields json.RawMessage
	Password    string
}

// login answers POST /v1/Auth/Login. The platform's lock is held.
func (p *Platform) login(r *http.Request, body []byte) reply {
	if refused := p.admit(r); refused != nil {
		return *refused
	}
	if refused := wantJSON(r, "application/json", "application/json-patch+json"); refused != nil {
		return *refused
	}
	var request loginRequest
	if err := strict(body, &request); err != nil {
		return refusal(http.StatusBadRequest, "Bad request", "", "The body is not the JSON of a login.")
	}
	email, device, form, ok := loginFields(request.LoginFields)
	switch {
	case !ok:
		return refusal(http.StatusBadRequest, "Bad request", "LoginFields", "The field LoginFields is invalid.")
	case device != "" && p.options.UserForm.accepts(form):
		return p.loginUser(r, device, request.Password)
	case email != "" && p.options.AdminForm.accepts(form):
		return p.loginAdmin(r, email, request.Password)
	default:
		// The form or the key's case does not match, or there is no key: the
		// platform does not say which (§2, K).
		return p.refuseLogin("", "")
	}
}

// refuseLogin refuses a login whose body could be read.
func (p *Platform) refuseLogin(key, message string) reply {
	return refusal(http.StatusUnauthorized, "Unauthorized", key, message).by(p.options.LoginRefusedBy)
}

// LoginForm is a form of the body of a login (PLATFORM-API.md §2).
type LoginForm string

// The forms that a login may be restricted to.
const (
	// AnyForm is either form.
	AnyForm LoginForm = ""
	// ObjectForm is LoginFields as a JSON object.
	ObjectForm LoginForm = "object"
	// StringForm is LoginFields as a JSON document inside a string.
	StringForm LoginForm = "string"
)

func (f LoginForm) accepts(sent LoginForm) bool { return f == AnyForm || f == sent }

// loginFields reads either form. In the string the case of the keys counts,
// in the object it does not (§2). ok is false when it is neither, or when there
// is more than the one field.
func loginFields(raw json.RawMessage) (email, device string, form LoginForm, ok bool) {
	var document string
	if json.Unmarshal(raw, &document) == nil && len(raw) > 0 && raw[0] == '"' {
		var fields map[string]string
		if json.Unmarshal([]byte(document), &fields) != nil || len(fields) > 1 {
			return "", "", "", false
		}
		return fields["email"], fields["Devicetoken"], StringForm, true
	}
	var fields map[string]string
	if json.Unmarshal(raw, &fields) != nil || fields == nil || len(fields) > 1 {
		return "", "", "", false
	}
	for key, value := range fields {
		switch strings.ToLower(key) {
		case "email":
			email = value
		case "devicetoken":
			device = value
		}
	}
	return email, device, ObjectForm, true
}

func (p *Platform) loginUser(r *http.Request, device, password string) reply {
	id := r.Header.Get("InstanceId")
	if id == "" {
		return refusal(http.StatusBadRequest, "Bad request", "InstanceId", "The header InstanceId is required.")
	}
	instance, known := p.instances.get(foldID(id))
	user, registered := p.users.get(foldID(device))
	switch {
	case !known:
		return p.refuseLogin("InstanceId", "The instance is unknown.")
	case !registered || foldID(user.InstanceID) != foldID(id):
		return p.refuseLogin("DeviceToken", "The user is unknown in this instance.")
	case !strings.EqualFold(instance.Key, password) || !keyMatches(r, instance.Key):
		return p.refuseLogin("Password", "The instance key is wrong.")
	}
	p.counts.LoggedIn++
	return granted(p.replaceTokens(userPrefix+foldID(device), user.DeviceToken))
}

// keyMatches reports whether the header InstanceKey, which may be left out, is
// the instance's.
func keyMatches(r *http.Request, key string) bool {
	header := r.Header.Get("InstanceKey")
	return header == "" || strings.EqualFold(header, key)
}

func (p *Platform) loginAdmin(r *http.Request, email, password string) reply {
	admin, known := p.admins[fold(email)]
	id := r.Header.Get("InstanceId")
	switch {
	case !known || admin.Password != password:
		return p.refuseLogin("Password", "The email or the password is wrong.")
	case admin.InstanceID != "" && id != "" && foldID(id) != foldID(admin.InstanceID):
		return p.refuseLogin("InstanceId", "The API instance is another one.")
	}
	p.counts.LoggedIn++
	return granted(p.replaceTokens(adminPrefix+fold(email), ""))
}

// How a grant's identity begins.
const (
	adminPrefix = "admin:"
	userPrefix  = "user:"
)

// replaceTokens revokes the pairs of an account and issues a new one.
func (p *Platform) replaceTokens(identity, deviceToken string) tokens {
	p.revoke(identity)
	return p.issue(identity, deviceToken)
}

// LoginElsewhere is a login of another program with the same credentials, at
// another address: the account's tokens are revoked as far as the options say so,
// and a new pair is returned. The account is named by the email of an admin or
// the device token of a user. The login is neither counted nor limited. An account
// that is not known is an error.
func (p *Platform) LoginElsewhere(account string) (accessToken, refreshToken string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var issued tokens
	if admin, known := p.admins[fold(account)]; known {
		issued = p.replaceTokens(adminPrefix+fold(admin.Email), "")
	} else if user, known := p.users.get(foldID(account)); known {
		issued = p.replaceTokens(userPrefix+foldID(user.DeviceToken), user.DeviceToken)
	} else {
		return "", "", errors.New("the platform knows no such account")
	}
	return issued.AccessToken.Token, issued.RefreshToken, nil
}

// caller is an address with its logins (PLATFORM-API.md §6).
type caller struct {
	logins       []time.Time
	blockedUntil time.Time
}

// admit counts a login of the address that r came from. It returns a refusal
// when there were too many: one login more than the limit within the window
// blocks the address. The platform's lock is held.
func (p *Platform) admit(r *http.Request) *reply {
	if p.options.LoginLimit < 0 {
		return nil
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	c, known := p.callers[address]
	if !known {
		c = &caller{}
		p.callers[address] = c
	}
	now := p.now()
	c.logins = slices.DeleteFunc(c.logins, func(t time.Time) bool { return now.Sub(t) >= p.options.LoginWindow })
	if !now.Before(c.blockedUntil) && len(c.logins) >= p.options.LoginLimit {
		c.blockedUntil = now.Add(p.options.BlockFor)
	}
	if now.Before(c.blockedUntil) {
		p.counts.RateLimited++
		refused := refusal(http.StatusTooManyRequests, "Too many requests", "", "Too many login attempts. Try again later.")
		if !p.options.OmitRetryAfter {
			// Rounded up: a second too early is a login too many.
			left := c.blockedUntil.Sub(now) + time.Second - 1
			refused.retryAfter = strconv.Itoa(int(left / time.Second))
		}
		return &refused
	}
	c.logins = append(c.logins, now)
	return nil
}

// wantJSON refuses a body of another media type than those.
func wantJSON(r *http.Request, accepted ...string) *reply {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil {
		for _, a := range accepted {
			if mediaType == a {
				return nil
			}
		}
	}
	refused := refusal(http.StatusUnsupportedMediaType, "Unsupported media type", "Content-Type", "The body must be JSON.")
	return &refused
}

var errTrailing = errors.New("there is something after the JSON document")

// strict reads one JSON document and nothing else.
func strict(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	// More would take a closing bracket for the end.
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}
