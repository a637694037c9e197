//go:build unix

package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// killer runs a command and kills it after a while, with all that it started.
func killer() {
	after, err := time.ParseDuration(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	cmd := exec.CommandContext(context.Background(), os.Args[2], os.Args[3:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		os.Exit(2)
	}
	time.AfterFunc(after, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	_ = cmd.Wait()
	// What the command started may live longer than itself.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
