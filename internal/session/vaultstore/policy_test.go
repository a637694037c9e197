//go:build vault

package vaultstore_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

// With its second rule or without, a token with it keeps sessions.
func TestPolicy_OfTheGuideSuffices(t *testing.T) {
	server := vault(t)
	for _, test := range []struct {
		name     string
		versions int
	}{{"whole", 1}, {"first rule", 0}} {
		t.Run(test.name, func(t *testing.T) {
			config := server.config(t)
			policy := vaultstore.Policy(config.Prefix)
			if test.name == "first rule" {
				policy, _, _ = strings.Cut(policy, "\n\n")
			}
			t.Setenv("VAULT_TOKEN", server.token(t, policy))
			store := open(t, config)
			wantNone(t, store, admin)
			save(t, store, admin, numbered(1))
			save(t, open(t, config), admin, numbered(2))
			wantVersion(t, store, admin, 2)
			path := vaultstore.SecretPath(store, admin)
			metadata, err := server.Root.KVv2("secret").GetMetadata(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if metadata.MaxVersions != test.versions {
				t.Errorf("max_versions = %d, want %d", metadata.MaxVersions, test.versions)
			}
			if kept := len(metadata.Versions); test.versions == 1 && kept != 1 {
				t.Errorf("%d versions are kept, want one", kept)
			}
			// A secret that was deleted and one that is gone, too.
			server.do(t, http.MethodDelete, "secret/data/"+path, nil)
			save(t, store, admin, numbered(3))
			server.do(t, http.MethodDelete, "secret/metadata/"+path, nil)
			save(t, store, admin, numbered(4))
			wantVersion(t, store, admin, 4)
			// Without the second rule, a secret without a session is left.
			lease := acquire(t, store, admin)
			if err := errors.Join(lease.Remove(t.Context()), lease.Release(t.Context())); err != nil {
				t.Errorf("Remove and Release = %v", err)
			}
			wantNone(t, store, admin)
			if got, want := server.kept(t), 1-test.versions; got != want {
				t.Errorf("%d secrets are left, want %d", got, want)
			}
			save(t, store, admin, numbered(5))
			wantVersion(t, store, admin, 5)
		})
	}
}

// Without one of the capabilities of the first rule, the error says what is
// missing.
func TestPolicy_EachCapabilityIsNeeded(t *testing.T) {
	server := vault(t)
	for _, missing := range []string{"create", "read", "update"} {
		t.Run(missing, func(t *testing.T) {
			config := server.config(t)
			if missing == "update" {
				save(t, open(t, config), admin, numbered(1))
			}
			// With the second rule, create is not needed: what has metadata is
			// there already.
			policy, _, _ := strings.Cut(vaultstore.Policy(config.Prefix), "\n\n")
			policy = strings.Replace(policy, `"`+missing+`", `, "", 1)
			policy = strings.Replace(policy, `, "`+missing+`"`, "", 1)
			t.Setenv("VAULT_TOKEN", server.token(t, policy))
			store := open(t, config)
			lease, err := store.Acquire(t.Context(), admin)
			if err == nil {
				_ = lease.Release(t.Context())
			}
			operation := "write"
			if missing == "read" {
				operation = "read"
			}
			wantReason(t, "Acquire", err, vaultstore.Forbidden, "this token "+operation, vaultstore.SecretPath(store, admin),
				"create, read, update", `"secret/data/`+config.Prefix+`/*"`)
		})
	}
}

// Nothing is written.
func TestUnusable_IsToldWithPlaceAndRemedy(t *testing.T) {
	server := vault(t)
	server.do(t, http.MethodPost, "sys/mounts/version-one", map[string]any{"type": "kv", "options": map[string]string{"version": "1"}})
	server.do(t, http.MethodPost, "sys/mounts/transit", map[string]any{"type": "transit"})
	server.do(t, http.MethodPost, "sys/mounts/deep/kv", map[string]any{"type": "kv", "options": map[string]string{"version": "2"}})
	otherPolicy := `path "secret/data/elsewhere/*" { capabilities = ["read"] }`
	for _, test := range []struct {
		name   string
		change func(t *testing.T, c *vaultstore.Config)
		reason vaultstore.Reason
		words  []string
	}{
		{"a token that is none", func(t *testing.T, _ *vaultstore.Config) { t.Setenv("VAULT_TOKEN", "hvs.nonsense") },
			vaultstore.Forbidden, []string{"HTTP 403", "the token must be valid", "create, read, update"}},
		{"another policy", func(t *testing.T, _ *vaultstore.Config) { t.Setenv("VAULT_TOKEN", server.token(t, otherPolicy)) },
			vaultstore.Forbidden, []string{"permission denied", "create, read, update"}},
		{"KV v1", func(_ *testing.T, c *vaultstore.Config) { c.Mount = "version-one" },
			vaultstore.NotKV2, []string{`"version-one"`, "version 1", "vault kv enable-versioning version-one"}},
		{"another engine", func(_ *testing.T, c *vaultstore.Config) { c.Mount = "transit" },
			vaultstore.NotKV2, []string{`"transit"`}},
		{"no engine", func(_ *testing.T, c *vaultstore.Config) { c.Mount = "nowhere" },
			vaultstore.NoMount, []string{`"nowhere"`, "vault secrets enable -path=nowhere -version=2 kv"}},
		{"a folder in an engine", func(_ *testing.T, c *vaultstore.Config) { c.Mount = "deep/kv/folder" },
			vaultstore.NoMount, []string{`"deep/kv/folder"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := server.config(t)
			test.change(t, &config)
			store := open(t, config)
			wantError(t, store, test.reason, append(test.words, server.Address)...)
			wantPassing(t, store, false)
			manager := session.NewManager(session.Config{Store: store})
			_, err := manager.Open(t.Context(), session.Request{Account: admin, Authorizer: loginOnly{meanwhile: func() { t.Error("a login was made") }}})
			var failed *session.StoreError
			if !errors.As(err, &failed) {
				t.Errorf("Open = %v, want the store's error", err)
			}
			wantMemory(t, store)
		})
	}
	if answer, status := server.try(t, http.MethodGet, "version-one/data?list=true", nil); status != http.StatusNotFound {
		t.Errorf("the KV v1 engine holds %v, want nothing", answer)
	}
}

func TestUnusable_SealedVaultIsTold(t *testing.T) {
	server := ownServer(t)
	store := open(t, server.config(t))
	save(t, store, admin, numbered(1))
	server.do(t, http.MethodPut, "sys/seal", nil)
	wantError(t, store, vaultstore.Sealed, server.Address, "is sealed")
	wantPassing(t, store, true)
	if _, err := server.Root.Sys().UnsealWithContext(t.Context(), server.UnsealKey); err != nil {
		t.Fatal(err)
	}
	save(t, store, admin, numbered(2))
	wantVersion(t, store, admin, 2)
}

func TestUnusable_VaultThatEndsWhileItIsUsed(t *testing.T) {
	server := ownServer(t)
	store := open(t, server.config(t))
	save(t, store, admin, numbered(1))
	server.Stop()
	wantError(t, store, vaultstore.Unreachable, server.Address, "connection refused")
	wantPassing(t, store, true)
}

// wantPassing checks whether the store's error says that it may pass.
func wantPassing(t *testing.T, store session.Store, want bool) {
	t.Helper()
	_, err := store.Load(t.Context(), admin)
	var e *vaultstore.Error
	if !errors.As(err, &e) || e.Temporary() != want {
		t.Errorf("Load = %v, want an error that passes: %t", err, want)
	}
}

// wantMemory checks that a manager that may hands out sessions all the same, and
// says why they are not kept.
func wantMemory(t *testing.T, store session.Store) {
	t.Helper()
	manager := session.NewManager(session.Config{Store: store, Fallback: true})
	request := session.Request{Account: admin, Authorizer: loginOnly{}}
	for i, source := range []session.Source{session.LoggedIn, session.Reused} {
		result, err := manager.Open(t.Context(), request)
		if err != nil || result.Source != source {
			t.Fatalf("Open = %+v, %v, want a session that was %s", result, err, source)
		}
		told := len(result.Notices) == 1 && result.Notices[0].Kind == session.StoreUnavailable && result.Notices[0].Err != nil
		if told != (i == 0) {
			t.Errorf("the notices are %+v, want the reason, once", result.Notices)
		}
	}
}
