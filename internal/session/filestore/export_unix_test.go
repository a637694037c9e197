//go:build unix

package filestore

// IsOwnGroup reports whether a group is the user's own.
func IsOwnGroup(uid, gid int) bool { return isOwnGroup(uid, gid) }
