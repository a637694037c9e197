package filestore_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// The log names the file and the reason and no secret, and the next session
// replaces the file.
func TestLoad_DamagedFileIsNoSession(t *testing.T) {
	dir := t.TempDir()
	store, log := openLogged(t, dir)
	save(t, store, admin, stored)
	name := sessionFile(t, dir)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	other := admin
	other.Login = "another@fleet.example"
	save(t, open(t, foreign), other, stored)
	others, err := os.ReadFile(sessionFile(t, foreign))
	if err != nil {
		t.Fatal(err)
	}

	flipped := func(at int) []byte {
		text := slices.Clone(whole)
		text[at] ^= 1
		return text
	}
	for _, test := range []struct {
		name   string
		text   []byte
		reason string
	}{
		{"empty", nil, "not a stored session"},
		{"text", []byte("Hello\n"), "not a stored session"},
		{"JSON", []byte(`{"access_token":"a","refresh_token":"b"}`), "not a stored session"},
		{"magic altered", flipped(0), "not a stored session"},
		{"magic alone", whole[:8], "cut short"},
		{"header alone", whole[:49], "damaged"},
		{"header cut", whole[:48], "cut short"},
		{"tag cut", whole[:len(whole)-1], "damaged"},
		{"half", whole[:len(whole)/2], "damaged"},
		{"doubled", slices.Concat(whole, whole), "damaged"},
		{"trailing byte", append(slices.Clone(whole), 0), "damaged"},
		{"zeros of the same size", make([]byte, len(whole)), "not a stored session"},
		{"format zero", append(append([]byte("TLMTSESS"), 0), whole[9:]...), "format 0"},
		{"salt altered", flipped(9), "damaged"},
		{"nonce altered", flipped(25), "damaged"},
		{"sealed part altered", flipped(49), "damaged"},
		{"tag altered", flipped(len(whole) - 1), "damaged"},
		{"another identity's file", others, "damaged"},
		{"larger than any session", append(slices.Clone(whole), make([]byte, 1<<20)...), "damaged"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(name, test.text, 0o600); err != nil {
				t.Fatal(err)
			}
			log.Reset()
			wantNone(t, store, admin)
			if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, filepath.Base(name)) || !strings.Contains(got, test.reason) {
				t.Errorf("the log is %q, want the file and %q", got, test.reason)
			}
			for _, secret := range []string{admin.Password.Reveal(), stored.AccessToken.Reveal(), stored.RefreshToken.Reveal()} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log shows a secret: %s", log)
				}
			}
			newer := stored
			newer.Version++
			save(t, store, admin, newer)
			wantStored(t, store, admin, newer)
		})
	}
}

func TestLoad_CopiedFileNeedsItsIdentityAndPassword(t *testing.T) {
	dir, restored := t.TempDir(), t.TempDir()
	save(t, open(t, dir), admin, stored)
	name := sessionFile(t, dir)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	store := open(t, restored)
	// The other folder has a salt of its own already.
	another := admin
	another.Login = "another@fleet.example"
	save(t, store, another, stored)
	put := func(account session.Account) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(own(restored), account.Key()+".session"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(admin)
	wantStored(t, store, admin, stored)
	put(another)
	wantNone(t, store, another)

	changed := admin
	changed.Password = secret.New("changed")
	wantNone(t, store, changed)
	wantStored(t, store, admin, stored)
}

func TestSave_ReplacesADamagedSalt(t *testing.T) {
	dir := t.TempDir()
	save(t, open(t, dir), admin, stored)
	if err := os.WriteFile(filepath.Join(own(dir), "salt"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, log := openLogged(t, dir)
	wantStored(t, store, admin, stored)
	another := admin
	another.Login = "another@fleet.example"
	save(t, store, another, stored)
	wantStored(t, open(t, dir), another, stored)
	if !strings.Contains(log.String(), "the salt for session keys cannot be used") {
		t.Errorf("the log does not tell of the salt: %s", log)
	}
}
