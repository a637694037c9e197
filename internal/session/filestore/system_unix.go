//go:build unix

package filestore

import (
	"io/fs"
	"os"
	"syscall"
)

// permissionsMatter says that file modes tell who can read a file.
const permissionsMatter = true

// openFlags keep a link from being followed, and a pipe from holding the
// process up.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// othersMayWrite reports whether users other than the file's own may write to
// it. A group of the same number as the user is the user's own.
func othersMayWrite(info fs.FileInfo) bool {
	if info.Mode().Perm()&0o002 != 0 {
		return true
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return info.Mode().Perm()&0o020 != 0 && (!ok || stat.Gid != stat.Uid)
}

// ownedByUser reports whether a file belongs to the user that runs the
// provider.
func ownedByUser(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// inUse is false: an open file can be replaced.
func inUse(error) bool { return false }
