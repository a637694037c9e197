package filestore_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

// What is stored is read by the version before and by the next one: machines that
// share a store are not updated at the same time. testdata/before holds what commit
// ad6fa6d has stored, which is the one before the command line: a session of an
// admin, one of a user, and a ledger. readBefore is how that commit reads.

// fleetUser is the user of the stored session, with a key that is a random UUID.
var fleetUser = session.NewAccount(
	session.Identity{UserServiceURL: admin.UserServiceURL, Kind: session.User, Login: "9c5b94b1-35ad-49bb-b118-8e8fc24abf80"},
	secret.New("5EC2E7AB-0000-4000-8000-00000000C0DE"))

// storedBefore is what the admin's session holds: every field there was.
func storedBefore() session.Session {
	s := stored
	s.DeviceToken = secret.String{}
	s.VerifiedAt = time.Date(2026, 5, 1, 10, 30, 0, 0, time.UTC)
	s.NoVerifyUntil = time.Date(2026, 5, 2, 10, 30, 0, 0, time.UTC)
	s.Revocations = []time.Time{time.Date(2026, 5, 1, 9, 50, 0, 0, time.UTC)}
	s.LoginForm = session.FormString
	s.RenewedBy = "a run"
	return s
}

// fields are the fields of a session as texts, which can be compared.
func fields(t *testing.T, s session.Session) documentBefore {
	t.Helper()
	return documentBefore{
		AccessToken: s.AccessToken.Reveal(), RefreshToken: s.RefreshToken.Reveal(), DeviceToken: s.DeviceToken.Reveal(),
		IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt, Version: s.Version,
		VerifiedAt: s.VerifiedAt, NoVerifyUntil: s.NoVerifyUntil, Revocations: s.Revocations,
		LoginForm: string(s.LoginForm), RenewedBy: s.RenewedBy, Predecessor: s.Predecessor,
	}
}

// copyOfBefore copies what was stored before to where other users cannot read it, as
// it was.
func copyOfBefore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/before")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return root.Chmod(path, 0o700)
		default:
			return root.Chmod(path, 0o600)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFormat_WhatWasStoredBeforeIsRead(t *testing.T) {
	t.Parallel()
	dir := copyOfBefore(t)
	store, log := openLogged(t, dir)
	for _, test := range []struct {
		account session.Account
		want    session.Session
	}{{admin, storedBefore()}, {fleetUser, stored}} {
		got, err := store.Load(t.Context(), test.account)
		if err != nil || !reflect.DeepEqual(fields(t, got), fields(t, test.want)) {
			t.Errorf("%s: Load = %+v, %v", test.account.Kind, fields(t, got), err)
		}
	}
	if log.Len() > 0 {
		t.Logf("the log says: %s", log)
	}
	if runtime.GOOS == "windows" { // where the folder of the ledger has a name of its own
		ledgers := filepath.Join(dir, "state", "terraform-provider-telematics")
		if err := os.Rename(ledgers, ledgers+"-logins"); err != nil {
			t.Fatal(err)
		}
	}
	ledger := filestore.OpenLedger(filestore.LedgerConfig{Getenv: func(name string) string {
		return map[string]string{"XDG_STATE_HOME": filepath.Join(dir, "state"), "LocalAppData": filepath.Join(dir, "state"), "HOME": dir}[name]
	}})
	err := ledger.Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
		want := session.LedgerEntry{
			Logins:       []time.Time{time.Date(2026, 5, 1, 10, 0, 0, 123456789, time.UTC)},
			BlockedAt:    time.Date(2026, 5, 1, 10, 1, 0, 0, time.UTC),
			BlockedUntil: time.Date(2026, 5, 1, 11, 1, 0, 0, time.UTC),
			Failures:     map[string]session.Failure{"connection": {At: time.Date(2026, 5, 1, 10, 2, 0, 0, time.UTC), Text: "no route"}},
			Forms:        map[session.Kind]session.LoginForm{session.Admin: session.FormString},
		}
		if !reflect.DeepEqual(*e, want) {
			t.Errorf("the ledger's entry is %+v", *e)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFormat_WhatIsStoredNowIsReadByTheVersionBefore(t *testing.T) {
	t.Parallel()
	before, now := copyOfBefore(t), t.TempDir()
	store := open(t, now)
	for _, test := range []struct {
		account session.Account
		want    session.Session
	}{{admin, storedBefore()}, {fleetUser, stored}} {
		save(t, store, test.account, test.want)
		// The first shows that it reads as that version does.
		for _, dir := range []string{before, now} {
			if got := readBefore(t, dir, test.account); !reflect.DeepEqual(got, fields(t, test.want)) {
				t.Errorf("%s in %s: %+v", test.account.Kind, dir, got)
			}
		}
	}
}

// documentBefore is what a session held. Fields that are not known are left out.
type documentBefore struct {
	AccessToken   string      `json:"access_token"`
	RefreshToken  string      `json:"refresh_token"`
	DeviceToken   string      `json:"device_token"`
	IssuedAt      time.Time   `json:"issued_at"`
	ExpiresAt     time.Time   `json:"expires_at"`
	Version       int64       `json:"version"`
	VerifiedAt    time.Time   `json:"verified_at"`
	NoVerifyUntil time.Time   `json:"no_verify_until"`
	Revocations   []time.Time `json:"revocations"`
	LoginForm     string      `json:"login_form"`
	RenewedBy     string      `json:"renewed_by"`
	Predecessor   string      `json:"predecessor"`
}

// readBefore reads a session as commit ad6fa6d does, and is not changed with the
// code: what it cannot read, a machine that is updated later cannot.
func readBefore(t *testing.T, dir string, account session.Account) documentBefore {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "telematics-sessions", account.Key()+".session"))
	if err != nil {
		t.Fatal(err)
	}
	const header = 8 + 1 + 16 + 24
	if len(text) < header || string(text[:9]) != "TLMTSESS\x01" {
		t.Fatalf("it begins with %q", text[:min(len(text), 9)])
	}
	salt, nonce := text[9:25], text[25:header]
	key := argon2.IDKey([]byte(account.Password.Reveal()), salt, 5, 7<<10, 1, 32)
	if account.Kind == session.User { // whose key is a random UUID
		if key, err = hkdf.Key(sha256.New, []byte(account.Password.Reveal()), salt, "TLMTSESS", 32); err != nil {
			t.Fatal(err)
		}
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := aead.Open(nil, nonce, text[header:], append(text[:header:header], account.Key()...))
	if err != nil {
		t.Fatal(err)
	}
	var d documentBefore
	if err := json.Unmarshal(opened, &d); err != nil {
		t.Fatal(err)
	}
	return d
}
