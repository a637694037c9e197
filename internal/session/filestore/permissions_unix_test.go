//go:build unix

package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

func wantMode(t *testing.T, name string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %v, want %v", filepath.Base(name), got, want)
	}
}

func TestPermissionsOfWhatIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache", "sessions")
	store := open(t, dir)
	save(t, store, admin, stored)
	if _, _, err := session.NewBudget(store.Ledger(), session.BudgetConfig{}).Admit(t.Context(), "https://a.example"); err != nil {
		t.Fatal(err)
	}
	wantMode(t, dir, 0o700)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		wantMode(t, filepath.Join(dir, entry.Name()), 0o600)
	}
}

func TestWidePermissionsAreNarrowed(t *testing.T) {
	dir := t.TempDir()
	save(t, open(t, dir), admin, stored)
	name := sessionFile(t, dir)
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o666, 0o777} {
		if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(name, mode)); err != nil {
			t.Fatal(err)
		}
		store, log := openLogged(t, dir)
		wantMode(t, dir, 0o700)
		wantStored(t, store, admin, stored)
		wantMode(t, name, 0o600)
		if got := strings.Count(log.String(), "level=WARN msg=\"permissions were too wide"); got != 2 {
			t.Errorf("%d warnings, want one for the folder and one for the file: %s", got, log)
		}
		log.Reset()
		wantStored(t, store, admin, stored)
		if log.Len() != 0 {
			t.Errorf("what is narrowed is warned of again: %s", log)
		}
	}
}

func TestAReplacedFileIsNotAsWideAsTheOldOne(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	if err := os.Chmod(sessionFile(t, dir), 0o666); err != nil {
		t.Fatal(err)
	}
	save(t, store, admin, stored)
	wantMode(t, sessionFile(t, dir), 0o600)
}

// TestAnotherUsersFolder needs root to give files away; without it there is
// one folder that belongs to another user everywhere.
func TestAnotherUsersFolder(t *testing.T) {
	dir := "/"
	if os.Geteuid() == 0 {
		dir = t.TempDir()
		if err := os.Chown(dir, 12345, -1); err != nil {
			t.Fatal(err)
		}
	}
	_, err := filestore.Open(filestore.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("Open = %v, want an error that names the reason", err)
	}
}

func TestAnotherUsersFileIsReplaced(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("files can be given away by root only")
	}
	dir := t.TempDir()
	store, log := openLogged(t, dir)
	save(t, store, admin, stored)
	if err := os.Chown(sessionFile(t, dir), 12345, -1); err != nil {
		t.Fatal(err)
	}
	wantNone(t, store, admin)
	if !strings.Contains(log.String(), "belongs to another user") {
		t.Errorf("the log does not name the reason: %s", log)
	}
	save(t, store, admin, stored)
	wantStored(t, store, admin, stored)
}

// TestUnreadableFile is about a file that the user may not read: that is a
// failure of the store, not a session that does not exist.
func TestUnreadableFile(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	if err := os.Chmod(sessionFile(t, dir), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), admin); !errors.Is(err, fs.ErrPermission) || errors.Is(err, session.ErrNoSession) {
		t.Errorf("Load = %v, want fs.ErrPermission", err)
	}
}
