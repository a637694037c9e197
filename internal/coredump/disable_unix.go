//go:build unix

package coredump

import "syscall"

// Disable sets the size limit of core files to zero, so that a crash writes
// none, whatever GOTRACEBACK says. Where the system hands cores to a program
// of its own, that one decides. The error is the system's.
func Disable() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	limit.Cur = 0
	return syscall.Setrlimit(syscall.RLIMIT_CORE, &limit)
}
