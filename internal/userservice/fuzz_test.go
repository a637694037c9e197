package userservice_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// roundTripper is a function that sends requests.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The secrets that a fuzzed answer can hold, in place of the marks.
const (
	fuzzPassword = "Pa55word-that-nobody-may-see"
	fuzzKey      = "0123abcd-4567-89ef-0123-456789abcdef"
	fuzzDevice   = "fedcba98-7654-3210-fedc-ba9876543210"
	fuzzAccess   = "an-access-token-that-is-opaque"
	fuzzRefresh  = "a-refresh-token-that-is-opaque"
)

var fuzzMarks = strings.NewReplacer(
	"{{password}}", fuzzPassword, "{{key}}", fuzzKey, "{{device}}", fuzzDevice, "{{access}}", fuzzAccess, "{{refresh}}", fuzzRefresh,
)

// FuzzAnswer gives any answer to a login and to a refresh. What comes out is
// tokens that can be used, or an Error that can be printed.
func FuzzAnswer(f *testing.F) {
	const contentType = "application/json; charset=utf-8"
	f.Add(200, contentType, "", []byte(granted))
	f.Add(200, contentType, "", []byte(grant(tokenOf(`{"iat":1780000000,"exp":1780007200}`), `,"ExpiresIn":1209600`)))
	f.Add(200, contentType, "", []byte(grant(tokenOf(`{"iat":-1,"exp":1e99}`), `,"ExpiresIn":"7200"`)))
	f.Add(200, contentType, "", []byte(`{"Result":null,"Status":401,"Title":"No {{password}}","Errors":[{"Key":"k","Message":"{{key}} {{device}}"}]}`))
	f.Add(429, contentType, "7", []byte(`{"Status":429,"Title":"Too many requests"}`))
	f.Add(503, "text/html", "Mon, 01 Jun 2026 12:00:00 GMT", []byte("<html>{{password}}"))
	f.Add(302, "", "https://elsewhere.example/{{access}}?{{refresh}}", []byte(nil))
	f.Add(400, "text/{{refresh}}", "", []byte("{{access}}"))
	f.Add(200, contentType, "", []byte(granted[:70]))
	f.Add(200, contentType, "", []byte("\ufeff[]"))
	f.Fuzz(func(t *testing.T, status int, contentType, header string, body []byte) {
		if status < 100 || status > 999 {
			return // no HTTP
		}
		fuzzed := roundTripper(func(request *http.Request) (*http.Response, error) {
			header := fuzzMarks.Replace(header)
			return &http.Response{
				StatusCode: status, Request: request, ContentLength: -1,
				Header: http.Header{
					"Content-Type": {fuzzMarks.Replace(contentType)}, "Location": {header}, "Retry-After": {header}, "Date": {header},
				},
				Body: io.NopCloser(strings.NewReader(fuzzMarks.Replace(string(body)))),
			}, nil
		})
		// In a bubble, for the pauses between attempts.
		synctest.Test(t, func(t *testing.T) {
			c := newClient(fuzzed, userservice.Config{})
			answer, err := login(t.Context(), c, userservice.Credentials{Email: email, Password: secret.New(fuzzPassword)})
			checkFuzzed(t, answer, err, fuzzPassword)
			answer, err = login(t.Context(), c, userservice.Credentials{
				DeviceToken: secret.New(fuzzDevice), InstanceID: instanceID, InstanceKey: secret.New(fuzzKey),
			})
			checkFuzzed(t, answer, err, fuzzDevice, fuzzKey)
			answer, err = refresh(t.Context(), c, session.Session{AccessToken: secret.New(fuzzAccess), RefreshToken: secret.New(fuzzRefresh)})
			checkFuzzed(t, answer, err, fuzzAccess, fuzzRefresh)
		})
	})
}

func checkFuzzed(t *testing.T, answer session.Session, err error, secrets ...string) {
	t.Helper()
	if err == nil {
		token := answer.AccessToken.Reveal()
		if token == "" || answer.RefreshToken.IsEmpty() || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("tokens %q and %q are not to be used", token, answer.RefreshToken.Reveal())
		}
		if answer.IssuedAt.IsZero() || answer.ExpiresAt.IsZero() || answer.ExpiresAt.Year() > 9999 {
			t.Errorf("issued %v, expires %v", answer.IssuedAt, answer.ExpiresAt)
		}
		return
	}
	var failed *userservice.Error
	var other *session.OwnerError
	if errors.As(err, &other) {
		return // an answer of somebody else's, which names nobody
	}
	if !errors.As(err, &failed) || attempts(err) < 1 || attempts(err) > 4 {
		t.Fatalf("error %v (%T), want an *Error after one to four attempts", err, err)
	}
	text := err.Error()
	if at := leak(text, secrets...); at != "" {
		t.Errorf("%q of a secret is in %q", at, text)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("a terminal may obey %q", text)
	}
	// 20 messages, a title that is quoted, and the rest.
	if length := utf8.RuneCountInString(text); length > 25*400 {
		t.Errorf("the error has %d characters", length)
	}
}
