//go:build !unix

package command

import (
	"errors"
	"os"
	"os/exec"
)

// replaceProcess runs a program and returns its exit code. The console sends an
// interrupt to both processes; begin keeps this one until the program has ended.
func replaceProcess(path string, args, environ []string, begin func() (end func())) (int, error) {
	if begin != nil {
		begin() // to the end of the process
	}
	cmd := exec.Cmd{Path: path, Args: args, Env: environ, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return exited.ExitCode(), nil
	}
	return 0, err
}
