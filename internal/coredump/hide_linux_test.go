package coredump_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
)

func dumpable(t *testing.T) int {
	t.Helper()
	state, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestHide_MakesTheProcessNotDumpable(t *testing.T) {
	before := dumpable(t)
	t.Cleanup(func() {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(before), 0, 0, 0); err != nil {
			t.Error(err)
		}
	})
	if err := coredump.Hide(); err != nil {
		t.Fatal(err)
	}
	if got := dumpable(t); got != 0 {
		t.Errorf("PR_GET_DUMPABLE = %d, want 0", got)
	}
	// The process itself reads what it needs of /proc/self as before.
	for _, name := range []string{"/proc/self/mountinfo", "/proc/self/cgroup", "/proc/self/status"} {
		if _, err := os.ReadFile(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Executable(); err != nil {
		t.Error(err)
	}
}
