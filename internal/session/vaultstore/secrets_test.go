//go:build vault

package vaultstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/storetest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/vaulttest"
)

func TestStore_KeepsTheContract(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	storetest.Run(t, func(t *testing.T) session.Store { return open(t, config) })
}

func TestSave_SecretTellsItsReaderNothing(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	var told *logText
	config.Logger, told = logged()
	store := open(t, config)
	lease := acquire(t, store, admin)
	if err := lease.Save(t.Context(), numbered(1)); err != nil {
		t.Fatal(err)
	}
	data, _ := server.document(t, store)
	if lease, _ := data["lease"].(map[string]any); lease["holder"] == nil || data["session"] == "" {
		t.Errorf("the secret holds %v, want a session and a lease", data)
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	path := vaultstore.SecretPath(store, admin)
	for _, shown := range []string{string(text), path, told.String()} {
		wantNoSecret(t, shown)
		for _, hidden := range []string{admin.Login, admin.UserServiceURL} {
			if strings.Contains(shown, hidden) {
				t.Errorf("%q shows in %q", hidden, shown)
			}
		}
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if data, _ := server.document(t, store); data["lease"] != nil {
		t.Errorf("the secret holds %v after the release, want no lease", data)
	}
}

// The next session takes its place.
func TestLoad_DeletedSecretIsNoSession(t *testing.T) {
	server := vault(t)
	ways := []struct {
		name   string
		remove func(t *testing.T, path string, version int)
	}{
		{"deleted", func(t *testing.T, path string, _ int) { server.do(t, http.MethodDelete, "secret/data/"+path, nil) }},
		{"destroyed", func(t *testing.T, path string, version int) {
			server.do(t, http.MethodPost, "secret/destroy/"+path, map[string]any{"versions": []int{version}})
		}},
		{"deleted with its metadata", func(t *testing.T, path string, _ int) {
			server.do(t, http.MethodDelete, "secret/metadata/"+path, nil)
		}},
	}
	for _, test := range ways {
		t.Run(test.name, func(t *testing.T) {
			store := open(t, server.config(t))
			save(t, store, admin, numbered(1))
			_, version := server.document(t, store)
			test.remove(t, vaultstore.SecretPath(store, admin), version)
			wantNone(t, store, admin)
			save(t, store, admin, numbered(2))
			wantVersion(t, store, admin, 2)
		})
		t.Run(test.name+" while its lease is held", func(t *testing.T) {
			store := open(t, server.config(t))
			save(t, store, admin, numbered(1))
			lease := acquire(t, store, admin)
			_, version := server.document(t, store)
			test.remove(t, vaultstore.SecretPath(store, admin), version)
			err := lease.Save(t.Context(), numbered(2))
			// With the metadata goes the lease: anybody could have taken one.
			if gone := test.name == "deleted with its metadata"; gone != errors.Is(err, session.ErrLockLost) || !gone && err != nil {
				t.Errorf("Save = %v", err)
			}
			if err := lease.Release(t.Context()); err != nil {
				t.Errorf("Release = %v", err)
			}
			save(t, store, admin, numbered(3))
			wantVersion(t, store, admin, 3)
		})
	}
}

// The log tells why, and the next session takes its place.
func TestLoad_DamagedDocumentIsNoSession(t *testing.T) {
	server := vault(t)
	const own = "terraform-provider-telematics/1"
	for _, test := range []struct {
		name   string
		data   map[string]any
		reason string
	}{
		{"no session in it", map[string]any{"format": own}, ""},
		{"not base64", map[string]any{"format": own, "session": "***"}, "damaged"},
		{"not sealed", map[string]any{"format": own, "session": "SGVsbG8="}, "not a stored session"},
		{"a number", map[string]any{"format": own, "session": 7}, "damaged"},
		{"a lease that makes no sense", map[string]any{"format": own, "session": "", "lease": []int{1}}, "damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := server.config(t)
			var told *logText
			config.Logger, told = logged()
			store := open(t, config)
			server.write(t, store, test.data)
			wantNone(t, store, admin)
			if got := told.String(); test.reason != "" && (!strings.Contains(got, "level=WARN") || !strings.Contains(got, test.reason) || !strings.Contains(got, vaultstore.SecretPath(store, admin))) {
				t.Errorf("the log is %q, want a warning with the path and %q", got, test.reason)
			}
			save(t, store, admin, numbered(2))
			wantVersion(t, store, admin, 2)
		})
	}
}

// TestNewerFormat_IsLeftAlone: neither a load, nor a lease, nor a save under a
// lease that is older than the secret replaces what a newer version has stored.
func TestNewerFormat_IsLeftAlone(t *testing.T) {
	server := vault(t)
	for _, test := range []struct {
		name string
		data map[string]any
	}{
		{"newer document", map[string]any{"format": "terraform-provider-telematics/2", "sealed": "x"}},
		{"newer document with an expired lease", map[string]any{
			"format": "terraform-provider-telematics/10", "lease": map[string]any{"holder": "x", "for": "1ns"},
		}},
		{"newer encryption", map[string]any{"format": "terraform-provider-telematics/1", "session": newerSealed}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t, server.config(t))
			server.write(t, store, test.data)
			wantError(t, store, vaultstore.NewerFormat, vaultstore.SecretPath(store, admin), "newer version of the provider", fmt.Sprint(test.data["format"]))
			if _, err := store.Load(t.Context(), admin); !errors.Is(err, session.ErrNewerFormat) {
				t.Errorf("Load = %v, want session.ErrNewerFormat", err)
			}
			if got, version := server.document(t, store); version != 1 || fmt.Sprint(got) != fmt.Sprint(test.data) {
				t.Errorf("version %d is %v, want what was there", version, got)
			}
		})
		t.Run(test.name+" written while the lease is held", func(t *testing.T) {
			store := open(t, server.config(t))
			lease := acquire(t, store, admin)
			server.write(t, store, test.data)
			if err := lease.Save(t.Context(), numbered(1)); !errors.Is(err, session.ErrLockLost) {
				t.Errorf("Save = %v, want ErrLockLost", err)
			}
			if _, err := lease.Load(t.Context()); !errors.Is(err, session.ErrNewerFormat) {
				t.Errorf("Load = %v, want session.ErrNewerFormat", err)
			}
			if err := lease.Release(t.Context()); err != nil {
				t.Errorf("Release = %v", err)
			}
			if got, version := server.document(t, store); version != 2 || fmt.Sprint(got) != fmt.Sprint(test.data) {
				t.Errorf("version %d is %v, want what the newer version has put there", version, got)
			}
		})
	}
}

func TestLoad_ForeignSecretStaysAsItIs(t *testing.T) {
	server := vault(t)
	for _, test := range []struct {
		name string
		data map[string]any
	}{
		{"another's", map[string]any{"username": "somebody", "password": "for something"}},
		{"empty", map[string]any{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t, server.config(t))
			server.write(t, store, test.data)
			wantError(t, store, vaultstore.Foreign, vaultstore.SecretPath(store, admin), "choose another prefix")
			if got, version := server.document(t, store); version != 1 || fmt.Sprint(got) != fmt.Sprint(test.data) {
				t.Errorf("version %d is %v, want what was there", version, got)
			}
		})
	}
	t.Run("put there while the lease is held", func(t *testing.T) {
		store := open(t, server.config(t))
		lease := acquire(t, store, admin)
		server.write(t, store, map[string]any{"password": "for something"})
		if err := lease.Save(t.Context(), numbered(1)); !errors.Is(err, session.ErrLockLost) {
			t.Errorf("Save = %v, want ErrLockLost", err)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Errorf("Release = %v", err)
		}
		if got, _ := server.document(t, store); got["password"] != "for something" {
			t.Errorf("the secret is %v, want what somebody else has put there", got)
		}
	})
}

func TestKey_IsDerivedOnceForSessionsOfOneCredential(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	accounts := make([]session.Account, 20)
	store := open(t, config)
	for i := range accounts {
		accounts[i] = admin
		accounts[i].Kind, accounts[i].Login, accounts[i].Password = session.User, fmt.Sprint("device-", i), secret.New("instance key")
	}
	for _, account := range accounts[:10] {
		save(t, store, account, numbered(1))
	}
	again := open(t, config)
	wantVersion(t, again, accounts[0], 1)
	for _, account := range accounts[10:] {
		save(t, again, account, numbered(1))
	}
	last := open(t, config)
	for _, account := range accounts {
		wantVersion(t, last, account, 1)
	}
	for _, s := range []*vaultstore.Store{store, again, last} {
		if got := vaultstore.Derivations(s); got != 1 {
			t.Errorf("%d keys were derived for one credential, want one", got)
		}
	}
}

func TestKeys_AreKeptForTheNextProcess(t *testing.T) {
	config := vault(t).config(t)
	config.Keys = storetest.KeySlots{}
	save(t, open(t, config), admin, numbered(1))
	for process, want := range []int{1, 0, 0} {
		store := open(t, config)
		wantVersion(t, store, admin, 1)
		if got := vaultstore.Derivations(store); got != want {
			t.Errorf("process %d derived %d keys, want %d", process, got, want)
		}
	}
}

// This is what the store costs Vault.
func TestRequests_AreAsFewAsCanBe(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	wire := newWire(t, server)
	config.Address = wire.address
	want := func(what, requests string) {
		t.Helper()
		if got := strings.Join(wire.requests(), " "); got != requests {
			t.Errorf("%s took %q, want %q", what, got, requests)
		}
	}
	store := open(t, config)
	want("opening", "")
	wantNone(t, store, admin)
	want("the first load of nothing", "GET GET") // the secret, and whether the engine is KV v2
	wantNone(t, store, admin)
	want("the next load of nothing", "GET")
	lease := acquire(t, store, admin)
	want("the first lease", "GET PUT PUT") // the secret, max_versions, the lease
	if err := lease.Save(t.Context(), numbered(1)); err != nil {
		t.Fatal(err)
	}
	want("a save", "PUT")
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	want("a release", "PUT")
	wantVersion(t, store, admin, 1)
	want("a load", "GET")
	save(t, store, admin, numbered(2))
	want("a lease, a save and a release", "GET PUT PUT PUT")
}

func TestToken_IsFoundWhereVaultLoginLeavesIt(t *testing.T) {
	server := vault(t)
	t.Setenv("VAULT_TOKEN", "")
	t.Setenv("VAULT_ADDR", server.Address)
	name := filepath.Join(os.Getenv("HOME"), ".vault-token")
	if err := os.WriteFile(name, []byte(vaulttest.RootToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Remove(name) }()
	config := server.config(t)
	config.Address = ""
	store := open(t, config)
	save(t, store, admin, numbered(1))
	wantVersion(t, store, admin, 1)

	t.Setenv("VAULT_TOKEN", "hvs.of-the-environment")
	wantError(t, open(t, config), vaultstore.Forbidden)
}

func TestEnvironment_VariablesForPeopleDoNoHarm(t *testing.T) {
	server := vault(t)
	t.Setenv("VAULT_WRAP_TTL", "5m")
	t.Setenv("VAULT_AGENT_ADDR", "http://127.0.0.1:1")
	t.Setenv("VAULT_MAX_RETRIES", "0")
	store := open(t, server.config(t))
	save(t, store, admin, numbered(1))
	wantVersion(t, store, admin, 1)
}

// BenchmarkWarmLoad is a token of a session that is stored and fresh, in a
// process that has derived its key, from a Vault on the same machine.
func BenchmarkWarmLoad(b *testing.B) {
	store := open(b, vault(b).config(b))
	save(b, store, admin, numbered(1))
	b.ReportAllocs()
	for b.Loop() {
		wantVersion(b, store, admin, 1)
	}
}

// BenchmarkWarmOpen is the first token of a process: the client is made, the
// connection, and the key.
func BenchmarkWarmOpen(b *testing.B) {
	config := vault(b).config(b)
	save(b, open(b, config), admin, numbered(1))
	b.ReportAllocs()
	for b.Loop() {
		wantVersion(b, open(b, config), admin, 1)
	}
}

// BenchmarkSave is what a refresh or a login adds.
func BenchmarkSave(b *testing.B) {
	store := open(b, vault(b).config(b))
	b.ReportAllocs()
	for b.Loop() {
		save(b, store, admin, numbered(1))
	}
}
