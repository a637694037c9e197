package sealed_test

import (
	"bytes"
	"encoding/hex"
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
	for _, password := range []string{"a", "b", "5f0c2f0e-9a3d-4c5b-8e21-0b7f6a1d9c34", "5f0c2f0e-9a3d-4c5b-8e21-0b7f6a1d9c35"} {
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

// The keys are part of format 1: what one version of the provider has sealed, the
// next one opens. Only a UUID that is random needs no Argon2id.
func TestKey_IsThatOfTheFormat(t *testing.T) {
	for _, test := range []struct{ name, password, want string }{
		{"a password", "correct horse", "d84939ccc6551ab1554e51d9660cb07fe7ddd1f4baff2f830776797c05f5fb33"},
		{"a random UUID", "5f0c2f0e-9a3d-4c5b-8e21-0b7f6a1d9c34", "bdcde0e265424d37a939b67452c28888d94f8528889860175787d57b8f5bbae1"},
		{"a UUID made of a time", "5f0c2f0e-9a3d-1c5b-8e21-0b7f6a1d9c34", "713fcfee0660b09c6bcb2b679a4b55a173895259fbbd4498ac43e2fe4081a9c0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := hex.EncodeToString(sealed.DeriveKey(secret.New(test.password), []byte("0123456789abcdef"))); got != test.want {
				t.Errorf("the key is %s, want %s", got, test.want)
			}
		})
	}
}

// BenchmarkDeriveKey is what a guess costs.
func BenchmarkDeriveKey(b *testing.B) {
	for _, of := range []struct {
		name     string
		password secret.String
	}{
		{"password", admin.Password},
		{"random_UUID", secret.New("5f0c2f0e-9a3d-4c5b-8e21-0b7f6a1d9c34")},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sealed.DeriveKey(of.password, salt)
			}
		})
	}
}
