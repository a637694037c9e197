package filestore

import "golang.org/x/sys/unix"

// inMemory reports whether a folder is in memory, and so lost when the machine
// restarts.
func inMemory(folder string) bool {
	var system unix.Statfs_t
	err := unix.Statfs(folder, &system)
	kind := int64(system.Type) //nolint:unconvert // it has other sizes on other processors
	return err == nil && (kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC)
}
