//go:build vault

package vaultstore_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/vault/api"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/vaulttest"
)

// A server is a real Vault with what the tests do on it.
type server struct{ *vaulttest.Server }

// shared returns the server of all tests but those that spoil one.
var shared = sync.OnceValues(func() (*server, error) {
	s, err := vaulttest.Start()
	if err == nil {
		atEnd = append(atEnd, s.Stop)
	}
	return &server{s}, err
})

// vault returns the shared server, and its root token to the stores that are
// opened from here on.
func vault(t testing.TB) *server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_TOKEN", vaulttest.RootToken)
	return s
}

// ownServer returns a server that the test may spoil.
func ownServer(t testing.TB) *server {
	t.Helper()
	s, err := vaulttest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	t.Setenv("VAULT_TOKEN", vaulttest.RootToken)
	return &server{s}
}

// prefix returns a path that no other test has.
func prefix(t testing.TB) string {
	t.Helper()
	return "tests/" + strings.NewReplacer("#", "-", "'", "-").Replace(t.Name())
}

// config is that of a store that has the paths of the test on the server.
func (s *server) config(t testing.TB) vaultstore.Config {
	t.Helper()
	return vaultstore.Config{Address: s.Address, Prefix: prefix(t)}
}

// do sends a request as root and fails the test if it is refused.
func (s *server) do(t testing.TB, method, path string, body any) map[string]any {
	t.Helper()
	answer, status := s.try(t, method, path, body)
	if status >= 300 {
		t.Fatalf("%s %s: HTTP %d: %v", method, path, status, answer)
	}
	return answer
}

// try sends a request as root.
func (s *server) try(t testing.TB, method, path string, body any) (answer map[string]any, status int) {
	t.Helper()
	request := s.Root.NewRequest(method, "/v1/"+path)
	if body != nil {
		if err := request.SetJSONBody(body); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := s.Root.RawRequestWithContext(t.Context(), request) //nolint:staticcheck // it gives the status
	if resp == nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	return answer, resp.StatusCode
}

// document is what is at the path of the store's session of admin, with its version.
func (s *server) document(t testing.TB, store *vaultstore.Store) (data map[string]any, version int) {
	t.Helper()
	return s.documentOf(t, store, admin)
}

// documentOf is document for another account.
func (s *server) documentOf(t testing.TB, store *vaultstore.Store, account session.Account) (data map[string]any, version int) {
	t.Helper()
	found, err := s.Root.KVv2("secret").Get(t.Context(), vaultstore.SecretPath(store, account))
	if err != nil {
		t.Fatal(err)
	}
	return found.Data, found.VersionMetadata.Version
}

// kept is how many secrets there are below the path of the test.
func (s *server) kept(t testing.TB) int {
	t.Helper()
	list, err := s.Root.Logical().ListWithContext(t.Context(), "secret/metadata/"+prefix(t))
	if err != nil {
		t.Fatal(err)
	}
	if list == nil {
		return 0
	}
	keys, _ := list.Data["keys"].([]any)
	return len(keys)
}

// write puts data at the path of the store's session of admin.
func (s *server) write(t testing.TB, store *vaultstore.Store, data any) {
	t.Helper()
	s.do(t, http.MethodPost, "secret/data/"+vaultstore.SecretPath(store, admin), map[string]any{"data": data})
}

// token returns a token that has a policy and no other.
func (s *server) token(t testing.TB, policy string) string {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(prefix(t), "/", "-"))
	s.do(t, http.MethodPut, "sys/policies/acl/"+name, map[string]any{"policy": policy})
	made, err := s.Root.Auth().Token().CreateWithContext(t.Context(), &api.TokenCreateRequest{Policies: []string{name}, NoDefaultPolicy: true})
	if err != nil {
		t.Fatal(err)
	}
	return made.Auth.ClientToken
}
