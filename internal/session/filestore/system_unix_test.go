//go:build unix

package filestore_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

func TestUnwritable_IsADiskThatIsFullOrReadOnly(t *testing.T) {
	for _, test := range []struct {
		err  error
		want bool
	}{
		{syscall.EACCES, true},
		{syscall.EPERM, true},
		{syscall.EROFS, true},
		{syscall.ENOSPC, true},
		{syscall.EDQUOT, true},
		{syscall.EIO, false},
		{syscall.ENOENT, false},
		{syscall.ENOTDIR, false},
		{fs.ErrClosed, false},
	} {
		err := filestore.Unwritable(&os.PathError{Op: "open", Path: "file", Err: test.err})
		if got := errors.Is(err, session.ErrNotWritable); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("Unwritable(%v) = %v, want not writable: %t", test.err, err, test.want)
		}
	}
}

// Nothing is tried again: a file that is open can be replaced.
func TestInUse_NothingIs(t *testing.T) {
	for _, err := range []error{syscall.EACCES, syscall.EBUSY, syscall.ETXTBSY, fs.ErrNotExist} {
		if filestore.InUse(err) {
			t.Errorf("InUse(%v) = true", err)
		}
	}
}
