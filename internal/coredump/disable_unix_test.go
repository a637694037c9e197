//go:build unix

package coredump_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
)

const crashVariable = "TELEMATICS_TEST_CRASH"

// TestMain lets the test binary be the program that crashes.
func TestMain(m *testing.M) {
	if os.Getenv(crashVariable) != "" {
		if err := coredump.Disable(); err != nil {
			panic(err)
		}
		panic("ordered")
	}
	os.Exit(m.Run())
}

func TestDisable_SetsTheLimitToZero(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &before); err != nil {
			t.Error(err)
		}
	})
	if err := coredump.Disable(); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 {
		t.Errorf("limit = %+v, error %v, want none left", limit, err)
	}
	if err := coredump.Restore(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit != before {
		t.Errorf("after Restore, limit = %+v, error %v, want %+v", limit, err, before)
	}
}

func TestDisable_CrashWritesNoCore(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), crashVariable+"=1", "GOTRACEBACK=crash")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("it did not crash: %s", out)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("the crash left %v, error %v", left, err)
	}
}
