package credential

import (
	"context"
	"io/fs"
	"os/exec"
	"strconv"
)

// othersMayRead is false: access lists decide that, and not the mode.
func othersMayRead(fs.FileInfo) bool { return false }

// inGroup lets a command be killed with its children.
func inGroup(command *exec.Cmd) {
	command.Cancel = func() error {
		tree := exec.CommandContext(context.Background(), "taskkill", "/T", "/F", "/PID", strconv.Itoa(command.Process.Pid))
		if err := tree.Run(); err != nil {
			return command.Process.Kill()
		}
		return nil
	}
}
