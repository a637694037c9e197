package sealed_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// Callers at the same time wait for one derivation.
func TestKey_IsDerivedOncePerPasswordAndSalt(t *testing.T) {
	var (
		box     sealed.Box
		callers sync.WaitGroup
	)
	for _, account := range users(20) {
		callers.Go(func() {
			text, err := box.Seal(stored, account, salt)
			if err == nil {
				_, err = box.Open(text, account)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if got := box.Derivations(); got != 1 {
		t.Errorf("%d keys were derived for one password and salt, want one", got)
	}
	seal(t, &box, admin, stored)
	box.Prepare(admin.Password, salt)
	if got := box.Derivations(); got != 2 {
		t.Errorf("%d keys were derived for two passwords, want two", got)
	}
}

// A process seals with the salt of a session that another process has stored, so
// that both derive one key.
func TestSalt_IsThatOfTheFirstSessionOpened(t *testing.T) {
	accounts := users(3)
	var box sealed.Box
	// A session that does not open does not count.
	wantUnusable(t, &box, seal(t, new(sealed.Box), admin, stored), accounts[0], "damaged")
	if _, err := box.Open(seal(t, new(sealed.Box), accounts[0], stored), accounts[0]); err != nil {
		t.Fatal(err)
	}
	if got := box.Salt(accounts[1].Password); !bytes.Equal(got, salt) {
		t.Errorf("Salt = %x, want %x, of the session that was opened", got, salt)
	}

	var empty sealed.Box
	first := empty.Salt(admin.Password)
	if len(first) != sealed.SaltSize || bytes.Equal(first, empty.Salt(accounts[0].Password)) {
		t.Errorf("Salt = %x, want one that is random and the password's own", first)
	}
	if _, err := empty.Open(seal(t, new(sealed.Box), admin, stored), admin); err != nil {
		t.Fatal(err)
	}
	if got := empty.Salt(admin.Password); !bytes.Equal(got, first) {
		t.Errorf("Salt = %x, then %x, want the same for as long as the process lives", first, got)
	}
}

func TestKey_DiffersBySaltAndPassword(t *testing.T) {
	seen := map[string]string{}
	for _, password := range []string{"a", "b"} {
		for _, salt := range []string{"0123456789abcdef", "0123456789abcdeg"} {
			key := sealed.DeriveKey(secret.New(password), []byte(salt))
			if len(key) != 32 {
				t.Errorf("the key has %d bytes, want 32", len(key))
			}
			if other, found := seen[string(key)]; found {
				t.Errorf("%s with %s has the key of %s", password, salt, other)
			}
			seen[string(key)] = password + " with " + salt
		}
	}
}

// BenchmarkDeriveKey is what a guess at a password costs.
func BenchmarkDeriveKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sealed.DeriveKey(admin.Password, salt)
	}
}
