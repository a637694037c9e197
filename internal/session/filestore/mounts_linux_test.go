package filestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// smallDisk mounts a file system of a few kilobytes, where the test may.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=700"); err != nil {
		t.Skipf("a file system can be mounted by root only: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no space on a disk. What it returns takes it away again.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(bytes.Repeat([]byte("x"), 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// readOnly mounts a disk again, so that nothing can be written to it.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// wantNotWritable checks that a store says before a Save that there can be none,
// that what is stored stays, and that nothing is left behind.
func wantNotWritable(t *testing.T, dir string) {
	t.Helper()
	store := open(t, dir)
	lock, err := store.Acquire(t.Context(), admin)
	if err == nil {
		err = lock.Prepare(t.Context())
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if !errors.Is(err, session.ErrNotWritable) {
		t.Errorf("Prepare = %v, want ErrNotWritable", err)
	}
	wantStored(t, store, admin, stored)
	if left, _ := filepath.Glob(filepath.Join(own(dir), "*.tmp")); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
}

func TestPrepare_OnAFullDiskIsNotWritable(t *testing.T) {
	dir := smallDisk(t)
	save(t, open(t, dir), admin, stored)
	empty := fill(t, dir)
	wantNotWritable(t, dir)
	// Nor can the first session of an identity be stored, or the salt.
	for _, account := range users(1) {
		lock, err := open(t, dir).Acquire(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(lock.Prepare(t.Context()), lock.Release(t.Context())); !errors.Is(err, session.ErrNotWritable) {
			t.Errorf("Prepare = %v, want ErrNotWritable", err)
		}
	}
	empty()
	newer := stored
	newer.Version++
	save(t, open(t, dir), admin, newer)
	wantStored(t, open(t, dir), admin, newer)
}

// The space for a session is taken before its refresh token is spent: a disk
// that fills up in between does not cost the answer.
func TestSave_OnADiskThatFilledUpAfterPrepare(t *testing.T) {
	dir := smallDisk(t)
	save(t, open(t, dir), admin, stored)
	lock, err := open(t, dir).Acquire(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, dir)
	newer := stored
	newer.Version++
	if err := errors.Join(lock.Save(t.Context(), newer), lock.Release(t.Context())); err != nil {
		t.Errorf("Save: %v", err)
	}
	wantStored(t, open(t, dir), admin, newer)
}

// An existing lock file opens on a read-only mount; it is the temporary file
// that tells.
func TestPrepare_OnAReadOnlyMountIsNotWritable(t *testing.T) {
	dir := smallDisk(t)
	save(t, open(t, dir), admin, stored)
	readOnly(t, dir)
	wantNotWritable(t, dir)
	for _, account := range users(1) {
		if _, err := open(t, dir).Acquire(t.Context(), account); !errors.Is(err, session.ErrNotWritable) {
			t.Errorf("Acquire = %v, want ErrNotWritable", err)
		}
	}
}

func TestAcquire_OnAnEmptyReadOnlyMountIsNotWritable(t *testing.T) {
	dir := smallDisk(t)
	readOnly(t, dir)
	store := open(t, dir)
	wantNone(t, store, admin)
	if _, err := store.Acquire(t.Context(), admin); !errors.Is(err, session.ErrNotWritable) {
		t.Errorf("Acquire = %v, want ErrNotWritable", err)
	}
}

// What cannot be written in one place is written in the next, and what the first
// holds is known on.
func TestLedger_OnADiskThatCannotBeWrittenMovesOn(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
	}{
		{"full", func(t *testing.T, dir string) { fill(t, dir) }},
		{"read-only", readOnly},
	} {
		t.Run(test.name, func(t *testing.T) {
			state, temporary := smallDisk(t), t.TempDir()
			env := environment{"XDG_STATE_HOME": state, "TMPDIR": temporary}
			enter(t, openLedger(t, env))
			enter(t, openLedger(t, env))
			test.spoil(t, state)
			for range 3 {
				enter(t, openLedger(t, env))
			}
			wantLogins(t, openLedger(t, env), 5)
			onlyLedger(t, temporary)
		})
	}
}

func TestLedger_WithoutAnyPlaceSaysWhy(t *testing.T) {
	dir := smallDisk(t)
	fill(t, dir)
	env := environment{"XDG_STATE_HOME": dir, "TMPDIR": dir}
	err := openLedger(t, env).Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
		e.Logins = append(e.Logins, stored.IssuedAt)
		return nil
	})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the login ledger cannot be kept anywhere") {
		t.Errorf("Update = %v, want that the disk is full", err)
	}
}
