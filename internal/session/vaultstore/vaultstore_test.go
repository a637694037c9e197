package vaultstore_test

import (
	"encoding/base64"
	"fmt"
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

func TestOpenRefusesPaths(t *testing.T) {
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

// TestOpenCostsNothing: a store that is never used asks nobody and needs
// nothing.
func TestOpenCostsNothing(t *testing.T) {
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

func TestNoToken(t *testing.T) {
	store, err := vaultstore.Open(vaultstore.Config{Address: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, store, vaultstore.NoToken, "http://127.0.0.1:1", "VAULT_TOKEN", "vault login")
}

// TestBrokenTokenHelper: what is wrong with the file ~/.vault is told.
func TestBrokenTokenHelper(t *testing.T) {
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

func TestAddresses(t *testing.T) {
	t.Setenv("VAULT_TOKEN", someToken)
	for _, address := range []string{"vault.example.com", "vault.example.com:8200", "ftp://vault.example.com", "https://", "https://user:pass word@host:x"} {
		store, err := vaultstore.Open(vaultstore.Config{Address: address})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, store, vaultstore.Misconfigured, "not a URL such as https://")
	}
}

// TestUnreachable: whatever answers in place of Vault, or nothing, the error
// says so soon, and shows no part of an answer that is not Vault's.
func TestUnreachable(t *testing.T) {
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
		}), vaultstore.Refused, []string{"cut off"}},
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

// TestNamespace: the configured one goes before that of the environment, and
// is told. Vault's community edition has none, and takes no notice.
func TestNamespace(t *testing.T) {
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

// TestSilence: who does not answer is not waited for.
func TestSilence(t *testing.T) {
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

func TestDecode(t *testing.T) {
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

func TestPolicy(t *testing.T) {
	const byDefault = `path "secret/data/telematics/sessions/*" {
  capabilities = ["create", "read", "update"]
}

path "secret/metadata/telematics/sessions/*" {
  capabilities = ["create", "update"]
}
`
	if got := vaultstore.Policy("", ""); got != byDefault {
		t.Errorf("Policy = %s, want %s", got, byDefault)
	}
	want := strings.NewReplacer("secret/", "kv/team/", "telematics/sessions", "ours").Replace(byDefault)
	if got := vaultstore.Policy("/kv/team/", "/ours/"); got != want {
		t.Errorf("Policy = %s, want %s", got, want)
	}
}

var _ session.Store = (*vaultstore.Store)(nil)

// The guide tells the policy that the tests show to suffice.
func TestPolicyIsInTheGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/guides/vault.md")
	if err != nil {
		t.Fatal(err)
	}
	if policy := vaultstore.Policy("", ""); !strings.Contains(string(guide), policy) {
		t.Errorf("the guide does not have the policy\n%s", policy)
	}
}
