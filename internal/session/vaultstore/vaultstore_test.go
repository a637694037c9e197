package vaultstore_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

const someToken = "hvs.a-token-of-vault"

func TestOpen_RefusesPaths(t *testing.T) {
	for _, config := range []vaultstore.Config{
		{Mount: "secret/../sys"}, {Mount: ".."}, {Mount: "a//b"}, {Mount: "a?b"}, {Mount: "a\nb"}, {Mount: "+"},
		{Prefix: "a/*"}, {Prefix: "a/./b"}, {Prefix: "../a"}, {Prefix: "a#b"}, {Prefix: `a"b`},
	} {
		if _, err := vaultstore.Open(config); err == nil || !strings.Contains(err.Error(), "cannot be the path") {
			t.Errorf("Open(%+v) = %v, want an error", config, err)
		}
	}
	for _, config := range []vaultstore.Config{{}, {Mount: "/kv/team a/", Prefix: "/x/"}, {Mount: "kv-v2", Prefix: "a.b/c_d"}} {
		if _, err := vaultstore.Open(config); err != nil {
			t.Errorf("Open(%+v) = %v", config, err)
		}
	}
}

// A store may never be used.
func TestOpen_AsksNothingAndNeedsNothing(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	defer server.Close()
	t.Setenv("VAULT_CACERT", filepath.Join(t.TempDir(), "missing"))
	store, err := vaultstore.Open(vaultstore.Config{Address: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	nobody := admin
	nobody.Password = secret.String{}
	wantNone(t, store, nobody)
	if requests != 0 {
		t.Errorf("%d requests were sent, want none", requests)
	}
	wantError(t, store, vaultstore.Misconfigured, "environment variables", "missing")
}

// Without a token the requests are sent all the same, since an agent may add its
// own. What refuses them wants one.
func TestToken_MissingOneIsToldIfRefused(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusUnauthorized} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, `{"errors":["permission denied"]}`)
		}))
		t.Cleanup(server.Close)
		wantError(t, open(t, vaultstore.Config{Address: server.URL}), vaultstore.NoToken, server.URL, "VAULT_TOKEN", "vault login", "agent")
	}
}

// An agent's requests need no token. Its address is found as Vault's own tools
// find it, and no home is needed.
func TestToken_AnAgentAddsIt(t *testing.T) {
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.Header.Get("X-Vault-Token"); token != "" {
			t.Errorf("the agent was sent the token %q, want none", token)
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"data":{"data":null,"metadata":{"version":1}}}`)
	}))
	defer agent.Close()
	const server = "http://127.0.0.1:1"
	for _, test := range []struct {
		name                     string
		configured, server, home string
		agent                    string
	}{
		{"VAULT_ADDR is the agent's", "", agent.URL, t.TempDir(), ""},
		{"without a home", "", agent.URL, "", ""},
		{"VAULT_AGENT_ADDR goes before VAULT_ADDR", "", server, t.TempDir(), agent.URL},
		{"also where the settings took VAULT_ADDR over", server, server, t.TempDir(), agent.URL},
		{"a configured address goes before VAULT_AGENT_ADDR", agent.URL, server, t.TempDir(), server},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("VAULT_ADDR", test.server)
			t.Setenv("VAULT_AGENT_ADDR", test.agent)
			t.Setenv("HOME", test.home)
			t.Setenv("USERPROFILE", test.home)
			if test.home == "" {
				t.Setenv("PATH", "") // the system's list of users is asked otherwise
			}
			wantNone(t, open(t, vaultstore.Config{Address: test.configured}), admin)
		})
	}
}

// What an error is to a manager, which knows no Vault: whether it may pass, whether
// the store can be read and not written, and whether it concerns one identity.
func TestError_IsOfItsKind(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	const (
		nothing = `{"data":{"data":null,"metadata":{"version":0}}}`
		foreign = `{"data":{"data":{"password":"p"},"metadata":{"version":1}}}`
		newer   = `{"data":{"data":{"format":"terraform-provider-telematics/2"},"metadata":{"version":1}}}`
	)
	for _, test := range []struct {
		name          string
		status        int // of the answer to a read
		read          string
		agent         bool
		write         int // where the read succeeds, the status of the answer to a write
		reason        vaultstore.Reason
		passing       bool
		notWritable   bool
		foreign       bool
		isNewerFormat bool
	}{
		{name: "sealed", status: 503, read: `{"errors":["Vault is sealed"]}`, reason: vaultstore.Sealed, passing: true},
		{name: "no leader", status: 500, read: `{"errors":["local node not active but active cluster node not found"]}`, reason: vaultstore.Unreachable, passing: true},
		{name: "a proxy without a server", status: 502, read: "<html>", reason: vaultstore.Unreachable, passing: true},
		{name: "a server that is slow", status: 504, read: "", reason: vaultstore.Unreachable, passing: true},
		{name: "too many requests", status: 429, read: `{"errors":["request path \"secret\": rate limit quota exceeded"]}`, reason: vaultstore.Refused, passing: true},
		{name: "a standby that lags behind", status: 412, read: `{"errors":["required index state not present"]}`, reason: vaultstore.Refused, passing: true},
		{name: "an answer that is cut off", status: 200, read: `{"data":`, reason: vaultstore.Unreachable, passing: true},
		{name: "a page", status: 200, read: "<html>", reason: vaultstore.Refused},
		{name: "an expired token", status: 403, read: `{"errors":["permission denied","invalid token"]}`, reason: vaultstore.Forbidden},
		{name: "a bad request", status: 400, read: `{"errors":["bad"]}`, reason: vaultstore.Refused},
		{name: "no engine", status: 404, read: `{"errors":["no handler for route"]}`, reason: vaultstore.NoMount},
		{name: "a foreign secret", status: 200, read: foreign, reason: vaultstore.Foreign, foreign: true},
		{name: "a newer format", status: 200, read: newer, reason: vaultstore.NewerFormat, isNewerFormat: true},
		{name: "a token that reads only", status: 404, read: nothing, write: 403, reason: vaultstore.Forbidden, notWritable: true},
		{name: "an agent's token that reads only", status: 404, read: nothing, write: 403, agent: true, reason: vaultstore.Forbidden, notWritable: true},
		{name: "sealed between read and write", status: 404, read: nothing, write: 503, reason: vaultstore.Unreachable, passing: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method != http.MethodGet:
					w.WriteHeader(test.write)
					_, _ = fmt.Fprint(w, `{"errors":["no"]}`)
				case strings.Contains(r.URL.Path, "sys/internal"):
					w.WriteHeader(http.StatusForbidden)
				default:
					w.WriteHeader(test.status)
					_, _ = fmt.Fprint(w, test.read)
				}
			}))
			defer server.Close()
			if test.agent {
				t.Setenv("VAULT_TOKEN", "")
			}
			_, err := open(t, vaultstore.Config{Address: server.URL}).Acquire(t.Context(), admin)
			wantReason(t, "Acquire", err, test.reason)
			var passing interface{ Temporary() bool }
			if !errors.As(err, &passing) || passing.Temporary() != test.passing {
				t.Errorf("Temporary of %v, want %t", err, test.passing)
			}
			for _, kind := range []struct {
				err  error
				want bool
			}{
				{session.ErrNotWritable, test.notWritable},
				{session.ErrForeign, test.foreign},
				{session.ErrNewerFormat, test.isNewerFormat},
			} {
				if errors.Is(err, kind.err) != kind.want {
					t.Errorf("%v is %q: %t, want %t", err, kind.err, !kind.want, kind.want)
				}
			}
		})
	}
}

// A connection that cannot be trusted does not come to be by waiting.
func TestError_UntrustedConnectionDoesNotPass(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	defer encrypted.Close()
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for _, address := range []string{encrypted.URL, strings.Replace(plain.URL, "http:", "https:", 1)} {
		store := open(t, vaultstore.Config{Address: address})
		wantError(t, store, vaultstore.NoTLS, address, "VAULT_CACERT")
		var e *vaultstore.Error
		if _, err := store.Load(t.Context(), admin); !errors.As(err, &e) || e.Temporary() {
			t.Errorf("Load = %v, want an error that does not pass", err)
		}
	}
}

// The fault is in the file ~/.vault.
func TestToken_BrokenHelperIsTold(t *testing.T) {
	name := filepath.Join(t.TempDir(), "vault.hcl")
	if err := os.WriteFile(name, []byte("nonsense = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_CONFIG_PATH", name)
	store, err := vaultstore.Open(vaultstore.Config{Address: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, store, vaultstore.NoToken, "nonsense", "VAULT_TOKEN")
}

func TestAddress_ThatIsNoURLIsTold(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	for _, address := range []string{"vault.example.com", "vault.example.com:8200", "ftp://vault.example.com", "https://", "https://user:pass word@host:x"} {
		store, err := vaultstore.Open(vaultstore.Config{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, store, vaultstore.Misconfigured, "not a URL such as https://")
	}
}

// Something else answers in place of Vault, or nothing.
func TestUnreachable_IsToldSoonAndQuotesNothing(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	closed := httptest.NewServer(nil)
	nobody := closed.URL
	closed.Close()
	answering := func(answer http.HandlerFunc) string {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		return server.URL
	}
	page := func(status int) string {
		return answering(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, "<!DOCTYPE html><title>Welcome</title>", someToken)
		})
	}
	for _, test := range []struct {
		name    string
		address string
		reason  vaultstore.Reason
		words   []string
	}{
		{"nobody listens", nobody, vaultstore.Unreachable, []string{nobody, "cannot be reached", "VAULT_ADDR"}},
		{"a page", page(http.StatusOK), vaultstore.Refused, []string{"not Vault"}},
		{"a page that is missing", page(http.StatusNotFound), vaultstore.Refused, []string{"not Vault"}},
		{"a page that forbids", page(http.StatusForbidden), vaultstore.Forbidden, []string{"HTTP 403", `"secret/data/telematics/sessions/*"`}},
		{"a proxy's error", page(http.StatusBadGateway), vaultstore.Unreachable, []string{"HTTP 502"}},
		{"too many requests", page(http.StatusTooManyRequests), vaultstore.Refused, []string{"HTTP 429"}},
		{"an answer that is cut off", answering(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = fmt.Fprint(w, `{"data":`)
		}), vaultstore.Unreachable, []string{"cut off"}},
		{"an answer without versions", answering(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, `{"data":{"data":{"x":"y"}}}`)
		}), vaultstore.NotKV2, []string{`the mount "secret"`, "enable-versioning"}},
		{"an error with control characters", answering(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"errors":["two\n\tlines\u001b[31m %s the end"]}`, strings.Repeat("x", 400))
		}), vaultstore.Refused, []string{"HTTP 400: two lines", "xx…"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			log, told := logged()
			store := open(t, vaultstore.Config{Address: test.address, Logger: log})
			wantError(t, store, test.reason, test.words...)
			wantNoSecret(t, told.String())
		})
	}
}

// Vault's community edition has none, and takes no notice.
func TestNamespace_ConfiguredOneGoesBeforeTheEnvironments(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	t.Setenv("VAULT_NAMESPACE", "by-environment")
	var asked atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Header.Get("X-Vault-Namespace"))
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"errors":["no handler for route"]}`)
	}))
	defer server.Close()
	for _, test := range []struct {
		name string
		want string
	}{{"", "by-environment"}, {"team/a", "team/a"}} {
		store := open(t, vaultstore.Config{Address: server.URL, Namespace: test.name})
		wantError(t, store, vaultstore.NoMount, fmt.Sprintf("namespace %q", test.want), "no handler for route", "check mount and namespace")
		if got := asked.Load(); got != test.want {
			t.Errorf("Vault was asked for the namespace %q, want %q", got, test.want)
		}
	}
}

func TestUnreachable_SilentServerIsNotWaitedFor(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	wantError(t, open(t, vaultstore.Config{Address: server.URL, RequestTimeout: 300 * time.Millisecond}),
		vaultstore.Unreachable, server.URL, "no answer within 300ms")
	t.Setenv("VAULT_CLIENT_TIMEOUT", "200ms")
	wantError(t, open(t, vaultstore.Config{Address: server.URL}), vaultstore.Unreachable, "no answer within 200ms")
}

// newerSealed is a session, in base64, that a newer version has sealed.
var newerSealed = base64.StdEncoding.EncodeToString(append([]byte("TLMTSESS\x02"), make([]byte, 100)...))

func TestDecode_ReadsSessionAndLease(t *testing.T) {
	encode := func(session, holder string, stands time.Duration) string {
		t.Helper()
		data, err := vaultstore.Encode(session, holder, stands)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, test := range []struct {
		name   string
		data   string
		reason vaultstore.Reason
		want   vaultstore.Decoded
	}{
		{"a session", encode("c2VhbGVk", "", 0), "", vaultstore.Decoded{Session: "sealed"}},
		{"a session and a lease", encode("c2VhbGVk", "me", time.Minute), "", vaultstore.Decoded{Session: "sealed", Holder: "me", For: time.Minute}},
		{"a lease alone", encode("", "me", time.Minute), "", vaultstore.Decoded{Holder: "me", For: time.Minute}},
		{"a lease without holder", `{"format":"terraform-provider-telematics/1","lease":{"for":"1m"}}`, "", vaultstore.Decoded{}},
		{"a lease that has never stood", encode("", "me", -time.Second), "", vaultstore.Decoded{}},
		{"a session that is not base64", encode("***", "me", time.Minute), "", vaultstore.Decoded{
			Holder: "me", For: time.Minute, Damage: "no stored session: it is damaged",
		}},
		{"a session that is a number", `{"format":"terraform-provider-telematics/1","lease":{"holder":"me","for":"1m"},"session":7}`, "", vaultstore.Decoded{
			Holder: "me", For: time.Minute, Damage: "no stored session: it is damaged",
		}},
		{"a lease that is a number", `{"format":"terraform-provider-telematics/1","lease":7}`, "", vaultstore.Decoded{Damage: "no stored session: it is damaged"}},
		{"a newer format", `{"format":"terraform-provider-telematics/2","lease":{"holder":"me","for":"1m"},"sealed":{}}`, vaultstore.NewerFormat, vaultstore.Decoded{}},
		{"a newer format whose fields are of other types", `{"format":"terraform-provider-telematics/2","lease":7}`, vaultstore.NewerFormat, vaultstore.Decoded{}},
		{"a newer encryption", encode(newerSealed, "me", time.Minute), vaultstore.NewerFormat, vaultstore.Decoded{}},
		{"another's secret", `{"username":"u","password":"p"}`, vaultstore.Foreign, vaultstore.Decoded{}},
		{"another's format", `{"format":"pem","session":"x"}`, vaultstore.Foreign, vaultstore.Decoded{}},
		{"a format that is a number", `{"format":1}`, vaultstore.Foreign, vaultstore.Decoded{}},
		{"nothing in it", `{}`, vaultstore.Foreign, vaultstore.Decoded{}},
		{"not an object", `[]`, vaultstore.Foreign, vaultstore.Decoded{}},
		{"not JSON", `{"format":"terraform-provider-telematics/1"`, vaultstore.Foreign, vaultstore.Decoded{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, reason := vaultstore.Decode([]byte(test.data)); got != test.want || reason != test.reason {
				t.Errorf("Decode = %+v, %q, want %+v, %q", got, reason, test.want, test.reason)
			}
		})
	}
}

// FuzzDecode looks for data that make the decoder panic, that it takes for
// its own without the mark, or that give a lease to nobody or for ever.
func FuzzDecode(f *testing.F) {
	whole, err := vaultstore.Encode("c2VhbGVk", "holder", time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(`{"format":"terraform-provider-telematics/2","lease":null}`))
	f.Add([]byte(`{"format":"terraform-provider-telematics/1","lease":{"holder":"h","for":"-1s"},"session":[1]}`))
	f.Add([]byte(`{"password":"p"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, reason := vaultstore.Decode(data)
		if reason != "" && got != (vaultstore.Decoded{}) {
			t.Errorf("Decode = %+v of what the store cannot use", got)
		}
		if (got.Holder == "") != (got.For == 0) || got.For < 0 {
			t.Errorf("Decode = %+v, a lease without holder or time", got)
		}
		if got.Damage != "" && got.Session != "" {
			t.Errorf("Decode = %+v, a session that is damaged", got)
		}
	})
}

var _ session.Store = (*vaultstore.Store)(nil)

// The guide tells the policy that the tests show to suffice.
func TestPolicy_IsInTheGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/guides/vault.md")
	if err != nil {
		t.Fatal(err)
	}
	if policy := vaultstore.Policy(""); !strings.Contains(string(guide), policy) {
		t.Errorf("the guide does not have the policy\n%s", policy)
	}
}
