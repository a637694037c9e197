package filestore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/storetest"
)

var admin = session.Account{
	Identity: session.Identity{
		UserServiceURL: "https://user.platform.example",
		Kind:           session.Admin,
		Login:          "operator@fleet.example",
	},
	Password: secret.New("Pa55word-from-DataHub"),
}

var stored = session.Session{
	AccessToken:  secret.New("eyJhbGciOi.access-token-claims.signature"),
	RefreshToken: secret.New("refresh-token-1234567890"),
	DeviceToken:  secret.New("9c5b94b1-35ad-49bb-b118-8e8fc24abf80"),
	IssuedAt:     time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC),
	ExpiresAt:    time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	Version:      42,
}

func open(t testing.TB, dir string) *filestore.Store {
	t.Helper()
	store, _ := openLogged(t, dir)
	return store
}

// A callersLog drops what is logged without the context of a caller, as the
// provider's log does: the log of the run is in the context.
type callersLog struct{ slog.Handler }

func (l callersLog) Handle(ctx context.Context, r slog.Record) error {
	if ctx.Done() == nil {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

// openLogged returns a store with what it logs.
func openLogged(t testing.TB, dir string) (*filestore.Store, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	store, err := filestore.Open(filestore.Config{Dir: dir, Logger: slog.New(callersLog{slog.NewTextHandler(&log, nil)})})
	if err != nil {
		t.Fatal(err)
	}
	return store, &log
}

func save(t testing.TB, store session.Store, account session.Account, s session.Session) {
	t.Helper()
	if err := trySave(t, store, account, s); err != nil {
		t.Fatal(err)
	}
}

func trySave(t testing.TB, store session.Store, account session.Account, s session.Session) error {
	t.Helper()
	lock, err := store.Acquire(t.Context(), account)
	if err != nil {
		return err
	}
	return errors.Join(lock.Save(t.Context(), s), lock.Release(t.Context()))
}

// own is the folder of the store's own inside dir.
func own(dir string) string { return filepath.Join(dir, "telematics-sessions") }

// sessionFile returns the path of the one session file of a store in dir.
func sessionFile(t testing.TB, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(own(dir), "*.session"))
	if err != nil || len(found) != 1 {
		t.Fatalf("session files: %v, %v, want one", found, err)
	}
	return found[0]
}

// wantStored checks that store has the session of the account.
func wantStored(t testing.TB, store session.Store, account session.Account, want session.Session) {
	t.Helper()
	got, err := store.Load(t.Context(), account)
	if err != nil {
		t.Errorf("Load: %v", err)
		return
	}
	if !got.AccessToken.Equal(want.AccessToken) || !got.RefreshToken.Equal(want.RefreshToken) || got.Version != want.Version {
		t.Errorf("Load = %+v, want %+v", got, want)
	}
}

// wantNone checks that store has no session of the account.
func wantNone(t testing.TB, store session.Store, account session.Account) {
	t.Helper()
	if got, err := store.Load(t.Context(), account); !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
		t.Errorf("Load = %+v, %v, want ErrNoSession", got, err)
	}
}

func TestStore_KeepsTheContract(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T) session.Store { return open(t, dir) })
}

func TestOpen_WithoutDirUsesTheCacheDirectory(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	save(t, open(t, ""), admin, stored)
	sessionFile(t, filepath.Join(cache, "terraform-provider-telematics"))
}

func TestOpen_FailsWithoutACacheDirectory(t *testing.T) {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	_, err := filestore.Open(filestore.Config{})
	if err == nil || errors.Is(err, session.ErrNoSession) || !strings.Contains(err.Error(), "no cache directory") {
		t.Errorf("Open = %v, want an error that says what is missing", err)
	}
}

// Names and contents are searched for secrets, also in the usual encodings.
func TestSave_FolderHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	user := admin
	user.Kind, user.Login, user.Password = session.User, stored.DeviceToken.Reveal(), secret.New("instance-key-of-the-group")
	for _, account := range []session.Account{admin, user} {
		save(t, store, account, stored)
	}
	enter(t, openLedger(t, environment{"XDG_STATE_HOME": dir, "LocalAppData": dir}))

	var forms []string
	for _, text := range []string{
		stored.AccessToken.Reveal(), stored.RefreshToken.Reveal(), stored.DeviceToken.Reveal(), admin.Password.Reveal(),
		user.Password.Reveal(), admin.Login, admin.UserServiceURL, "access_token",
	} {
		forms = append(forms, text, text[:8], text[len(text)-8:], strings.ToLower(text),
			hex.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString([]byte(text))[:8])
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == "CACHEDIR.TAG" {
			return err
		}
		files++
		text, err := os.ReadFile(path) //nolint:gosec // only the test writes to the folder
		if err != nil {
			return err
		}
		text = append([]byte(entry.Name()+"\n"), text...)
		for _, form := range forms {
			if bytes.Contains(text, []byte(form)) {
				t.Errorf("%s shows %q", entry.Name(), form)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 5 {
		t.Errorf("%d files were looked through, want two sessions, a ledger, the salt and locks", files)
	}
}

func TestSave_WithoutPasswordStoresNothing(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	without := admin
	without.Password = secret.String{}
	if err := trySave(t, store, without, stored); !errors.Is(err, sealed.ErrNoPassword) {
		t.Errorf("Save = %v, want ErrNoPassword", err)
	}
	wantNone(t, store, without)
	save(t, store, admin, stored)
	wantNone(t, store, without)
}

// It is not "no session".
func TestSave_InAnUnusableFolderIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, dir string }{{"a file", file}, {"below a file", filepath.Join(file, "sessions")}} {
		t.Run(test.name, func(t *testing.T) {
			if err := trySave(t, open(t, test.dir), admin, stored); err == nil || errors.Is(err, session.ErrNoSession) {
				t.Errorf("Save = %v, want an error that is not ErrNoSession", err)
			}
		})
	}
	t.Run("cannot be replaced", func(t *testing.T) {
		dir := t.TempDir()
		store := open(t, dir)
		save(t, store, admin, stored)
		name := sessionFile(t, dir)
		if err := errors.Join(os.Remove(name), os.MkdirAll(filepath.Join(name, "x"), 0o700)); err != nil {
			t.Fatal(err)
		}
		if err := trySave(t, store, admin, stored); err == nil || errors.Is(err, session.ErrNoSession) {
			t.Errorf("Save = %v, want an error that is not ErrNoSession", err)
		}
		if left, _ := filepath.Glob(filepath.Join(own(dir), "*.tmp")); len(left) != 0 {
			t.Errorf("a failed write left %v", left)
		}
		// The failure does not lock the next process out.
		lock, err := store.Acquire(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestLink_OnlyAboveTheStoresOwnFolderIsFollowed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	dir, elsewhere := t.TempDir(), t.TempDir()
	t.Run("in place of a session", func(t *testing.T) {
		store := open(t, dir)
		save(t, store, admin, stored)
		name, target := sessionFile(t, dir), filepath.Join(elsewhere, "target")
		if err := errors.Join(os.Rename(name, target), os.Symlink(target, name)); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		wantForeign(t, store, name, "is not a regular file")
		if after, err := os.ReadFile(target); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the link's target was written to: %v", err)
		}
	})
	t.Run("in place of the store's own folder", func(t *testing.T) {
		parent := t.TempDir()
		if err := os.Symlink(elsewhere, own(parent)); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(elsewhere, admin.Key()+".session")
		if err := os.WriteFile(target, []byte("the user's"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, loading := open(t, parent).Load(t.Context(), admin)
		for _, err := range []error{loading, trySave(t, open(t, parent), admin, stored)} {
			if err == nil || !strings.Contains(err.Error(), "is not a folder") {
				t.Errorf("error %v, want one that names the link", err)
			}
		}
		if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("the mode of a file behind the link is %v, error %v, want it as it was", info.Mode(), err)
		}
	})
	t.Run("to the folder that is configured", func(t *testing.T) {
		parent, link := t.TempDir(), filepath.Join(elsewhere, "link")
		if err := os.Symlink(parent, link); err != nil {
			t.Fatal(err)
		}
		save(t, open(t, link), admin, stored)
		wantStored(t, open(t, parent), admin, stored)
	})
}

// wantForeign checks that whatever is in a file's place is an error that names it,
// and is left alone.
func wantForeign(t *testing.T, store *filestore.Store, name, reason string) {
	t.Helper()
	before, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	_, loading := store.Load(t.Context(), admin)
	for _, err := range []error{loading, trySave(t, store, admin, stored)} {
		var foreign *filestore.EntryError
		if !errors.As(err, &foreign) || errors.Is(err, session.ErrNoSession) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), reason) {
			t.Errorf("error %v, want that %s %s", err, name, reason)
		}
	}
	if after, err := os.Lstat(name); err != nil || !os.SameFile(before, after) {
		t.Errorf("what stood there is gone: %v", err)
	}
}

// The folder that is configured may hold files of the user.
func TestSave_LeavesEverythingElseInTheFolderAlone(t *testing.T) {
	dir := t.TempDir()
	longAgo := time.Now().Add(-200 * 24 * time.Hour)
	names := []string{
		"yarn.lock", "Cargo.lock", "poetry.lock", ".terraform.tfstate.lock", "x.session", "notes.tmp", "salt", "salt.lock",
		strings.Repeat("a", 64) + ".session.bak", strings.Repeat("A", 64) + ".session",
	}
	for _, folder := range []string{dir, own(dir)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if folder != dir && strings.HasPrefix(name, "salt") {
				continue // in the store's own folder that is its own
			}
			path := filepath.Join(folder, name)
			if err := errors.Join(os.WriteFile(path, []byte("the user's"), 0o644), os.Chtimes(path, longAgo, longAgo)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	save(t, open(t, dir), admin, stored)
	wantStored(t, open(t, dir), admin, stored)
	for _, folder := range []string{dir, own(dir)} {
		for _, name := range names {
			if folder != dir && strings.HasPrefix(name, "salt") {
				continue
			}
			path := filepath.Join(folder, name)
			text, err := os.ReadFile(path)
			info, _ := os.Stat(path)
			if err != nil || string(text) != "the user's" || runtime.GOOS != "windows" && info.Mode().Perm() != 0o644 {
				t.Errorf("%s holds %q, error %v", path, text, err)
			}
		}
	}
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o755 {
		t.Errorf("the folder's mode is %v, error %v", info.Mode(), err)
	}
	// With that mark, backups would leave the user's files out.
	if _, err := os.Lstat(filepath.Join(own(dir), "CACHEDIR.TAG")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Lstat = %v, want no CACHEDIR.TAG beside the user's files", err)
	}
}

func TestSave_MarksOnlyAFolderOfOurOwnAsACache(t *testing.T) {
	for _, test := range []struct {
		name  string
		found []string // the folder is there before, and holds these
	}{
		{name: "made by the store"},
		{name: "made by the user, empty", found: []string{}},
		{name: "restored without its tag", found: []string{admin.Key() + ".lock", "salt.lock", admin.Key() + ".session.123.tmp"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.found != nil {
				if err := os.Mkdir(own(dir), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range test.found {
				if err := os.WriteFile(filepath.Join(own(dir), name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			save(t, open(t, dir), admin, stored)
			tag, err := os.ReadFile(filepath.Join(own(dir), "CACHEDIR.TAG"))
			if err != nil || !strings.HasPrefix(string(tag), "Signature: 8a477f597d28d172789f06886806bc55\n") {
				t.Errorf("CACHEDIR.TAG holds %q, error %v", tag, err)
			}
		})
	}
}

func TestOpen_MakesNothingUntilASessionIsStored(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	wantNone(t, open(t, dir), admin)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat = %v, want that there is no folder", err)
	}
}

// The next lock makes the folder anew.
func TestSave_InAFolderThatVanishedLosesTheLock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open cannot be removed on Windows")
	}
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	lost, err := store.Acquire(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(own(dir)); err != nil {
		t.Fatal(err)
	}
	other, err := open(t, dir).Acquire(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := lost.Save(t.Context(), stored); !errors.Is(err, session.ErrLockLost) {
		t.Errorf("Save = %v, want ErrLockLost", err)
	}
	newer := stored
	newer.Version++
	if err := errors.Join(other.Save(t.Context(), newer), other.Release(t.Context()), lost.Release(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantStored(t, store, admin, newer)
	if err := os.RemoveAll(own(dir)); err != nil {
		t.Fatal(err)
	}
	save(t, store, admin, stored)
	wantStored(t, open(t, dir), admin, stored)
}

func TestSave_DoesNotOverwriteANewerFormat(t *testing.T) {
	dir := t.TempDir()
	path := func(account session.Account) string { return filepath.Join(own(dir), account.Key()+".session") }
	var newer session.Account
	var text []byte
	storetest.RunNewerFormat(t, func(t *testing.T) session.Store { return open(t, dir) }, func(t *testing.T, account session.Account) {
		newer = account
		var err error
		if text, err = os.ReadFile(path(account)); err != nil {
			t.Fatal(err)
		}
		text[len("TLMTSESS")]++
		if err := os.WriteFile(path(account), text, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if after, err := os.ReadFile(path(newer)); err != nil || !bytes.Equal(text, after) {
		t.Errorf("it was overwritten, error %v", err)
	}
	if _, err := open(t, dir).Load(t.Context(), newer); err == nil || !strings.Contains(err.Error(), path(newer)) {
		t.Errorf("Load = %v, want an error that names the file", err)
	}
}

func TestCount_CountsSessionsAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	if count, err := store.Count(); count != 0 || err != nil {
		t.Errorf("before the first: %d, %v", count, err)
	}
	other := admin
	other.Login = "another@fleet.example"
	for _, account := range []session.Account{admin, other} {
		save(t, store, account, stored)
	}
	if err := os.WriteFile(filepath.Join(store.Path(), "a.session"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if count, err := store.Count(); count != 2 || err != nil {
		t.Errorf("after two: %d, %v", count, err)
	}
	if store.Path() != filepath.Join(dir, "telematics-sessions") {
		t.Errorf("the path is %s", store.Path())
	}
}
