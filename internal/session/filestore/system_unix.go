//go:build unix

package filestore

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

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

// inUse is false: an open file can be replaced.
func inUse(error) bool { return false }
