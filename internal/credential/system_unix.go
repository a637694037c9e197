//go:build unix

package credential

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// othersMayRead reports whether users other than the file's own may read it. A file
// of another user is not ours to change, as secrets are that a container gets.
// A group of the user's own number has no other member by custom.
func othersMayRead(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int64(stat.Uid) != int64(os.Geteuid()) {
		return false
	}
	mode := info.Mode().Perm()
	return mode&0o004 != 0 || mode&0o040 != 0 && stat.Gid != stat.Uid
}

// inGroup gives a command a process group of its own, which is killed as a whole.
func inGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithProvider(command.SysProcAttr)
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}
