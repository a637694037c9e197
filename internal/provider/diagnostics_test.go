package provider_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tlstest"
)

// thrice and four times are how often a login and a refresh are tried that get
// no answer.
func thrice(f emulator.Fault) []emulator.Fault    { return []emulator.Fault{f, f, f} }
func fourTimes(f emulator.Fault) []emulator.Fault { return []emulator.Fault{f, f, f, f} }

// What to do next, as it is told.
const (
	checkAdmin     = "Check email and password: they are the API authorization credentials that are generated on the Management page of DataHub"
	checkUser      = "Check device_token, instance_id and instance_key"
	checkURL       = "Check user_service_url (http://127.0.0.1:"
	tryString      = `set login_format = "string" or leave it out.`
	tryObject      = `set login_format = "object" or leave it out.`
	runAgain       = "Run again when the platform can be reached."
	tokensKept     = "The stored tokens were kept."
	refreshIsSpent = "The refresh token is spent, expired or revoked."
)

func TestExplain_LoginThatFailed(t *testing.T) {
	t.Parallel()
	user := config{"device_token": deviceToken}
	tests := []struct {
		name        string
		block, args config
		faults      []emulator.Fault
		words       []string
		not         string // must not be said
	}{
		{name: "a wrong password",
			block: config{"password": "a-password-that-is-wrong"},
			words: []string{"/v1/Auth/Login answered HTTP 401 Unauthorized, Status 401", "The email or the password is wrong.", checkAdmin, "API InstanceID", tryString},
		},
		{name: "a wrong password in the other dialect",
			block: config{"password": "a-password-that-is-wrong", "login_format": "string"},
			words: []string{"The email or the password is wrong.", checkAdmin, tryObject},
		},
		{name: "a wrong instance key",
			block: config{"instance_key": otherKey}, args: user,
			words: []string{"The instance key is wrong.", checkUser, tryString}, not: checkAdmin,
		},
		{name: "an unknown device token",
			args:  config{"device_token": "d0e1f2a3-2222-4000-8000-00000000cafe"},
			words: []string{"The user is unknown in this instance.", checkUser, "the group that the user belongs to"},
		},
		{name: "an unknown instance",
			args:  config{"device_token": deviceToken, "instance_id": "0a1b2c3d-2222-4000-8000-00000000f1ee"},
			words: []string{"The instance is unknown.", checkUser},
		},
		{name: "400", faults: []emulator.Fault{emulator.Status(400)}, words: []string{"HTTP 400 Bad Request", checkAdmin, tryString}},
		{name: "401 inside of 200", faults: []emulator.Fault{emulator.InnerStatus(401)}, words: []string{"HTTP 200 OK, Status 401", checkAdmin, tryString}},
		{name: "403", faults: []emulator.Fault{emulator.Status(403)}, words: []string{"HTTP 403 Forbidden", checkAdmin}, not: "login_format"},
		{name: "403 with a web page", faults: []emulator.Fault{emulator.HTMLPage(403)}, words: []string{"HTTP 403 Forbidden: answered with a web page", checkURL, "any proxy on the way"}, not: "email"},
		{name: "401 of a gateway", faults: []emulator.Fault{emulator.ForeignJSON(401)}, words: []string{"HTTP 401 Unauthorized: the answer is JSON, but not the platform's", checkURL}, not: "email"},
		{name: "a body that cannot be bound", faults: []emulator.Fault{emulator.ProblemDetails(400)}, words: []string{"HTTP 400 Bad Request", "loginFields: The value is not valid; loginFields: This failure was ordered; password: The field is required.", checkAdmin, tryString}},
		{name: "a code", faults: []emulator.Fault{emulator.StatusWithCode(401, 1002)}, words: []string{"This failure was ordered (Code 1002)", checkAdmin}},
		{name: "404", faults: []emulator.Fault{emulator.Status(404)}, words: []string{"HTTP 404 Not Found", checkURL}, not: "email"},
		{name: "415", faults: []emulator.Fault{emulator.Status(415)}, words: []string{"HTTP 415", tryString}},
		{name: "422", faults: []emulator.Fault{emulator.Status(422)}, words: []string{"HTTP 422", tryString}},
		{name: "429 with Retry-After", faults: []emulator.Fault{emulator.StatusWithRetryAfter(429, "120")}, words: []string{"HTTP 429", "too many", "Do not log in again before 2026-03-04T05:08:07Z", "can still be refreshed"}, not: checkAdmin},
		{name: "429 without it", faults: []emulator.Fault{emulator.Status(429)}, words: []string{"HTTP 429", "Do not log in again before 2026-03-04T06:06:07Z"}},
		{name: "429 inside of 200", faults: []emulator.Fault{emulator.InnerStatus(429)}, words: []string{"Status 429", "Do not log in again before 2026-03-04T06:06:07Z"}},
		{name: "503, every time", faults: thrice(emulator.Status(503)), words: []string{"HTTP 503 Service Unavailable", "(3 attempts)", runAgain}, not: checkAdmin},
		{name: "no answer, every time", faults: thrice(emulator.ConnectionReset()), words: []string{"the connection was closed", "(3 attempts)", runAgain}},
		{name: "a web page with 502", faults: thrice(emulator.HTMLPage(502)), words: []string{"HTTP 502 Bad Gateway", "a web page", runAgain}},
		{name: "a web page", faults: []emulator.Fault{emulator.HTMLPage(200)}, words: []string{"answered with a web page (text/html) instead of JSON", checkURL}, not: "Please sign in"},
		{name: "JSON that is cut off", faults: []emulator.Fault{emulator.TruncatedJSON()}, words: []string{"cut off or damaged", checkURL}},
		{name: "an empty answer", faults: []emulator.Fault{emulator.EmptyAnswer()}, words: []string{"the answer is empty", checkURL}},
		{name: "no Result", faults: []emulator.Fault{emulator.NullResult()}, words: []string{"the answer holds no Result", checkURL}},
		{name: "empty tokens", faults: []emulator.Fault{emulator.EmptyTokens()}, words: []string{"the answer holds no access token", checkURL}},
		{name: "an answer without end", faults: []emulator.Fault{emulator.HugeBody()}, words: []string{"the answer is longer than 1048576 bytes", checkURL}},
		{name: "a time-out of a proxy", faults: thrice(emulator.HTMLPage(504)), words: []string{"HTTP 504 Gateway Timeout", runAgain}, not: "email"},
		{name: "a redirect", faults: []emulator.Fault{emulator.Redirect("https://me:hunter2-hunter2@example.com/x?t=hunter2-hunter2")}, words: []string{"it redirects to https://example.com/x", "redirects are not followed", checkURL}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			p.Inject(emulator.Login, test.faults...)
			opened := configured(t, p, p.environment(t).admin().user(), test.block).open(test.args)
			wantSaid(t, opened.diagnostics, failure("", "Login failed", test.words...))
			wantNotSaid(t, opened.diagnostics, test.not)
			p.wantNoSecret(t, "the diagnostics", opened.diagnostics.String(), "a-password-that-is-wrong", "hunter2-hunter2")
		})
	}
}

// After a 429 no process asks again before the time.
func TestExplain_BlockedLoginIsNotSent(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().onDisk()
	configured(t, p, env, nil).mustOpen(nil)
	p.Inject(emulator.Login, emulator.StatusWithRetryAfter(429, "120"))
	user := config{"device_token": deviceToken}
	wantSaid(t, configured(t, p, env.user(), nil).open(user).diagnostics, failure("", "Login failed", "Do not log in again before 2026-03-04T05:08:07Z"))
	before := len(p.sent())
	wantSaid(t, configured(t, p, env.user(), nil).open(user).diagnostics, failure("", "Login held back",
		"has blocked logins from this address until 2026-03-04T05:08:07Z", "can still be refreshed"))
	if sent := len(p.sent()); sent != before {
		t.Error("a login was sent though it was blocked")
	}
	p.clock.Advance(time.Minute)
	refreshed := configured(t, p, env, nil).open(config{"min_lifetime": "119m30s"})
	wantSaid(t, refreshed.diagnostics, warning("", "Token is refreshed in nearly every run", "asks for 1h59m30s", "more than 30s after this one", "Lower min_lifetime"))
	p.wantToken(t, refreshed.results, "refreshed", "")
	p.clock.Advance(time.Minute)
	p.wantToken(t, configured(t, p, env.user(), nil).mustOpen(user), "logged_in", deviceToken)
}

func TestExplain_RefreshThatFailed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		faults []emulator.Fault
		spent  bool     // the platform has acted on the refresh
		words  []string // of the error; none: a login is made, and said
	}{
		{name: "400", faults: []emulator.Fault{emulator.Status(400)}},
		{name: "401", faults: []emulator.Fault{emulator.Status(401)}},
		{name: "401 inside of 200", faults: []emulator.Fault{emulator.InnerStatus(401)}},
		{name: "a web page", faults: []emulator.Fault{emulator.HTMLPage(200)}, words: []string{"answered with a web page", "Check user_service_url"}},
		{name: "JSON that is cut off", spent: true, faults: []emulator.Fault{emulator.TruncatedJSON()}, words: []string{"cut off or damaged"}},
		{name: "no Result", faults: []emulator.Fault{emulator.NullResult()}, words: []string{"the answer holds no Result"}},
		{name: "empty tokens", faults: []emulator.Fault{emulator.EmptyTokens()}, words: []string{"the answer holds no access token"}},
		{name: "403", faults: []emulator.Fault{emulator.Status(403)}, words: []string{"HTTP 403 Forbidden, Status 403", tokensKept, "log in once instead: TELEMATICS_SESSION_RENEW=login"}},
		{name: "403 with a web page", faults: []emulator.Fault{emulator.HTMLPage(403)}, words: []string{"HTTP 403 Forbidden: answered with a web page", tokensKept, checkURL, "any proxy on the way"}},
		{name: "429 with Retry-After",
			faults: []emulator.Fault{emulator.StatusWithRetryAfter(429, "120")},
			words:  []string{"/v1/Auth/RefreshToken answered HTTP 429", "run again after 2026-03-04T08:08:07Z"},
		},
		{name: "429 without it, every time", faults: fourTimes(emulator.Status(429)), words: []string{"(4 attempts)", "run again in a while"}},
		{name: "503, every time", faults: fourTimes(emulator.Status(503)), words: []string{"HTTP 503", "(4 attempts)", tokensKept, runAgain}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			c := configured(t, p, p.environment(t).admin(), nil)
			c.mustOpen(nil)
			p.clock.Advance(3 * time.Hour)
			p.Inject(emulator.Refresh, test.faults...)
			opened := c.open(nil)
			p.wantNoSecret(t, "the diagnostics", opened.diagnostics.String())
			if test.words == nil {
				wantSaid(t, opened.diagnostics, warning("", "Stored session was refused", "so a login was made"))
				p.wantToken(t, opened.results, "logged_in", "")
				return
			}
			wantSaid(t, opened.diagnostics, failure("", "Session not refreshed", test.words...))
			if test.spent {
				return
			}
			// The tokens were kept, and are good when the platform is.
			p.wantToken(t, c.mustOpen(nil), "refreshed", "")
			p.wantLoggedIn(t, 1)
		})
	}
}

// What is wrong on the way to the platform, and will be the next time, is told with
// what helps, and with nothing that does not.
func TestExplain_FaultOnTheWay(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // An old server is what this is about.
	old.StartTLS()
	t.Cleanup(old.Close)
	p := newPlatform(t)
	plain := strings.Replace(p.url, "http:", "https:", 1)
	authority := tlstest.New("Corporate CA")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(authority.PEM), 0o600); err != nil {
		t.Fatal(err)
	}
	with := func(config *tls.Config) string {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog, server.TLS = log.New(io.Discard, "", 0), config
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL
	}
	named := with(&tls.Config{Certificates: []tls.Certificate{authority.Server("telematics.internal").TLS}, MinVersion: tls.VersionTLS12})
	expired := with(&tls.Config{Certificates: []tls.Certificate{authority.Expired("127.0.0.1").TLS}, MinVersion: tls.VersionTLS12})
	tests := []struct {
		name, url string
		words     []string
	}{
		{"a certificate of another name", named, []string{"Check user_service_url (" + named + ")", "server_name in tls says which name its certificate has."}},
		{"a certificate that has expired", expired, []string{"has expired", "The server has to get another certificate. If it has expired, check the clock of this machine first."}},
		{"a certificate that is not trusted", secure.URL, []string{
			"the server's TLS certificate is not trusted", "Check user_service_url (" + secure.URL + ")", "it is signed by O=Acme Co, that is by itself", "ca_cert_file in tls names a file",
		}},
		{"no TLS", plain, []string{"does not speak TLS", "Check the scheme and the port of user_service_url (" + plain + ")"}},
		{"TLS that was not asked for", strings.Replace(secure.URL, "https:", "http:", 1), []string{"speaks TLS, and the URL is http", "Check the scheme and the port of user_service_url (http://127.0.0.1:"}},
		{"TLS of old", old.URL, []string{"the TLS handshake failed", "Check user_service_url (" + old.URL + ")", "the provider speaks TLS 1.2 and newer"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			env := p.environment(t).with("TELEMATICS_USER_SERVICE_URL", test.url).with("TELEMATICS_CA_CERT_FILE", ca)
			opened := configured(t, p, env.admin(), nil).open(nil)
			wantSaid(t, opened.diagnostics, failure("", "Login failed", test.words...))
			wantNotSaid(t, opened.diagnostics, "Run again")
			wantNotSaid(t, opened.diagnostics, "attempts")
			wantNotSaid(t, opened.diagnostics, "password")

			stale := config{"resume": config{"access_token": jwtOf(`{"exp":1}`), "refresh_token": "opaque"}}
			opened = configured(t, p, env, nil).open(stale)
			wantSaid(t, opened.diagnostics, failure("", "Session not refreshed", append(test.words, tokensKept)...))
			wantNotSaid(t, opened.diagnostics, "Run again")
		})
	}
}

// What has just failed in another run is told as that run was told it.
func TestExplain_KnownFailure(t *testing.T) {
	t.Parallel()
	const deserted = "http://127.0.0.1:1"
	const known = "(this has just failed in another run; nothing is sent again before 2026-03-04T05:06:37Z)."
	for _, test := range []struct {
		name, variable, value string
		first, words          []string
	}{
		{"a wrong password", "TELEMATICS_PASSWORD", "a-password-that-is-wrong", []string{"The email or the password is wrong", checkAdmin}, []string{"The email or the password is wrong " + known, checkAdmin}},
		{"nothing listens", "TELEMATICS_USER_SERVICE_URL", deserted, []string{"no connection", "(3 attempts)", runAgain}, []string{"no connection", known, "Check user_service_url (" + deserted + ") and any proxy on the way."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			env := p.environment(t).admin().with(test.variable, test.value)
			wantSaid(t, configured(t, p, env, nil).open(nil).diagnostics, failure("", "Login failed", test.first...))
			sent := len(p.sent())
			said := configured(t, p, env, nil).open(nil).diagnostics
			wantSaid(t, said, failure("", "Login failed", test.words...))
			wantNotSaid(t, said, runAgain)
			if len(p.sent()) != sent {
				t.Error("it was sent again")
			}
		})
	}
}

// A key with the line break of a file is refused before anything is sent.
func TestOpen_LineBreakInAKeyIsRefusedUnsent(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	for _, attribute := range []string{"device_token", "instance_id", "instance_key"} {
		block := config{"device_token": deviceToken}
		block[attribute] = deviceToken + "\n"
		wantSaid(t, c.validateEphemeral(block), failure(attribute, "Invalid "+attribute, "line break", "trimspace"))
		wantSaid(t, c.validateData(block), failure(attribute, "Invalid "+attribute, "line break", "trimspace"))
	}
}

// wantLoggedIn fails the test unless that many logins were sent.
func (p *platform) wantLoggedIn(t *testing.T, want int) {
	t.Helper()
	if got := p.Counts().Login; got != want {
		t.Errorf("%d logins were sent, want %d", got, want)
	}
}

// Without credentials for a login, both are told: why the session could not be
// refreshed, and what a login would take.
func TestExplain_SpentResumeWithoutCredentials(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*testing.T, *platform, config)
		said  string
	}{
		{"expired", func(_ *testing.T, p *platform, _ config) { p.clock.Advance(91 * 24 * time.Hour) }, "The refresh token has expired."},
		{"spent", func(t *testing.T, p *platform, resume config) {
			t.Helper()
			p.clock.Advance(3 * time.Hour)
			configured(t, p, p.environment(t), nil).mustOpen(resume)
		}, "The refresh token was used before."},
		{"revoked by a login", func(t *testing.T, p *platform, _ config) {
			t.Helper()
			p.clock.Advance(3 * time.Hour)
			configured(t, p, p.environment(t).admin(), nil).mustOpen(nil)
		}, "The refresh token was revoked by a login."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			resume := resuming(configured(t, p, p.environment(t).admin(), nil).mustOpen(nil))
			test.spoil(t, p, resume)
			opened := configured(t, p, p.environment(t), nil).open(resume)
			wantSaid(t, opened.diagnostics, failure("", "Missing credentials",
				"/v1/Auth/RefreshToken answered HTTP 401", test.said, refreshIsSpent, "let it be null for the next run",
				"email (environment variable TELEMATICS_EMAIL) and password (environment variable TELEMATICS_PASSWORD)"))
			p.wantNoSecret(t, "the diagnostics", opened.diagnostics.String())
		})
	}
}

// A refusal that follows a refusal tells of both.
func TestExplain_TellsTheRefreshAndTheLoginThatFailed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	c.mustOpen(nil)
	p.clock.Advance(3 * time.Hour)
	p.Inject(emulator.Refresh, emulator.Status(401))
	p.Inject(emulator.Login, emulator.Status(401))
	opened := c.open(nil)
	wantSaid(t, opened.diagnostics, failure("", "Login failed", "/v1/Auth/RefreshToken answered HTTP 401", refreshIsSpent, "/v1/Auth/Login answered HTTP 401", checkAdmin))
	wantNotSaid(t, opened.diagnostics, "resume")
}

func TestNotices_TellAClockSkew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		ahead time.Duration
		want  []said
	}{
		{"a platform that is ahead", 10 * time.Minute, []said{warning("", "Clock skew", "This machine's clock is 10m0s behind the platform's", "NTP")}},
		{"a platform that is behind", -10 * time.Minute, []said{warning("", "Clock skew", "This machine's clock is 10m0s ahead of the platform's")}},
		{"a minute is tolerated", time.Minute, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			p.Advance(test.ahead)
			opened := configured(t, p, p.environment(t).admin(), nil).open(nil)
			wantSaid(t, opened.diagnostics, test.want...)
			p.wantToken(t, opened.results, "logged_in", "")
		})
	}
}

func TestNotices_TellALoginThatWaited(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin().user().with("TELEMATICS_LOGIN_LIMIT", "1"), config{"login_wait": "2m"})
	c.mustOpen(nil)
	// The clock stands still until the login is sent: it is moved on by the
	// log, in which a login says that it waits.
	ctx := withLogCalling(t, "the login waits to keep within the platform's limit", func() { p.clock.Advance(time.Minute) })
	opened := c.openIn(ctx, config{"device_token": deviceToken})
	wantSaid(t, opened.diagnostics, warning("", "Login was held back", "waited for 1m0s to keep within the platform's limit", "session store"))
	p.wantToken(t, opened.results, "logged_in", deviceToken)
}

func TestExplain_TellsADeadline(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	wantSaid(t, configured(t, p, p.environment(t).admin(), nil).openIn(ctx, nil).diagnostics, failure("", "Timed out"))
	p.wantIssued(t, 0, 0)
}
