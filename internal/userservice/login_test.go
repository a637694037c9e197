package userservice_test

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// A watcher notes what is sent before it sends it on.
type watcher struct {
	next   http.RoundTripper
	url    string
	method string
	header http.Header
	body   string
}

// RoundTrip implements [http.RoundTripper].
func (w *watcher) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	w.url, w.method, w.header, w.body = request.URL.String(), request.Method, request.Header.Clone(), string(body)
	request.Body = io.NopCloser(bytes.NewReader(body))
	return w.next.RoundTrip(request)
}

// checkHeader fails the test unless the header that was sent is want, which
// are pairs of name and value.
func (w *watcher) checkHeader(t *testing.T, want ...string) {
	t.Helper()
	header := make(http.Header)
	for pair := range slices.Chunk(want, 2) {
		header.Set(pair[0], pair[1])
	}
	if !maps.EqualFunc(header, w.header, slices.Equal) {
		t.Errorf("the header is %v, want %v", w.header, header)
	}
}

// The forms are those of the table in PLATFORM-API.md §2.
func TestLogin_EachFormToTheLetter(t *testing.T) {
	adminOfInstance, adminWithKey := admin(), admin()
	adminOfInstance.InstanceID = "api-instance"
	adminWithKey.InstanceID, adminWithKey.InstanceKey = "api-instance", secret.New("api-instance-key")
	const patch, plain = "application/json-patch+json", "application/json"
	tests := []struct {
		name        string
		format      session.LoginForm
		credentials userservice.Credentials
		body        string
		header      []string
	}{
		{"admin, object",
			session.FormObject, admin(), `{"loginFields":{"Email":"` + email + `"},"password":"` + password + `"}`,
			[]string{"Content-Type", patch},
		},
		{"admin, by default",
			"", admin(), `{"loginFields":{"Email":"` + email + `"},"password":"` + password + `"}`,
			[]string{"Content-Type", patch},
		},
		{"admin, string",
			session.FormString, admin(), `{"LoginFields":"{\"email\":\"` + email + `\"}","Password":"` + password + `"}`,
			[]string{"Content-Type", plain},
		},
		{"user, object",
			session.FormObject, user(), `{"LoginFields":{"deviceToken":"` + deviceToken + `"},"Password":"` + instanceKey + `"}`,
			[]string{"Content-Type", patch, "InstanceId", instanceID, "InstanceKey", instanceKey},
		},
		{"user, string",
			session.FormString, user(), `{"LoginFields":"{\"Devicetoken\":\"` + deviceToken + `\"}","Password":"` + instanceKey + `"}`,
			[]string{"Content-Type", plain, "InstanceId", instanceID},
		},
		{"admin with the API InstanceID",
			session.FormObject, adminOfInstance, `{"loginFields":{"Email":"` + email + `"},"password":"` + password + `"}`,
			[]string{"Content-Type", patch, "InstanceId", "api-instance"},
		},
		{"admin with a key",
			session.FormString, adminWithKey, `{"LoginFields":"{\"email\":\"` + email + `\"}","Password":"` + password + `"}`,
			[]string{"Content-Type", plain},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform()
			sent := &watcher{next: platformInMemory(t, p)}
			c := newClient(sent, userservice.Config{UserAgent: "provider/1.2.3 terraform/1.11"})
			answer, err := loginIn(t.Context(), c, test.credentials, cmp.Or(test.format, session.FormObject))
			if err != nil {
				t.Fatal(err)
			}
			if sent.method != http.MethodPost || sent.url != platformURL+"/v1/Auth/Login" {
				t.Errorf("sent %s %s", sent.method, sent.url)
			}
			if sent.body != test.body {
				t.Errorf("sent %s\nwant %s", sent.body, test.body)
			}
			sent.checkHeader(t, append(test.header, "Accept", "application/json", "User-Agent", "provider/1.2.3 terraform/1.11")...)

			if !p.Accepts(answer.AccessToken.Reveal()) || answer.RefreshToken.IsEmpty() {
				t.Error("the answer's tokens are not the platform's")
			}
			if want := test.credentials.DeviceToken; !answer.DeviceToken.Equal(want) {
				t.Errorf("DeviceToken = %q, want %q", answer.DeviceToken.Reveal(), want.Reveal())
			}
			if c := p.Counts(); c != (emulator.Counts{Login: 1, LoggedIn: 1}) {
				t.Errorf("counts = %+v, want one login", c)
			}
		})
	}
}

// JSON writes these passwords in more ways than one.
func TestLogin_PasswordToTheLetter(t *testing.T) {
	tests := []struct{ given, sent string }{
		{`a"b\c`, `a\"b\\c`},
		{`<&>'+/`, `<&>'+/`},
		{"pässwört€", "pässwört€"},
		{" x\ty ", ` x\ty `},
		{"{{a}}\n", `{{a}}\n`},
	}
	for _, test := range tests {
		t.Run(test.sent, func(t *testing.T) {
			for _, format := range []session.LoginForm{session.FormObject, session.FormString} {
				p := newPlatform()
				p.AddAdmin(emulator.Admin{Email: email, Password: test.given})
				seen := &watcher{next: platformInMemory(t, p)}
				c := newClient(seen, userservice.Config{})
				if _, err := loginIn(t.Context(), c, userservice.Credentials{Email: email, Password: secret.New(test.given)}, format); err != nil {
					t.Error(err)
				}
				if want := `assword":"` + test.sent + `"}`; !strings.HasSuffix(seen.body, want) {
					t.Errorf("sent %s, want it to end in %s", seen.body, want)
				}
			}
		})
	}
}

// The login fields are JSON inside JSON, whatever is in them.
func TestLogin_StringFormEscapesTwice(t *testing.T) {
	p := newPlatform()
	p.AddAdmin(emulator.Admin{Email: `o"brien@example.com`, Password: password})
	sent := &watcher{next: platformInMemory(t, p)}
	c := newClient(sent, userservice.Config{})
	if _, err := loginIn(t.Context(), c, userservice.Credentials{Email: `o"brien@example.com`, Password: secret.New(password)}, session.FormString); err != nil {
		t.Error(err)
	}
	contains(t, sent.body, `"{\"email\":\"o\\\"brien@example.com\"}"`)
}

// The error comes before anything is sent.
func TestLogin_HeaderThatHTTPCannotCarryIsNotSent(t *testing.T) {
	id, key, deleted := user(), user(), user()
	id.InstanceID += "\n"
	key.InstanceKey = secret.New(instanceKey + "\r\n")
	deleted.InstanceID += "\x7f"
	tests := []struct {
		name        string
		credentials userservice.Credentials
		want        string
	}{
		{"a line break in the id", id, "the header Instanceid would hold a control character"},
		{"a line break in the key", key, "the header Instancekey would hold a control character"},
		{"a control character further", deleted, "the header Instanceid would hold a control character"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform()
			c := newClient(platformInMemory(t, p), userservice.Config{})
			_, err := login(t.Context(), c, test.credentials)
			failed := failureOf(t, err)
			contains(t, err.Error(), "so nothing was sent", test.want)
			if failed.Kind != platform.NotSendable || failed.Temporary() || failed.Refused() || attempts(err) != 1 {
				t.Errorf("error = %+v, want one that stays", failed)
			}
			if p.Counts().Login != 0 {
				t.Error("a login was sent")
			}
		})
	}
}

// The emulator has these reasons to refuse a login.
func TestLogin_RefusalTellsTheReason(t *testing.T) {
	wrongPassword, wrongKey, unknownDevice := admin(), user(), user()
	wrongPassword.Password = secret.New("not-the-password-at-all")
	wrongKey.InstanceKey = secret.New("not-the-instance-key-at-all")
	unknownDevice.DeviceToken = secret.New("not-a-device-token-at-all")
	tests := []struct {
		name        string
		credentials userservice.Credentials
		status      int
		words       []string
	}{
		{"wrong password", wrongPassword, 401, []string{`"Unauthorized"`, "The email or the password is wrong"}},
		{"wrong instance key", wrongKey, 401, []string{`"Unauthorized"`, "The instance key is wrong"}},
		{"unknown device", unknownDevice, 401, []string{`"Unauthorized"`, "The user is unknown in this instance"}},
	}
	for _, test := range tests {
		for _, format := range []session.LoginForm{session.FormObject, session.FormString} {
			t.Run(test.name+", "+string(format), func(t *testing.T) {
				p := newPlatform()
				c := newClient(platformInMemory(t, p), userservice.Config{})
				_, err := loginIn(t.Context(), c, test.credentials, format)
				failed := failureOf(t, err, "not-the-password-at-all", "not-the-instance-key-at-all", "not-a-device-token-at-all")
				if failed.Operation != "login" || failed.HTTPStatus != test.status || failed.Status != test.status || !failed.Refused() || attempts(err) != 1 {
					t.Errorf("error = %+v, want HTTP and Status %d, refused, in one attempt", failed, test.status)
				}
				contains(t, err.Error(), append(test.words, "login failed: POST "+platformURL+"/v1/Auth/Login answered HTTP "+strconv.Itoa(test.status))...)
				if c := p.Counts(); c.Login != 1 {
					t.Errorf("counts = %+v, want one login", c)
				}
			})
		}
	}
}
