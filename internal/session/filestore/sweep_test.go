package filestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// TestSweep: the first save of a process removes what nobody can use.
func TestSweep(t *testing.T) {
	const day = 24 * time.Hour
	dir := t.TempDir()
	before := open(t, dir)
	accounts := users(4)
	for _, account := range accounts {
		save(t, before, account, stored)
	}
	outlived, held, young, locked := accounts[0].Key(), accounts[1].Key(), accounts[2].Key(), accounts[3].Key()
	for _, name := range []string{"killed.session.1.tmp", "writing.session.2.tmp", "orphan.lock", "new.lock", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, age := range map[string]time.Duration{
		outlived + ".session":   101 * day,
		held + ".session":       101 * day,
		young + ".session":      99 * day,
		young + ".lock":         300 * day,
		locked + ".lock":        300 * day,
		"killed.session.1.tmp":  2 * time.Hour,
		"writing.session.2.tmp": 30 * time.Minute,
		"orphan.lock":           101 * day,
		"notes.txt":             300 * day,
		"salt":                  300 * day,
	} {
		then := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	holder, err := before.Acquire(t.Context(), accounts[1])
	if err != nil {
		t.Fatal(err)
	}

	save(t, open(t, dir), admin, stored)

	for name, want := range map[string]bool{
		outlived + ".session":    false,
		outlived + ".lock":       false,
		held + ".session":        true,
		held + ".lock":           true,
		young + ".session":       true,
		young + ".lock":          true,
		locked + ".session":      true,
		locked + ".lock":         true,
		"killed.session.1.tmp":   false,
		"writing.session.2.tmp":  true,
		"orphan.lock":            false,
		"new.lock":               true,
		"notes.txt":              true,
		"salt":                   true,
		admin.Key() + ".session": true,
	} {
		_, err := os.Stat(filepath.Join(dir, name))
		if got := err == nil; got != want {
			t.Errorf("%s is there: %t, want %t (%v)", name, got, want, err)
		}
	}
	if err := holder.Release(t.Context()); err != nil {
		t.Error(err)
	}
	// What was swept is a session that does not exist, and can be again.
	wantNone(t, before, accounts[0])
	save(t, before, accounts[0], stored)
	wantStored(t, open(t, dir), accounts[0], stored)
}

// TestSweptLock: whoever holds a lock whose file was removed keeps nobody out
// who comes later, and nobody who waited for the removed file takes it for the
// new one.
func TestSweptLock(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	for range 3 {
		lease, err := store.Acquire(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, admin.Key()+".lock")); err != nil {
			t.Fatal(err)
		}
	}
	lease, err := store.Acquire(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- trySave(t, store, admin, stored) }()
	if err := errors.Join(lease.Save(t.Context(), session.Session{}), lease.Release(t.Context()), <-waiting); err != nil {
		t.Error(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil || !slices.Contains(names, filepath.Join(dir, admin.Key()+".lock")) {
		t.Errorf("locks: %v, %v", names, err)
	}
}
