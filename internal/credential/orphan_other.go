//go:build unix && !linux

package credential

import "syscall"

// endWithProvider does nothing: the system has no such thing.
func endWithProvider(*syscall.SysProcAttr) {}
