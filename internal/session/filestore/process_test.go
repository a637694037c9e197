package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

// holdVariable names the folder of a store in which the test binary is to hold a
// lock.
const holdVariable = "TELEMATICS_TEST_HOLD"

// TestMain lets the test binary be another process that holds a lock until it is
// killed or its standard input ends.
func TestMain(m *testing.M) {
	if dir := os.Getenv(holdVariable); dir != "" {
		store, err := filestore.Open(filestore.Config{Dir: dir})
		if err != nil {
			panic(err)
		}
		if _, err := store.Acquire(context.Background(), admin); err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString("held\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Locks are the system's, so this is to hold on each of them.
func TestAcquire_ProcessThatIsKilledHoldsNoLock(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), holdVariable+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || said != "held\n" {
		t.Fatalf("the process said %q, error %v", said, err)
	}

	locks, err := filepath.Glob(filepath.Join(own(dir), "?????*.lock"))
	if err != nil || len(locks) == 0 {
		t.Fatalf("lock files: %v, error %v", locks, err)
	}
	held := 0
	for _, lock := range locks {
		locked, err := filestore.IsLocked(lock)
		if err != nil {
			t.Error(err)
		}
		if locked {
			held++
		}
	}
	if held != 1 {
		t.Errorf("%d locks are held by the other process, want 1 of %v", held, locks)
	}
	wantStored(t, store, admin, stored)

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	newer := stored
	newer.Version++
	save(t, store, admin, newer)
	wantStored(t, store, admin, newer)
}

// A reader has the old session in full, whatever takes its place.
func TestSave_ReplacesASessionThatIsBeingRead(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	save(t, store, admin, stored)
	before, err := os.ReadFile(sessionFile(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := filestore.OpenToRead(sessionFile(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	newer := stored
	newer.Version++
	save(t, store, admin, newer)
	wantStored(t, store, admin, newer)
	if read, err := io.ReadAll(reader); err != nil || !bytes.Equal(read, before) {
		t.Errorf("the reader got %d bytes, error %v, want the %d of the old session", len(read), err, len(before))
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
}
