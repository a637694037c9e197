//go:build unix

package lifetime

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// ignorePipe keeps a write to a broken pipe from ending the process.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }

// unread reports whether out is a pipe that nobody can read from any more. What
// is no pipe, and what cannot be asked, is not unread.
func unread(out *os.File) bool {
	conn, err := out.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	err = conn.Control(func(fd uintptr) {
		// macOS tells of the end only if the pipe is asked whether it can be
		// written.
		asked := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}} //nolint:gosec // The numbers of files are small.
		_, err := unix.Poll(asked, 0)
		gone = err == nil && asked[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
	})
	return err == nil && gone
}
