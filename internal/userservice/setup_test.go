package userservice_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// The accounts that every test's platform knows.
const (
	email       = "api-login@example.com"
	password    = "P@ssw0rd-of-the-api-login"
	instanceID  = "0a1b2c3d-0000-4000-8000-00000000f1ee"
	instanceKey = "5ec2e7ab-0000-4000-8000-00000000c0de"
	deviceToken = "d0e1f2a3-0000-4000-8000-00000000cafe"
)

// platformURL is where the platform is in memory.
const platformURL = "http://platform.example"

func admin() userservice.Credentials {
	return userservice.Credentials{Email: email, Password: secret.New(password)}
}

func user() userservice.Credentials {
	return userservice.Credentials{
		DeviceToken: secret.New(deviceToken), InstanceID: instanceID, InstanceKey: secret.New(instanceKey),
	}
}

// newPlatform returns an emulator with the accounts and without a limit.
func newPlatform() *emulator.Platform {
	p := emulator.New(emulator.Options{LoginLimit: -1})
	p.AddAdmin(emulator.Admin{Email: email, Password: password})
	p.AddInstance(emulator.Instance{ID: instanceID, Key: instanceKey})
	p.AddUser(emulator.User{DeviceToken: deviceToken, InstanceID: instanceID})
	return p
}

// newClient returns a client of the platform in memory. What config does not
// say is the default.
func newClient(transport http.RoundTripper, config userservice.Config) *userservice.Client {
	config.Transport = transport
	if config.BaseURL == nil {
		config.BaseURL = mustURL(platformURL)
	}
	return userservice.New(config)
}

func mustURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return u
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

// A reply answers each request with the same, for answers that the emulator
// cannot give. It counts the requests.
type reply struct {
	status   int
	header   map[string]string
	body     string
	requests int
}

// RoundTrip implements [http.RoundTripper].
func (r *reply) RoundTrip(request *http.Request) (*http.Response, error) {
	r.requests++
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return nil, err
	}
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

// login logs in as a session manager does, which repeats what is worth it.
func login(ctx context.Context, c *userservice.Client, credentials userservice.Credentials) (session.Session, error) {
	return open(ctx, c, credentials, session.Session{})
}

// loginIn is login in a form.
func loginIn(ctx context.Context, c *userservice.Client, credentials userservice.Credentials, form session.LoginForm) (session.Session, error) {
	return openIn(ctx, c, credentials, session.Session{}, form)
}

// refresh refreshes a session as a session manager does that has nothing to
// log in with.
func refresh(ctx context.Context, c *userservice.Client, s session.Session) (session.Session, error) {
	s.ExpiresAt = time.Time{} // or it would be reused
	return open(ctx, c, userservice.Credentials{}, s)
}

func open(ctx context.Context, c *userservice.Client, credentials userservice.Credentials, resume session.Session) (session.Session, error) {
	return openIn(ctx, c, credentials, resume, session.FormObject)
}

func openIn(ctx context.Context, c *userservice.Client, credentials userservice.Credentials, resume session.Session, form session.LoginForm) (session.Session, error) {
	account := credentials.Account(mustURL(platformURL))
	if (credentials == userservice.Credentials{}) {
		account.Kind = session.Resumed // nobody says whose it is
	}
	result, err := session.NewManager(session.Config{LoginForm: form}).Open(ctx, session.Request{
		Account: account, Authorizer: c.Authorizer(credentials), Resume: resume,
	})
	var failed *session.OpenError
	if errors.As(err, &failed) && failed.Refresh != nil {
		err = failed.Refresh
	}
	return result.Session, err
}

// mustLogin logs the admin in, and fails the test if that does not work.
func mustLogin(t *testing.T, c *userservice.Client) session.Session {
	t.Helper()
	answer, err := login(t.Context(), c, admin())
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// mustAnswer is mustLogin for tests of what an answer tells besides.
func mustAnswer(t *testing.T, c *userservice.Client) session.Answer {
	t.Helper()
	answer, err := c.Authorizer(admin()).Login(t.Context(), session.FormObject)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// attempts is how many attempts an error tells of.
func attempts(err error) int {
	told := regexp.MustCompile(`\((\d+) attempts\)`).FindStringSubmatch(err.Error())
	if told == nil {
		return 1
	}
	n, _ := strconv.Atoi(told[1])
	return n
}

// mustFail fails the test unless err is an Error, which holds none of the
// secrets.
func mustFail(t *testing.T, err error, secrets ...string) {
	t.Helper()
	_ = failureOf(t, err, secrets...)
}

// failureOf is mustFail, and returns the error.
func failureOf(t *testing.T, err error, secrets ...string) *userservice.Error {
	t.Helper()
	var failed *userservice.Error
	if !errors.As(err, &failed) {
		t.Fatalf("error %v (%T), want an *Error", err, err)
	}
	mustHide(t, err.Error(), append(secrets, password, instanceKey, deviceToken)...)
	return failed
}

// part is the length from which a part of a secret tells something.
const part = 12

// mustHide fails the test if a text holds a secret or a telling part of one.
func mustHide(t *testing.T, text string, secrets ...string) {
	t.Helper()
	if at := leak(text, secrets...); at != "" {
		t.Errorf("%q of a secret is in: %s", at, text)
	}
}

// leak is what of the secrets is in a text.
func leak(text string, secrets ...string) string {
	text = strings.ToLower(text)
	for _, each := range secrets {
		each = strings.ToLower(each)
		size := min(part, len(each))
		for i := 0; size > 0 && i+size <= len(each); i++ {
			if strings.Contains(text, each[i:i+size]) {
				return each[i : i+size]
			}
		}
	}
	return ""
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
