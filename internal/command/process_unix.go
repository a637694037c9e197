//go:build unix

package command

import (
	"syscall"

	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
)

// replaceProcess puts a program in the place of this one. It returns only if the
// program cannot be started. The program may write core files again.
func replaceProcess(path string, args, environ []string, _ func() (end func())) (int, error) {
	if err := coredump.Restore(); err != nil {
		return 0, err
	}
	return 0, syscall.Exec(path, args, environ)
}
