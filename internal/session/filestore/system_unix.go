//go:build unix

package filestore

import (
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// ledgerName is the name of the ledger's folder.
const ledgerName = "terraform-provider-telematics"

// placesOf returns the folders that a ledger may lie in (XDG Base Directory
// Specification; macOS has one folder for the data of programs).
func placesOf(getenv func(string) string) (p places) {
	home := getenv("HOME")
	state, runtimeDir, temporary, cache := getenv("XDG_STATE_HOME"), getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(state) && home != "" {
		state = filepath.Join(home, ".local", "state")
		if runtime.GOOS == "darwin" {
			state = filepath.Join(home, "Library", "Application Support")
		}
	}
	if !filepath.IsAbs(cache) && home != "" {
		cache = filepath.Join(home, ".cache")
		if runtime.GOOS == "darwin" {
			cache = filepath.Join(home, "Library", "Caches")
		}
	}
	if !filepath.IsAbs(temporary) {
		temporary = "/tmp"
	}
	return places{
		state:     filepath.Join(state, ledgerName),
		runtime:   filepath.Join(runtimeDir, ledgerName),
		temporary: filepath.Join(temporary, ledgerName+"-"+strconv.Itoa(os.Geteuid())),
		cache:     cache,
	}
}

// permissionsMatter says that file modes decide which users can read a file.
const permissionsMatter = true

// openFlags keep a link from being followed, and a pipe from holding the
// process up.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// othersMayWrite reports whether users other than the file's own may write to
// it.
func othersMayWrite(info fs.FileInfo) bool {
	mode := info.Mode().Perm()
	if mode&0o002 != 0 || mode&0o020 == 0 {
		return mode&0o002 != 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || stat.Gid != stat.Uid && !isOwnGroup(os.Geteuid(), int(stat.Gid))
}

// isOwnGroup reports whether a group has the user as its only member by the
// custom of most systems, which make a group of the same number or name with
// each user.
func isOwnGroup(uid, gid int) bool {
	if uid == gid {
		return true
	}
	own, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return false
	}
	group, err := user.LookupGroupId(strconv.Itoa(gid))
	return err == nil && group.Name == own.Username
}

// ownedByUser reports whether a file belongs to the user that runs the
// provider.
func ownedByUser(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// ownedByUserOrRoot is ownedByUser, or that a file belongs to root, which could
// do anything to the user's own as well.
func ownedByUserOrRoot(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || stat.Uid == 0 || int(stat.Uid) == os.Geteuid()
}

// openToRead opens a file for reading.
func openToRead(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|openFlags, 0) }

// rename lets a file take the place of another one, which may be open.
func rename(from, to string) error { return os.Rename(from, to) }

// openFilesStay is false: an open file can be removed.
const openFilesStay = false

// diskErrors are what a disk says that can be read and not written, besides
// [fs.ErrPermission].
var diskErrors = []error{syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT}

// inUse is false: an open file can be replaced.
func inUse(error) bool { return false }
