//go:build unix

package coredump

import (
	"sync/atomic"
	"syscall"
)

// Disable sets the size limit of core files to zero, so that a crash writes
// none, whatever GOTRACEBACK says. Where the system hands cores to a program
// of its own, that one decides. The error is the system's.
func Disable() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	before.CompareAndSwap(nil, &limit)
	none := limit
	none.Cur = 0
	return syscall.Setrlimit(syscall.RLIMIT_CORE, &none)
}

// before is the limit that was found first.
var before atomic.Pointer[syscall.Rlimit]

// Restore undoes [Disable], for a program that is to run in the place of this one:
// the limit would be its own.
func Restore() error {
	limit := before.Load()
	if limit == nil {
		return nil
	}
	return syscall.Setrlimit(syscall.RLIMIT_CORE, limit)
}
