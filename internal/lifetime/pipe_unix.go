//go:build unix

package lifetime

import (
	"os/signal"
	"syscall"
)

// ignorePipe keeps a write to a broken pipe from ending the process.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }
