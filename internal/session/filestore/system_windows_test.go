package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

// The numbers are those of winerror.h.
func TestUnwritable_IsADiskThatIsFullOrReadOnly(t *testing.T) {
	for _, test := range []struct {
		name string
		err  syscall.Errno
		want bool
	}{
		{"ERROR_ACCESS_DENIED", 5, true},
		{"ERROR_WRITE_PROTECT", 19, true},
		{"ERROR_HANDLE_DISK_FULL", 39, true},
		{"ERROR_DISK_FULL", 112, true},
		{"ERROR_DISK_QUOTA_EXCEEDED", 1295, true},
		{"ERROR_FILE_NOT_FOUND", 2, false},
		{"ERROR_PATH_NOT_FOUND", 3, false},
		{"ERROR_SHARING_VIOLATION", 32, false},
		{"ERROR_IO_DEVICE", 1117, false},
	} {
		err := filestore.Unwritable(&os.PathError{Op: "open", Path: "file", Err: test.err})
		if got := errors.Is(err, session.ErrNotWritable); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("Unwritable(%s) = %v, want not writable: %t", test.name, err, test.want)
		}
	}
}

func TestInUse_IsWhatAnotherProcessHasOpen(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{syscall.Errno(32), true},       // ERROR_SHARING_VIOLATION
		{syscall.Errno(5), true},        // ERROR_ACCESS_DENIED: it is being replaced
		{syscall.Errno(2), false},       // ERROR_FILE_NOT_FOUND
		{syscall.Errno(112), false},     // ERROR_DISK_FULL
		{fs.ErrClosed, false},           // not the system's
		{errors.New("odd text"), false}, // not the system's
	} {
		if got := filestore.InUse(&os.PathError{Op: "open", Path: "file", Err: test.err}); got != test.want {
			t.Errorf("InUse(%v) = %t, want %t", test.err, got, test.want)
		}
	}
}

func TestOpenLedger_LiesInTheLocalFolderElseInTheTemporaryOne(t *testing.T) {
	const name = "terraform-provider-telematics-logins"
	for _, test := range []struct {
		name  string
		local string // below a folder, where it begins with a slash
		path  string // session.path
		want  string
	}{
		{name: "local folder", local: "/local", want: "local"},
		{name: "not set", want: "tmp"},
		{name: "no absolute path", local: "local", want: "tmp"},
		{name: "in session.path", local: "/local", path: "/local", want: "tmp"},
		{name: "in session.path in upper case", local: "/local", path: "/LOCAL", want: "tmp"},
		{name: "beside session.path", local: "/local", path: "/loc", want: "local"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			below := func(path string) string {
				if path != "" && path[0] == '/' {
					return filepath.Join(dir, path)
				}
				return path
			}
			if err := os.Mkdir(below("/tmp"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMP", below("/tmp"))
			ledger, log := openLedgerLogged(t, environment{"LocalAppData": below(test.local)}, below(test.path))
			enter(t, ledger)
			if got, want := filepath.Dir(onlyLedger(t, dir)), filepath.Join(dir, test.want, name); got != want {
				t.Errorf("the ledger lies in %s, want %s; the log: %s", got, want, log)
			}
		})
	}
}

// The programs of a user have no other way to keep it from others: file modes say
// nothing, and the user's own folders keep others out.
func TestOthersMayWrite_FileModesSayNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	store := open(t, dir)
	save(t, store, admin, stored)
	wantStored(t, open(t, dir), admin, stored)
}
