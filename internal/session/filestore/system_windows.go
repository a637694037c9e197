package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ledgerName is the name of the ledger's folder. The user's local folder holds
// caches as well, so it is not that of the sessions.
const ledgerName = "terraform-provider-telematics-logins"

// placesOf returns the folders that a ledger may lie in.
func placesOf(getenv func(string) string) places {
	return places{
		state:     filepath.Join(getenv("LocalAppData"), ledgerName),
		temporary: filepath.Join(os.TempDir(), ledgerName),
	}
}

// permissionsMatter says that file modes do not decide which users can read a
// file: on Windows the user's cache directory has an access control list that
// keeps others out.
const permissionsMatter = false

// openFlags are none: links need a privilege, and there are no pipes among
// files.
const openFlags = 0

// othersMayWrite is false: see permissionsMatter.
func othersMayWrite(fs.FileInfo) bool { return false }

// ownedByUser is true: see permissionsMatter.
func ownedByUser(fs.FileInfo) bool { return true }

// ownedByUserOrRoot is true: see permissionsMatter.
func ownedByUserOrRoot(fs.FileInfo) bool { return true }

// openToRead opens a file for reading, so that it can be replaced meanwhile:
// unlike [os.Open], an [os.Root] lets others rename and remove what it opens.
func openToRead(path string) (*os.File, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	file, err := root.Open(filepath.Base(path))
	if failed, ok := errors.AsType[*os.PathError](err); ok {
		failed.Path = path
	}
	return file, err
}

// rename lets a file take the place of another one in the same folder. Where the
// file system can, an [os.Root] does so although that is open, unlike [os.Rename].
func rename(from, to string) error {
	root, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	err = root.Rename(filepath.Base(from), filepath.Base(to))
	if failed, ok := errors.AsType[*os.LinkError](err); ok {
		failed.Old, failed.New = from, to
	}
	return err
}

// openFilesStay says that a file that a process has opened to lock it cannot be
// removed.
const openFilesStay = true

// What Windows calls errors that package syscall has no name for.
const (
	errorWriteProtect      = syscall.Errno(19)
	errorSharingViolation  = syscall.Errno(32) // another process has opened the file without allowing others to
	errorHandleDiskFull    = syscall.Errno(39)
	errorDiskFull          = syscall.Errno(112)
	errorDiskQuotaExceeded = syscall.Errno(1295)
)

// diskErrors are what a disk says that can be read and not written, besides
// [fs.ErrPermission].
var diskErrors = []error{errorWriteProtect, errorHandleDiskFull, errorDiskFull, errorDiskQuotaExceeded}

// inUse reports whether err may come from another process that has the file
// open, or is replacing it, at this moment.
func inUse(err error) bool {
	return errors.Is(err, errorSharingViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
}
