package platform_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// What is sent by the requests of these tests, and must not be shown.
const (
	email    = "api-login@example.com"
	password = "P@ssw0rd-of-the-api-login"
)

// answerText is a secret that is in an answer made by hand.
const (
	answerText = "ACCESS-token-made-by-hand"
	granted    = `{"Result":{"Token":"` + answerText + `"},"Status":200,"Title":"","Errors":[]}`
)

// platformURL is where the platform is in memory.
const platformURL = "http://platform.example"

func mustURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
}

// A body is a login's, as an admin sends it, so that the emulator answers it.
type body struct {
	LoginFields struct{ Email string }
	Password    string
}

// request is what these tests send: a login of a password.
func request(base, password string) platform.Request {
	sent := body{Password: password}
	sent.LoginFields.Email = email
	return platform.Request{
		Operation: "login", Method: http.MethodPost, Base: mustURL(base), Path: "/v1/Auth/Login", Body: sent,
		Secrets: []secret.String{secret.New(password)},
	}
}

// ask sends the request to a base URL.
func ask(t *testing.T, c *platform.Client, base string) (platform.Answer, error) {
	t.Helper()
	return c.Send(t.Context(), request(base, password))
}

// askTransport is ask of a transport of the test's.
func askTransport(t *testing.T, transport http.RoundTripper) (platform.Answer, error) {
	t.Helper()
	return ask(t, platform.New(platform.Config{Transport: transport}), platformURL)
}

// newPlatform returns an emulator that accepts the request, without a limit.
func newPlatform() *emulator.Platform {
	p := emulator.New(emulator.Options{LoginLimit: -1})
	p.AddAdmin(emulator.Admin{Email: email, Password: password})
	return p
}

// inMemory serves a handler in memory for the time of a test.
func inMemory(t *testing.T, handler http.Handler) *http.Transport {
	t.Helper()
	transport, stop := emulator.InMemory(handler)
	t.Cleanup(stop)
	return transport
}

// platformInMemory is inMemory for an emulator.
func platformInMemory(t *testing.T, p *emulator.Platform) *http.Transport {
	t.Helper()
	t.Cleanup(p.Close)
	return inMemory(t, p)
}

// roundTripper is a function that sends requests.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A reply answers each request with the same, for answers that the emulator
// cannot give. It counts the requests, and keeps the last.
type reply struct {
	status   int
	header   map[string]string
	body     string
	requests int
	last     *http.Request
	sent     string
}

// RoundTrip implements [http.RoundTripper].
func (r *reply) RoundTrip(request *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	r.requests++
	r.last, r.sent = request, string(sent)
	response := &http.Response{
		StatusCode: r.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1,
		Body: io.NopCloser(strings.NewReader(r.body)),
	}
	for name, value := range r.header {
		response.Header.Set(name, value)
	}
	return response, nil
}

// mustFail fails the test unless err is a RequestError, which holds none of the
// secrets.
func mustFail(t *testing.T, err error, secrets ...string) {
	t.Helper()
	_ = failureOf(t, err, secrets...)
}

// failureOf is mustFail, and returns the error.
func failureOf(t *testing.T, err error, secrets ...string) *platform.RequestError {
	t.Helper()
	var failed *platform.RequestError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v (%T), want a *RequestError", err, err)
	}
	mustHide(t, err.Error(), append(secrets, password, answerText)...)
	return failed
}

// part is the length from which a part of a secret tells something.
const part = 12

// mustHide fails the test if a text holds a secret or a telling part of one.
func mustHide(t *testing.T, text string, secrets ...string) {
	t.Helper()
	folded := strings.ToLower(text)
	for _, each := range secrets {
		each = strings.ToLower(each)
		size := min(part, len(each))
		for i := 0; size > 0 && i+size <= len(each); i++ {
			if strings.Contains(folded, each[i:i+size]) {
				t.Errorf("%q of a secret is in: %s", each[i:i+size], text)
				break
			}
		}
	}
}

// contains fails the test for each of the words that a text does not hold.
func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, each := range words {
		if !strings.Contains(text, each) {
			t.Errorf("%q does not hold %q", text, each)
		}
	}
}
