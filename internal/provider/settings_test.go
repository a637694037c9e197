package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// A settingCase is an attribute of the provider block with its variable, and a
// way to see which value is used.
type settingCase struct {
	attribute, variable string
	// one and two are values that can be told apart.
	one, two string
	// byDefault is what is seen when nothing is set; "" if that cannot be.
	byDefault string
	// observe configures a provider and returns the value that it goes by.
	observe func(t *testing.T, p *platform, env environment, block config) string
}

func TestSettings_AreReadFromBlockAndEnvironment(t *testing.T) {
	t.Parallel()
	const unset = "(none)"
	tests := []settingCase{
		{"instance_id", "TELEMATICS_INSTANCE_ID", instanceID, otherID, unset, sentWithLogin(func(r request) string { return header(r, "InstanceId") })},
		{"instance_key", "TELEMATICS_INSTANCE_KEY", instanceKey, otherKey, unset, sentWithLogin(func(r request) string { return header(r, "InstanceKey") })},
		{"email", "TELEMATICS_EMAIL", "one@example.com", "two@example.com", "", sentWithLogin(func(r request) string { return loginField(r, "Email") })},
		{"password", "TELEMATICS_PASSWORD", "the-first-password", "the-second-password", "", sentWithLogin(func(r request) string { return loginField(r, "password") })},
		{"login_format", "TELEMATICS_LOGIN_FORMAT", "string", "object", "object", sentWithLogin(dialect)},
		{"login_limit", "TELEMATICS_LOGIN_LIMIT", "1", "2", "5", heldBack(`used up its (\d+) logins`)},
		{"login_window", "TELEMATICS_LOGIN_WINDOW", "1h0m0s", "5m0s", "1m0s", heldBack(`logins per (\S+) at`)},
		{"request_timeout", "TELEMATICS_REQUEST_TIMEOUT", "60ms", "70ms", "", timedOut},
		{"session.min_lifetime", "TELEMATICS_SESSION_MIN_LIFETIME", "0s", "20m0s", "15m0s", minLifetime},
	}
	for _, test := range tests {
		t.Run(test.attribute, func(t *testing.T) {
			t.Parallel()
			for _, where := range []struct {
				name, attribute, variable, want string
			}{
				{"attribute", test.one, "", test.one},
				{"variable", "", test.one, test.one},
				{"both: the attribute wins", test.two, test.one, test.two},
				{"none", "", "", test.byDefault},
			} {
				if where.want == "" {
					continue
				}
				t.Run(where.name, func(t *testing.T) {
					t.Parallel()
					p := newPlatform(t)
					env := p.environment(t).admin().with(test.variable, where.variable)
					block := config{}
					// An empty text counts as not set; a number is null then.
					if where.attribute != "" || test.attribute != "login_limit" {
						block = blockWith(test.attribute, where.attribute)
					}
					if got := test.observe(t, p, env, block); got != where.want {
						t.Errorf("it goes by %q, want %q", got, where.want)
					}
				})
			}
		})
	}
}

// blockWith is a provider block with an attribute, which may be a nested one.
func blockWith(attribute string, value any) config {
	outer, inner, nested := strings.Cut(attribute, ".")
	if nested {
		return config{outer: config{inner: value}}
	}
	return config{outer: value}
}

// sentWithLogin sees a value in the login that is sent, whether it is accepted
// or not.
func sentWithLogin(see func(request) string) func(*testing.T, *platform, environment, config) string {
	return func(t *testing.T, p *platform, env environment, block config) string {
		t.Helper()
		configured(t, p, env, block).open(nil)
		return see(p.only(t))
	}
}

func header(r request, name string) string {
	if values := r.header.Values(name); len(values) == 1 {
		return values[0]
	}
	return "(none)"
}

// login is a login as the object dialect writes it.
type login struct {
	LoginFields json.RawMessage `json:"loginFields"`
	Password    string          `json:"password"`
}

// loginField reads a field of a login.
func loginField(r request, name string) string {
	var sent login
	if err := json.Unmarshal([]byte(r.body), &sent); err != nil {
		return err.Error()
	}
	if name == "password" {
		return sent.Password
	}
	var fields map[string]string
	if err := json.Unmarshal(sent.LoginFields, &fields); err != nil {
		return err.Error()
	}
	return fields[name]
}

// dialect tells how a login is written (PLATFORM-API.md §2).
func dialect(r request) string {
	var sent login
	if err := json.Unmarshal([]byte(r.body), &sent); err != nil {
		return err.Error()
	}
	switch sent.LoginFields[0] {
	case '{':
		return "object"
	case '"':
		return "string"
	default:
		return string(sent.LoginFields)
	}
}

// heldBack logs users in until a login is held back, and reads in the error
// what the limit is.
func heldBack(words string) func(*testing.T, *platform, environment, config) string {
	return func(t *testing.T, p *platform, env environment, block config) string {
		t.Helper()
		if env["TELEMATICS_LOGIN_LIMIT"] == "100" {
			env = env.with("TELEMATICS_LOGIN_LIMIT", "")
		}
		c := configured(t, p, env.user().with("TELEMATICS_LOGIN_WAIT", "0s"), block)
		for n := range 10 {
			device := fmt.Sprintf("d0e1f2a3-0000-4000-8000-%012d", n)
			p.AddUser(emulator.User{DeviceToken: device, InstanceID: instanceID})
			opened := c.open(config{"device_token": device})
			if len(opened.diagnostics.errors()) == 0 {
				continue
			}
			if found := regexp.MustCompile(words).FindStringSubmatch(opened.diagnostics.String()); found != nil {
				return found[1]
			}
			return opened.diagnostics.String()
		}
		return "no login was held back"
	}
}

// timedOut reads the timeout in the error of a login that gets no answer.
func timedOut(t *testing.T, p *platform, env environment, block config) string {
	t.Helper()
	p.Inject(emulator.Login, emulator.Hang(), emulator.Hang(), emulator.Hang())
	opened := configured(t, p, env, block).open(nil)
	found := regexp.MustCompile(`no whole answer within (\S+) \(request_timeout\)`).FindStringSubmatch(opened.diagnostics.String())
	if found == nil {
		return opened.diagnostics.String()
	}
	return found[1]
}

// minLifetime reads what a token's renewal says that was asked for.
func minLifetime(t *testing.T, p *platform, env environment, block config) string {
	t.Helper()
	c := configured(t, p, env, block)
	renewed := c.renew(c.open(nil))
	found := regexp.MustCompile(`min_lifetime \((\S+) now\)`).FindStringSubmatch(diagnostics(renewed.Diagnostics).String())
	if found == nil {
		return diagnostics(renewed.Diagnostics).String()
	}
	return found[1]
}

func TestUserServiceURL_FromAttributeOrVariable(t *testing.T) {
	t.Parallel()
	one, two := newPlatform(t), newPlatform(t)
	env := one.environment(t).admin()
	for _, test := range []struct {
		name, attribute, variable string
		want                      *platform
	}{
		{"attribute", one.url, "", one},
		{"variable", "", two.url, two},
		{"both: the attribute wins", one.url, two.url, one},
		{"a slash at the end does no harm", two.url + "/", "", two},
		{"a dot at its end, too", strings.Replace(one.url, "127.0.0.1", "127.0.0.1.", 1), "", one},
		{"localhost is this machine", strings.Replace(one.url, "127.0.0.1", "LocalHost", 1), "", one},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(test.want.sent())
			c := configured(t, one, env.with("TELEMATICS_USER_SERVICE_URL", test.variable), config{"user_service_url": test.attribute})
			c.mustOpen(nil)
			sent := test.want.sent()
			if len(sent) != before+1 || sent[before].path != "/v1/Auth/Login" {
				t.Errorf("the login did not come to the right place: %d requests", len(sent)-before)
			}
		})
	}
	// The default cannot be reached from here, but the error names it.
	c := configured(t, one, one.environment(t).admin().with("TELEMATICS_USER_SERVICE_URL", "").with("TELEMATICS_REQUEST_TIMEOUT", "1ns").
		with("TELEMATICS_LOGIN_LIMIT", "1").with("TELEMATICS_LOGIN_WAIT", "0s"), nil)
	if said := c.open(nil).diagnostics.String(); !strings.Contains(said, "https://user.telematicssdk.com") {
		t.Errorf("%s does not name the default URL", said)
	}
}

// What a path has escaped is asked as it is written: /a%2Fb is not /a/b.
func TestURLs_KeepTheirEscapes(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.RequestURI)
		mu.Unlock()
		r.URL.Path, r.URL.RawPath = strings.TrimPrefix(r.URL.Path, "/a/b"), ""
		p.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for _, end := range []string{"", "/"} {
		env := p.environment(t).admin().with("TELEMATICS_USER_SERVICE_URL", server.URL+"/a%2Fb"+end)
		c := configured(t, p, env, config{"portal_url": server.URL + "/a%2fb" + end, "session": config{"verify_after": "0s"}})
		c.mustOpen(nil)
		p.clock.Advance(time.Hour)
		c.mustOpen(config{"min_lifetime": "30m"})
		c.mustOpen(config{"min_lifetime": "90m"})
	}
	for _, uri := range asked {
		if !strings.HasPrefix(uri, "/a%2Fb/v1/Auth/") && uri != "/a%2fb/auth/permissions" {
			t.Errorf("asked %s", uri)
		}
	}
	for _, want := range []string{"/a%2Fb/v1/Auth/Login", "/a%2Fb/v1/Auth/RefreshToken", "/a%2fb/auth/permissions"} {
		if !slices.Contains(asked, want) {
			t.Errorf("%s was not asked: %v", want, asked)
		}
	}
}

func TestLoginWait_ZeroFailsAtOnce(t *testing.T) {
	t.Parallel()
	// The clock stands still, so no place ever comes free: a login that
	// waits at all, waits until it is interrupted.
	p := newPlatform(t)
	for _, test := range []struct{ name, attribute, variable string }{
		{"attribute", "0s", ""}, {"variable", "", "0s"}, {"both: the attribute wins", "0s", "2h"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := p.environment(t).admin().user().with("TELEMATICS_LOGIN_LIMIT", "1").with("TELEMATICS_LOGIN_WAIT", test.variable)
			c := configured(t, p, env, config{"login_wait": test.attribute})
			c.mustOpen(nil)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			defer time.AfterFunc(10*time.Second, interrupt).Stop()
			opened := c.openIn(ctx, config{"device_token": deviceToken})
			if said := opened.diagnostics.String(); !strings.Contains(said, "used up its 1 logins per 1m0s") || !strings.Contains(said, "2026-03-04T05:07:07Z") {
				t.Errorf("%s does not tell the limit and when a login can succeed", said)
			}
		})
	}
}

func TestInvalidSettings_AreErrorsWithTheirOrigin(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	tests := []struct {
		attribute, variable, value string
		words                      []string
	}{
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "user.telematicssdk.com", []string{"not a URL with a scheme and a host"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://", []string{"not a URL with a scheme and a host"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://:443/", []string{"not a URL with a scheme and a host"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://me:hunter2-hunter2@example.com:x/", []string{"not a URL"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://me:hunter2-hunter2@example.com/", []string{"must not hold a user name or a password"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://hunter2-hunter2@127.0.0.1/", []string{"must not hold a user name"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://example.com/?key=hunter2-hunter2", []string{"must not have a query"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "https://example.com/#hunter2-hunter2", []string{"must not have a query or a fragment"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "http://example.com", []string{"Plain http would send passwords in the clear"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "http://127.0.0.1.example.com", []string{"Plain http"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "http://10.0.0.1:8080", []string{"Plain http"}},
		{"user_service_url", "TELEMATICS_USER_SERVICE_URL", "ftp://example.com", []string{"scheme must be https"}},
		{"login_format", "TELEMATICS_LOGIN_FORMAT", "json", []string{`must be "auto", "object" or "string"`}},
		{"request_timeout", "TELEMATICS_REQUEST_TIMEOUT", "30", []string{`"30" is not a Go duration above zero`}},
		{"request_timeout", "TELEMATICS_REQUEST_TIMEOUT", "0s", []string{`"0s" is not a Go duration above zero`}},
		{"login_limit", "TELEMATICS_LOGIN_LIMIT", "0", []string{`"0" is not a whole number from 1`}},
		{"login_limit", "TELEMATICS_LOGIN_LIMIT", "1.5", []string{`"1.5" is not a whole number from 1`}},
		{"login_limit", "TELEMATICS_LOGIN_LIMIT", "100000000000000000000000000000", []string{`"10000000000000000000…" is not a whole number from 1 to 10000`}},
		{"login_limit", "TELEMATICS_LOGIN_LIMIT", "-3", []string{`"-3" is not a whole number from 1`}},
		{"instance_id", "TELEMATICS_INSTANCE_ID", "0a1b2c3d\x000a1b", []string{"a line break or another control character"}},
		{"instance_key", "TELEMATICS_INSTANCE_KEY", "hunter2-hunter2\x01", []string{"a line break or another control character", "trimspace"}},
		{"instance_key", "TELEMATICS_INSTANCE_KEY", "hunter2-hunter2\r\n", []string{"a line break", "trimspace"}},
		{"password", "TELEMATICS_PASSWORD", "hunter2-hunter2\n", []string{"a line break", "trimspace"}},
		{"login_wait", "TELEMATICS_LOGIN_WAIT", "2d", []string{`"2d" is not a Go duration of zero or more`}},
		{"session.verify_after", "TELEMATICS_SESSION_VERIFY_AFTER", "5", []string{`"5" is neither a Go duration`}},
		{"session.on_failure", "TELEMATICS_SESSION_ON_FAILURE", "ignore", []string{`must be "fail" or "login"`}},
		{"login_window", "TELEMATICS_LOGIN_WINDOW", "0s", []string{`"0s" is not a Go duration above zero`}},
		{"login_window", "TELEMATICS_LOGIN_WINDOW", "a minute", []string{`"a minute" is not a Go duration above zero`}},
		{"login_wait", "TELEMATICS_LOGIN_WAIT", "-1s", []string{`"-1s" is not a Go duration of zero or more`}},
		{"session.store", "TELEMATICS_SESSION_STORE", "cloud", []string{`"cloud" is none of the stores`, `"file"`, `"none"`}},
		{"session.min_lifetime", "TELEMATICS_SESSION_MIN_LIFETIME", "-1s", []string{`"-1s" is not a Go duration of zero or more`}},
	}
	for _, test := range tests {
		t.Run(test.attribute+" "+test.value, func(t *testing.T) {
			t.Parallel()
			summary, env := "Invalid "+test.attribute, p.environment(t)
			fromVariable := append([]string{"The value comes from the environment variable " + test.variable}, test.words...)
			block := blockWith(test.attribute, test.value)
			c := start(t, env, p.clock.Now)
			for _, got := range []diagnostics{c.validateProvider(block), c.configure(block)} {
				wantSaid(t, got, failure(test.attribute, summary, test.words...))
				p.wantNoSecret(t, "the diagnostics", got.String(), "hunter2-hunter2")
				wantNotSaid(t, got, test.variable)
			}
			// An error of the provider would ask for a provider block.
			c = configured(t, p, env.with(test.variable, test.value), nil)
			wantSaid(t, c.validateProvider(nil))
			for _, got := range []diagnostics{c.open(nil).diagnostics, c.read(nil).diagnostics} {
				wantSaid(t, got, failure("", summary, fromVariable...))
				p.wantNoSecret(t, "the diagnostics", got.String(), "hunter2-hunter2")
			}
		})
	}
}

// A number that only the environment can hold.
func TestLoginLimit_ThatIsNoNumberIsAnError(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().with("TELEMATICS_LOGIN_LIMIT", "five")
	wantSaid(t, configured(t, p, env, nil).open(nil).diagnostics, failure("", "Invalid login_limit", "TELEMATICS_LOGIN_LIMIT", `"five" is not a whole number from 1`))
	configured(t, p, env, config{"login_limit": "3"}).mustOpen(nil)
}

func TestSettings_UnusualIDIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	const cutOff = "5ec2e7ab-0000-4000-8000-00000000c0d"
	block := config{"instance_id": "my-instance", "instance_key": cutOff}
	c := start(t, p.environment(t), p.clock.Now)
	// Validation would only say it twice.
	wantSaid(t, c.validateProvider(block))
	got := c.configure(block)
	wantSaid(t, got, warning("instance_id", "Unusual instance_id", "It is used as it is"), warning("instance_key", "Unusual instance_key"))
	p.wantNoSecret(t, "the diagnostics", got.String(), cutOff)
	c = start(t, p.environment(t).with("TELEMATICS_INSTANCE_KEY", cutOff), p.clock.Now)
	wantSaid(t, c.configure(nil), warning("", "Unusual instance_key", "environment variable TELEMATICS_INSTANCE_KEY"))
}

func TestUnknownSettings_FailOnlyATokenThatNeedsThem(t *testing.T) {
	t.Parallel()
	const summary = "Provider configuration not known yet"
	user := config{"device_token": deviceToken}
	override := config{"device_token": deviceToken, "instance_id": instanceID, "instance_key": instanceKey}
	tests := []struct {
		name      string
		attribute string
		args      config
		want      []string // settings that the errors name
	}{
		{name: "email", attribute: "email", want: []string{"email"}},
		{name: "password", attribute: "password", want: []string{"password"}},
		{name: "instance_id", attribute: "instance_id", want: []string{"instance_id"}},
		{name: "user_service_url", attribute: "user_service_url", want: []string{"user_service_url"}},
		{name: "login_format", attribute: "login_format", want: []string{"login_format"}},
		{name: "request_timeout", attribute: "request_timeout", want: []string{"request_timeout"}},
		{name: "login_limit", attribute: "login_limit", want: []string{"login_limit"}},
		{name: "login_window", attribute: "login_window", want: []string{"login_window"}},
		{name: "login_wait", attribute: "login_wait", want: []string{"login_wait"}},
		{name: "session.store", attribute: "session.store", want: []string{"session.store"}},
		{name: "session.path", attribute: "session.path", want: []string{"session.path"}},
		{name: "session.min_lifetime", attribute: "session.min_lifetime", want: []string{"session.min_lifetime"}},
		{name: "instance_key for a user", attribute: "instance_key", args: user, want: []string{"instance_key"}},
		{name: "instance_key, which an admin can do without", attribute: "instance_key"},
		{name: "email, which a user can do without", attribute: "email", args: user},
		{name: "password_file", attribute: "password_file", want: []string{"password_file"}},
		{name: "password_command", attribute: "password_command", want: []string{"password_command"}},
		{name: "password_command, which a user can do without", attribute: "password_command", args: user},
		{name: "instance_key_file for a user", attribute: "instance_key_file", args: user, want: []string{"instance_key_file"}},
		{name: "instance_key_file, which is overridden", attribute: "instance_key_file", args: override},
		{name: "tls.ca_cert_file", attribute: "tls.ca_cert_file", want: []string{"tls.ca_cert_file"}},
		{name: "password, which a user can do without", attribute: "password", args: user},
		{name: "instance_key, which is overridden", attribute: "instance_key", args: override},
		{name: "instance_id, which is overridden", attribute: "instance_id", args: override},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			// The environment does not make up for what is not known.
			c := start(t, p.environment(t).admin().user(), p.clock.Now)
			block := blockWith(test.attribute, unknown{})
			wantSaid(t, c.validateProvider(block))
			wantSaid(t, c.configure(block))
			wantSaid(t, c.validateEphemeral(test.args))
			var want []said
			for _, attribute := range test.want {
				want = append(want, failure("", summary, "the provider's "+attribute+" depends on values that are known only after apply",
					"-target", "TELEMATICS_"+strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(attribute, "tls."), ".", "_"))))
			}
			wantSaid(t, c.open(test.args).diagnostics, want...)
			if len(want) > 0 {
				p.wantIssued(t, 0, 0)
			}
		})
	}
}

// A client that can come back later is told to, and nothing is an error.
func TestUnknownSettings_DeferWhereTheClientAllowsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		block   config
		allowed bool
		want    bool
	}{
		{"not known", config{"password": unknown{}}, true, true},
		{"not known, in a nested block", config{"tls": config{"ca_cert_pem": unknown{}}}, true, true},
		{"a nested block that is not known", config{"session": unknown{}}, true, true},
		{"a command with a word that is not known", config{"password_command": unknown{}}, true, true},
		{"not allowed", config{"password": unknown{}}, false, false},
		{"known", nil, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			c := start(t, p.environment(t).admin(), p.clock.Now)
			configured, err := c.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
				TerraformVersion: cliVersion, Config: c.dynamic(c.schema.Provider, test.block),
				ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: test.allowed},
			})
			wantSaid(t, answered(c, configured, err).Diagnostics)
			// A CLI validates an ephemeral resource before it opens it, and may not
			// be able to put it off.
			validated, err := c.server.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
				TypeName: objectName, Config: c.dynamic(c.schema.EphemeralResourceSchemas[objectName], nil),
			})
			if said := answered(c, validated, err).Diagnostics; test.want {
				wantSaid(t, said, failure("", "Provider configuration not known yet", "no ephemeral resource"))
			} else {
				wantSaid(t, said)
			}
			ephemeral, err := c.server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
				TypeName: objectName, Config: c.dynamic(c.schema.EphemeralResourceSchemas[objectName], nil),
				ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: test.allowed},
			})
			if got := answered(c, ephemeral, err); (got.Deferred != nil) != test.want {
				t.Errorf("the token is deferred: %v, want %t", got.Deferred, test.want)
			}
			data, err := c.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
				TypeName: "telematics_session", Config: c.dynamic(c.schema.DataSourceSchemas["telematics_session"], nil),
				ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: test.allowed},
			})
			if got := answered(c, data, err); (got.Deferred != nil) != test.want {
				t.Errorf("the session is deferred: %v, want %t", got.Deferred, test.want)
			}
			if test.want {
				p.wantIssued(t, 0, 0)
			}
		})
	}
}

func TestSessionPathAndStore_AttributeWinsOverVariable(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, test := range []struct {
		name             string
		attribute, store string // of the block; $ONE is a folder
		variables        environment
		kept             []string // which of the folders ONE and TWO hold a session
	}{
		{name: "attribute", attribute: "$ONE", kept: []string{"ONE"}},
		{name: "variable", variables: environment{"TELEMATICS_SESSION_PATH": "$TWO"}, kept: []string{"TWO"}},
		{name: "both: the attribute wins", attribute: "$ONE", variables: environment{"TELEMATICS_SESSION_PATH": "$TWO"}, kept: []string{"ONE"}},
		{name: "store none", attribute: "$ONE", store: "none"},
		{name: "store none from the environment", attribute: "$ONE", variables: environment{"TELEMATICS_SESSION_STORE": "none"}},
		{name: "store file wins", attribute: "$ONE", store: "file", variables: environment{"TELEMATICS_SESSION_STORE": "none"}, kept: []string{"ONE"}},
		{name: "the home directory", attribute: "~/", variables: environment{"HOME": "$ONE", "USERPROFILE": "$ONE"}, kept: []string{"ONE"}},
		{name: "a folder in it", variables: environment{"HOME": "$PARENT", "USERPROFILE": "$PARENT", "TELEMATICS_SESSION_PATH": "~/002"}, kept: []string{"TWO"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folders := map[string]string{"ONE": t.TempDir(), "TWO": t.TempDir()}
			folders["PARENT"] = filepath.Dir(folders["TWO"])
			folder := func(name string) string { return os.Expand(name, func(name string) string { return folders[name] }) }
			env := p.environment(t).admin().onDisk()
			for variable, value := range test.variables {
				env = env.with(variable, folder(value))
			}
			c := configured(t, p, env, config{"session": config{"path": folder(test.attribute), "store": test.store}})
			c.mustOpen(nil)
			// Whatever the store, one run asks for a session once.
			if got := c.mustOpen(nil); got["source"] != "reused" {
				t.Errorf("the second token of the run was %s", got["source"])
			}
			var kept []string
			for _, name := range []string{"ONE", "TWO"} {
				if sessions(t, folders[name]) > 0 {
					kept = append(kept, name)
				}
			}
			if !slices.Equal(kept, test.kept) {
				t.Errorf("sessions are kept in %v, want %v", kept, test.kept)
			}
		})
	}
}

// A home directory that is not known is not guessed, and nothing is made in a folder
// that is called ~.
func TestSessionPath_InAHomeThatIsNotKnown(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	for _, test := range []struct{ path, words string }{
		{"~", "HOME is not set"},
		{"~/sessions", "HOME is not set"},
		{"~somebody/sessions", `"~somebody" begins with the home directory of a user by name`},
	} {
		env := p.environment(t).admin().onDisk()
		block := config{"session": config{"path": test.path}}
		wantSaid(t, start(t, env, p.clock.Now).configure(block), failure("session.path", "Invalid session.path", test.words))
		opened := configured(t, p, env.with("TELEMATICS_SESSION_PATH", test.path), nil).open(nil)
		wantSaid(t, opened.diagnostics, failure("", "Invalid session.path", "TELEMATICS_SESSION_PATH", test.words))
	}
	p.wantIssued(t, 0, 0)
}

// sessions counts the sessions that are kept in a folder.
func sessions(t *testing.T, folder string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "telematics-sessions", "*.session"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// A folder that was configured and cannot be used fails the run, unless the
// configuration says otherwise (ARCHITECTURE.md, rule 6).
func TestSessionPath_UnusableFolderFailsTheRun(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	file := t.TempDir() + "/a-file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := p.environment(t).admin().onDisk()
	failed := configured(t, p, env, config{"session": config{"path": file}}).open(nil)
	wantSaid(t, failed.diagnostics, failure("", "Session store failed", "The folder for sessions cannot be used", "session.on_failure"))
	p.wantIssued(t, 0, 0)

	c := configured(t, p, env, config{"session": config{"path": file, "on_failure": "login"}})
	opened := c.open(nil)
	wantSaid(t, opened.diagnostics, warning("", "Session store not usable", "kept in memory for this run only", "The folder for sessions cannot be used"))
	p.wantToken(t, opened.results, "logged_in", "")
	// Said once in a run, which keeps its session.
	p.wantToken(t, c.mustOpen(nil), "reused", "")
	p.clock.Advance(time.Second)
	wantSaid(t, configured(t, p, p.environment(t).admin(), config{"session": config{"path": file, "store": "none"}}).open(nil).diagnostics)
}
