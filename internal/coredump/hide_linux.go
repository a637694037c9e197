package coredump

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Hide keeps other processes of the same user from reading the memory of this
// one, and the system from handing it to a program that collects cores, whatever
// the limit of [Disable] is: see PR_SET_DUMPABLE in prctl(2). A debugger that
// runs as the user cannot look into the process either, so it is left out where
// one is wanted. The error is the system's.
func Hide() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("the memory cannot be hidden from other processes: %w", err)
	}
	return nil
}
