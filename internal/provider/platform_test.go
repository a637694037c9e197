package provider_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/leakscan"
)

// The accounts that every test's platform knows.
const (
	adminEmail    = "api-login@example.com"
	adminPassword = "P@ssw0rd-of-the-api-login"
	instanceID    = "0a1b2c3d-0000-4000-8000-00000000f1ee"
	instanceKey   = "5ec2e7ab-0000-4000-8000-00000000c0de"
	deviceToken   = "d0e1f2a3-0000-4000-8000-00000000cafe"
	otherID       = "0a1b2c3d-1111-4000-8000-00000000f1ee"
	otherKey      = "5ec2e7ab-1111-4000-8000-00000000c0de"
	otherDevice   = "d0e1f2a3-1111-4000-8000-00000000cafe"
)

// startOfTests is what a test's clock begins with.
var startOfTests = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: startOfTests} }

// Now is the clock's time, in a zone that is not UTC, so that a text shows
// whether it was converted.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.In(time.FixedZone("elsewhere", 5*60*60))
}

// Advance moves the clock.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// request is what was sent to the platform.
type request struct {
	path   string
	header http.Header
	body   string
}

// platform is the emulated platform, served, with a note of what it was sent.
// Its clock is that of the providers that a test starts.
type platform struct {
	*emulator.Platform
	clock *clock
	url   string

	mu       sync.Mutex
	requests []request
	hold     func(request)
}

// newPlatform serves a platform without a login limit of its own.
func newPlatform(t testing.TB) *platform {
	t.Helper()
	return newPlatformWith(t, emulator.Options{})
}

// newPlatformWith serves a platform whose tokens are as the options say.
func newPlatformWith(t testing.TB, options emulator.Options) *platform {
	t.Helper()
	p := &platform{clock: newClock()}
	options.Now, options.LoginLimit = p.clock.Now, -1
	p.Platform = emulator.New(options)
	p.AddAdmin(emulator.Admin{Email: adminEmail, Password: adminPassword})
	p.AddInstance(emulator.Instance{ID: instanceID, Key: instanceKey})
	p.AddInstance(emulator.Instance{ID: otherID, Key: otherKey})
	p.AddUser(emulator.User{DeviceToken: deviceToken, InstanceID: instanceID})
	p.AddUser(emulator.User{DeviceToken: otherDevice, InstanceID: otherID})
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		p.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

// ServeHTTP notes a request, and holds it back if a test wants that.
func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sent := request{path: r.URL.Path, header: r.Header.Clone(), body: string(body)}
	p.mu.Lock()
	p.requests = append(p.requests, sent)
	hold := p.hold
	p.mu.Unlock()
	if hold != nil {
		hold(sent)
	}
	p.Platform.ServeHTTP(w, r)
}

// holdBack calls hold with each request before it is acted on.
func (p *platform) holdBack(hold func(request)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = hold
}

// sent returns what was sent up to now.
func (p *platform) sent() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// only returns the one request that was sent.
func (p *platform) only(t *testing.T) request {
	t.Helper()
	sent := p.sent()
	if len(sent) != 1 {
		t.Fatalf("%d requests were sent, want 1", len(sent))
	}
	return sent[0]
}

// wantIssued fails the test unless that many pairs of tokens were issued, and
// nothing else was asked of the platform.
func (p *platform) wantIssued(t testing.TB, logins, refreshes int) {
	t.Helper()
	got := p.Counts()
	if want := (emulator.Counts{Login: logins, LoggedIn: logins, Refresh: refreshes, Refreshed: refreshes}); got != want {
		t.Errorf("the platform was asked %+v, want %+v", got, want)
	}
}

// secrets are all that must not be shown, those of a user included.
func (p *platform) secrets() []string {
	return append(p.Secrets(), deviceToken, otherDevice)
}

// wantNoSecret fails the test if a text holds a secret.
func (p *platform) wantNoSecret(t *testing.T, name, text string, more ...string) {
	t.Helper()
	for _, found := range leakscan.Text(name, []byte(text), append(p.secrets(), more...)) {
		t.Errorf("there is a secret in %s", found)
	}
}

// environment is the environment of a provider. It holds what is there and
// nothing of the test's own process.
type environment map[string]string

// environment returns one that leads to the platform, with folders of the
// test's own, and without credentials. Sessions are kept in memory, where no
// key is derived.
func (p *platform) environment(t testing.TB) environment {
	t.Helper()
	state := t.TempDir()
	return environment{
		"XDG_STATE_HOME":              state,
		"LocalAppData":                state,
		"TMPDIR":                      state,
		"TELEMATICS_USER_SERVICE_URL": p.url,
		"TELEMATICS_REQUEST_TIMEOUT":  "10s",
		"TELEMATICS_LOGIN_LIMIT":      "100",
		"TELEMATICS_SESSION_PATH":     t.TempDir(),
		"TELEMATICS_SESSION_STORE":    "none",
		// A refused login is not tried in its other form.
		"TELEMATICS_LOGIN_FORMAT": "object",
	}
}

// onDisk keeps sessions in the folder, so that they outlast a run.
func (e environment) onDisk() environment { return e.with("TELEMATICS_SESSION_STORE", "") }

// admin adds the admin's credentials.
func (e environment) admin() environment {
	return e.with("TELEMATICS_EMAIL", adminEmail).with("TELEMATICS_PASSWORD", adminPassword)
}

// user adds the credentials of a user group.
func (e environment) user() environment {
	return e.with("TELEMATICS_INSTANCE_ID", instanceID).with("TELEMATICS_INSTANCE_KEY", instanceKey)
}

// with returns an environment in which a variable has another value.
func (e environment) with(variable, value string) environment {
	changed := maps.Clone(e)
	changed[variable] = value
	return changed
}

// get reads a variable.
func (e environment) get(variable string) string { return e[variable] }
