package sealed_test

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/storetest"
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

// boxWith returns the box of a new process that has the slots.
func boxWith(kept sealed.Slots) *sealed.Box {
	box := new(sealed.Box)
	box.UseSlots(kept)
	return box
}

// wantOpens checks that a new process opens a session, and how many keys it derives
// for that.
func wantOpens(t *testing.T, kept sealed.Slots, text []byte, account session.Account, derivations int) {
	t.Helper()
	box := boxWith(kept)
	if got, err := box.Open(text, account); err != nil || !got.AccessToken.Equal(stored.AccessToken) {
		t.Errorf("Open = %+v, %v, want the session", got, err)
	}
	if got := box.Derivations(); got != derivations {
		t.Errorf("%d keys were derived, want %d", got, derivations)
	}
}

func TestSlots_KeepTheKeyForTheNextProcess(t *testing.T) {
	kept := storetest.KeySlots{}
	text := seal(t, boxWith(kept), admin, stored)
	wantOpens(t, kept, text, admin, 1)
	wantOpens(t, kept, text, admin, 0)
	if len(kept) != 1 {
		t.Fatalf("%d keys are kept, want one", len(kept))
	}
	// What is sealed with a key from a slot opens without slots.
	box := boxWith(kept)
	text = seal(t, box, admin, stored)
	if got := box.Derivations(); got != 0 {
		t.Errorf("%d keys were derived to seal, want none", got)
	}
	wantOpens(t, nil, text, admin, 1)
}

// A slot is of no use without the password.
func TestSlots_HoldNeitherKeyNorPassword(t *testing.T) {
	kept := storetest.KeySlots{}
	text := seal(t, new(sealed.Box), admin, stored)
	wantOpens(t, kept, text, admin, 1)
	key := sealed.DeriveKey(admin.Password, salt)
	for name, held := range kept {
		for _, secret := range [][]byte{key, []byte(hex.EncodeToString(key)), []byte(admin.Password.Reveal())} {
			if bytes.Contains(held, secret) || strings.Contains(name, string(secret)) {
				t.Errorf("the slot %s holds a secret: %x", name, held)
			}
		}
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(name) {
			t.Errorf("a slot is called %q", name)
		}
	}
	changed := admin
	changed.Password = secret.New("changed")
	wantUnusable(t, boxWith(kept), text, changed, "another password")
	if len(kept) != 1 {
		t.Errorf("the key of a password that opens nothing was kept: %d slots", len(kept))
	}
	// Another password does not open the slot under its own name, either.
	other := storetest.KeySlots{}
	sealedByAnother := seal(t, new(sealed.Box), changed, stored)
	wantOpens(t, other, sealedByAnother, changed, 1)
	for name := range other {
		for _, held := range kept {
			other[name] = held
		}
	}
	wantOpens(t, other, sealedByAnother, changed, 1)
}

// A slot that is not whole is as good as none, and is written anew.
func TestSlots_ThatAreDamagedAreReplaced(t *testing.T) {
	kept := storetest.KeySlots{}
	text := seal(t, new(sealed.Box), admin, stored)
	wantOpens(t, kept, text, admin, 1)
	for name, whole := range kept {
		for at := range whole {
			damaged := slices.Clone(whole)
			damaged[at] ^= 1
			for _, damage := range [][]byte{damaged, whole[:at]} {
				box := boxWith(storetest.KeySlots{name: damage})
				sealed.DeriveCheaply(box)
				if _, err := box.Open(text, admin); err == nil || box.Derivations() != 1 {
					t.Fatalf("with byte %d damaged or cut, %d keys were derived, want one", at, box.Derivations())
				}
			}
		}
		kept[name] = whole[:len(whole)-1]
	}
	wantOpens(t, kept, text, admin, 1)
	wantOpens(t, kept, text, admin, 0)
}

// noSlots fail as those of a machine without a run-time folder.
type noSlots struct{}

func (noSlots) Read(string) ([]byte, error) { return nil, fs.ErrPermission }
func (noSlots) Write(string, []byte) error  { return fs.ErrPermission }

func TestSlots_ThatFailChangeNothing(t *testing.T) {
	text := seal(t, boxWith(noSlots{}), admin, stored)
	wantOpens(t, noSlots{}, text, admin, 1)
}

// The key of a random UUID is derived sooner than it is read.
func TestSlots_AreNotUsedForARandomUUID(t *testing.T) {
	account, kept := admin, storetest.KeySlots{}
	account.Password = secret.New("5f0c2f0e-9a3d-4c5b-8e21-0b7f6a1d9c34")
	wantOpens(t, kept, seal(t, new(sealed.Box), account, stored), account, 1)
	if len(kept) != 0 {
		t.Errorf("%d keys are kept, want none", len(kept))
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
