package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
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
	email, device, ok := loginFields(request.LoginFields)
	switch {
	case !ok:
		return refusal(http.StatusBadRequest, "Bad request", "LoginFields", "The field LoginFields is invalid.")
	case device != "":
		return p.loginUser(r, device, request.Password)
	case email != "":
		return p.loginAdmin(r, email, request.Password)
	default:
		// The key's case does not match, or there is no key: the platform
		// does not say which (§2, K).
		return refusal(http.StatusUnauthorized, "Unauthorized", "", "")
	}
}

// loginFields reads either dialect. In the string the case of the keys counts,
// in the object it does not (§2). ok is false when it is neither, or when there
// is more than the one field.
func loginFields(raw json.RawMessage) (email, device string, ok bool) {
	var document string
	if json.Unmarshal(raw, &document) == nil && len(raw) > 0 && raw[0] == '"' {
		var fields map[string]string
		if json.Unmarshal([]byte(document), &fields) != nil || len(fields) > 1 {
			return "", "", false
		}
		return fields["email"], fields["Devicetoken"], true
	}
	var fields map[string]string
	if json.Unmarshal(raw, &fields) != nil || fields == nil || len(fields) > 1 {
		return "", "", false
	}
	for key, value := range fields {
		switch strings.ToLower(key) {
		case "email":
			email = value
		case "devicetoken":
			device = value
		}
	}
	return email, device, true
}

func (p *Platform) loginUser(r *http.Request, device, password string) reply {
	id := r.Header.Get("InstanceId")
	if id == "" {
		return refusal(http.StatusBadRequest, "Bad request", "InstanceId", "The header InstanceId is required.")
	}
	instance, known := p.instances[foldID(id)]
	user, registered := p.users[foldID(device)]
	switch {
	case !known:
		return refusal(http.StatusUnauthorized, "Unauthorized", "InstanceId", "The instance is unknown.")
	case !registered || foldID(user.InstanceID) != foldID(id):
		return refusal(http.StatusUnauthorized, "Unauthorized", "DeviceToken", "The user is unknown in this instance.")
	case !strings.EqualFold(instance.Key, password) || !keyMatches(r, instance.Key):
		return refusal(http.StatusUnauthorized, "Unauthorized", "Password", "The instance key is wrong.")
	}
	identity := "user:" + foldID(device)
	p.revoke(identity)
	p.counts.LoggedIn++
	return p.issue(identity, user.DeviceToken)
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
		return refusal(http.StatusUnauthorized, "Unauthorized", "Password", "The email or the password is wrong.")
	case admin.InstanceID != "" && id != "" && foldID(id) != foldID(admin.InstanceID):
		return refusal(http.StatusUnauthorized, "Unauthorized", "InstanceId", "The API instance is another one.")
	}
	identity := "admin:" + fold(email)
	p.revoke(identity)
	p.counts.LoggedIn++
	return p.issue(identity, "")
}

// wantJSON refuses a body that is not declared as one of the media types.
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
