//go:build unix

package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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

func TestSave_MakesFolder0700AndFiles0600(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache", "sessions")
	store := open(t, dir)
	save(t, store, admin, stored)
	state := filepath.Join(t.TempDir(), "local", "state")
	enter(t, openLedger(t, environment{"XDG_STATE_HOME": state}))
	ledger := filepath.Join(state, "terraform-provider-telematics")
	for _, folder := range []string{dir, own(dir), state, ledger} {
		wantMode(t, folder, 0o700)
	}
	for _, folder := range []string{own(dir), ledger} {
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) == 0 {
			t.Fatalf("%s holds %v, error %v", folder, entries, err)
		}
		for _, entry := range entries {
			wantMode(t, filepath.Join(folder, entry.Name()), 0o600)
		}
	}
}

func TestLoad_TakesThePermissionsOfOthersFromASessionFile(t *testing.T) {
	dir := t.TempDir()
	save(t, open(t, dir), admin, stored)
	name := sessionFile(t, dir)
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o666, 0o777} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		store, log := openLogged(t, dir)
		wantStored(t, store, admin, stored)
		wantMode(t, name, 0o600)
		if got := strings.Count(log.String(), "level=WARN msg=\"other users had permissions"); got != 1 {
			t.Errorf("%d warnings, want one: %s", got, log)
		}
		log.Reset()
		wantStored(t, store, admin, stored)
		if log.Len() != 0 {
			t.Errorf("what is narrowed is warned of again: %s", log)
		}
	}
}

// A folder that the store did not make keeps its mode.
func TestAcquire_RefusesAFolderThatOthersMayWriteTo(t *testing.T) {
	for _, test := range []struct {
		name    string
		parent  fs.FileMode
		own     fs.FileMode
		gid     int // of both; 0 is the test's own group when it runs as root
		refused bool
	}{
		{name: "open to all to read", parent: 0o755, own: 0o755},
		{name: "the parent is open to all", parent: 0o777, own: 0o700, refused: true},
		{name: "the parent is open to all and sticky", parent: 0o777 | fs.ModeSticky, own: 0o700},
		{name: "the folder is open to all", parent: 0o755, own: 0o777, refused: true},
		{name: "the folder is open to all and sticky", parent: 0o755, own: 0o777 | fs.ModeSticky, refused: true},
		{name: "the folder is open to the user's own group", parent: 0o755, own: 0o770},
		{name: "the folder is open to another group", parent: 0o755, own: 0o770, gid: 12345, refused: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if (test.gid != 0 || test.own&0o020 != 0) && os.Geteuid() != 0 {
				t.Skip("groups are given by root only")
			}
			dir := filepath.Join(t.TempDir(), "parent")
			err := errors.Join(os.MkdirAll(own(dir), 0o700), os.Chown(own(dir), -1, test.gid), os.Chmod(own(dir), test.own), os.Chmod(dir, test.parent))
			if os.Geteuid() != 0 {
				err = errors.Join(os.MkdirAll(own(dir), 0o700), os.Chmod(own(dir), test.own), os.Chmod(dir, test.parent))
			}
			if err != nil {
				t.Fatal(err)
			}
			err = trySave(t, open(t, dir), admin, stored)
			if refused := err != nil && strings.Contains(err.Error(), "other users may write to "); refused != test.refused || err != nil && !refused {
				t.Errorf("Save = %v, want it refused: %t", err, test.refused)
			}
			wantMode(t, dir, test.parent.Perm())
			wantMode(t, own(dir), test.own.Perm())
		})
	}
}

func TestIsOwnGroup_ByNumberOrName(t *testing.T) {
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	// Users of most systems, with a group of their name. Its number may differ.
	for _, name := range []string{"root", "games", "man"} {
		own, err := user.Lookup(name)
		if err != nil {
			continue
		}
		group, err := user.LookupGroup(name)
		if err != nil {
			continue
		}
		if !filestore.IsOwnGroup(number(own.Uid), number(group.Gid)) {
			t.Errorf("the group %s (%s) is not taken as that of the user %s (%s)", name, group.Gid, name, own.Uid)
		}
		if filestore.IsOwnGroup(number(own.Uid), 54321) {
			t.Errorf("a group without a name is taken as that of the user %s", name)
		}
	}
	if !filestore.IsOwnGroup(54321, 54321) || filestore.IsOwnGroup(54321, 54322) {
		t.Error("for a user without a name, the number of the group does not decide")
	}
}

// A pipe in a file's place must not block the process.
func TestPipe_InAFilesPlaceIsNotOpened(t *testing.T) {
	for _, suffix := range []string{".session", ".lock"} {
		t.Run(suffix, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			save(t, store, admin, stored)
			name := strings.TrimSuffix(sessionFile(t, dir), ".session") + suffix
			if err := errors.Join(os.Remove(name), syscall.Mkfifo(name, 0o600)); err != nil {
				t.Fatal(err)
			}
			var foreign *filestore.EntryError
			if _, err := store.Load(t.Context(), admin); suffix == ".session" && !errors.As(err, &foreign) {
				t.Errorf("Load = %v, want that the pipe is not a regular file", err)
			}
			if err := trySave(t, store, admin, stored); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "is not a regular file") {
				t.Errorf("Save = %v, want that the pipe is not a regular file", err)
			}
		})
	}
}

func TestSave_GivesTheNewFileMode0600(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	if err := os.Chmod(sessionFile(t, dir), 0o666); err != nil {
		t.Fatal(err)
	}
	save(t, store, admin, stored)
	wantMode(t, sessionFile(t, dir), 0o600)
}

// The owner of a folder can replace everything in it.
func TestAcquire_RefusesAFolderOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("folders can be given away by root only")
	}
	for _, test := range []struct {
		name string
		path func(dir string) string
	}{
		{"the store's own", own},
		{"the one that is configured", func(dir string) string { return dir }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(os.Mkdir(own(dir), 0o700), os.Chown(test.path(dir), 12345, -1)); err != nil {
				t.Fatal(err)
			}
			_, loading := open(t, dir).Load(t.Context(), admin)
			for _, err := range []error{loading, trySave(t, open(t, dir), admin, stored)} {
				if err == nil || !strings.Contains(err.Error(), test.path(dir)+" belongs to another user") {
					t.Errorf("error %v, want one that names the folder and the reason", err)
				}
			}
		})
	}
}

// Its owner could redirect it.
func TestAcquire_RefusesALinkOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("links can be given away by root only")
	}
	dir, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := errors.Join(os.Symlink(dir, link), os.Lchown(link, 12345, -1)); err != nil {
		t.Fatal(err)
	}
	if err := trySave(t, open(t, link), admin, stored); err == nil || !strings.Contains(err.Error(), link+" belongs to another user") {
		t.Errorf("Save = %v, want an error that names the link", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("behind the link are %v, error %v, want nothing", entries, err)
	}
}

func TestLoad_LeavesAFileOfAnotherUserAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("files can be given away by root only")
	}
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	if err := os.Chown(sessionFile(t, dir), 12345, -1); err != nil {
		t.Fatal(err)
	}
	wantForeign(t, store, sessionFile(t, dir), "belongs to another user")
}

// A file that the user may not read is a failure of the store, not a session
// that does not exist.
func TestUnreadableFile_IsAnErrorAndStays(t *testing.T) {
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
	// It may be of a newer format.
	if err := trySave(t, store, admin, stored); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save = %v, want fs.ErrPermission", err)
	}
}

// A folder that the user may not look into is a failure of the store, which the
// default store passes over in memory. It is not one that can be read and not written.
func TestLoad_FromAFolderThatCannotBeReadFails(t *testing.T) {
	home := t.TempDir()
	store := open(t, filepath.Join(home, "cache"))
	if err := os.Chmod(home, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadDir(home); err == nil {
		t.Skip("this user reads everything")
	}
	if _, err := store.Load(t.Context(), admin); !errors.Is(err, fs.ErrPermission) || errors.Is(err, session.ErrNotWritable) {
		t.Errorf("Load = %v, want fs.ErrPermission alone", err)
	}
}

// In the temporary folder anybody may have made what has the ledger's name.
func TestLedger_InTheTemporaryFolderIsTheUsersAlone(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(path string) error
		want string // of the error; empty is none
	}{
		{name: "made before", make: func(path string) error { return os.Mkdir(path, 0o700) }},
		{name: "others may read it", make: func(path string) error { return os.Mkdir(path, 0o755) }, want: "other users have permissions on "},
		{name: "others may write to it", make: func(path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o777))
		}, want: "other users may write to "},
		{name: "a link to a folder of the user's", make: func(path string) error {
			return errors.Join(os.Mkdir(path+"-elsewhere", 0o700), os.Symlink(path+"-elsewhere", path))
		}, want: "is not a folder"},
		{name: "a file", make: func(path string) error { return os.WriteFile(path, nil, 0o600) }, want: "is not a folder"},
		{name: "another user's", make: func(path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Chown(path, 12345, -1))
		}, want: "belongs to another user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "belongs to another user" && os.Geteuid() != 0 {
				t.Skip("folders can be given away by root only")
			}
			temporary := t.TempDir()
			path := filepath.Join(temporary, filestore.TemporaryLedgerName)
			if err := errors.Join(os.Chmod(temporary, 0o777|fs.ModeSticky), test.make(path)); err != nil {
				t.Fatal(err)
			}
			err := openLedger(t, environment{"TMPDIR": temporary}).Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
				e.Logins = append(e.Logins, stored.IssuedAt)
				return nil
			})
			if test.want == "" {
				if err != nil {
					t.Errorf("Update: %v", err)
				}
				onlyLedger(t, temporary)
				return
			}
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Update = %v, want an error that names the folder and %q", err, test.want)
			}
			if found := ledgersIn(t, temporary); len(found) != 0 {
				t.Errorf("ledgers: %v, want none", found)
			}
		})
	}
}

// A user that is somebody else for a moment, as with sudo, keeps the home.
func TestLedger_InAnotherUsersHomeIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("folders can be given away by root only")
	}
	home, temporary := t.TempDir(), t.TempDir()
	state := filepath.Join(home, ".local", "state")
	if err := errors.Join(os.MkdirAll(state, 0o755), os.Chown(state, 12345, -1)); err != nil {
		t.Fatal(err)
	}
	enter(t, openLedger(t, environment{"HOME": home, "TMPDIR": temporary}))
	onlyLedger(t, temporary)
	if entries, err := os.ReadDir(state); err != nil || len(entries) != 0 {
		t.Errorf("in the other user's folder are %v, error %v, want nothing", entries, err)
	}
}
