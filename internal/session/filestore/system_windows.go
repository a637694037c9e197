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

// errorSharingViolation is what Windows answers when another process has
// opened a file without allowing others to.
const errorSharingViolation = syscall.Errno(32)

// inUse reports whether err may come from another process that has the file
// open, or is replacing it, at this moment.
func inUse(err error) bool {
	return errors.Is(err, errorSharingViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
}
