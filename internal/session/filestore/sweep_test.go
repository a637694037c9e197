package filestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

func TestSave_RemovesWhatIsTooOldToUse(t *testing.T) {
	const day = 24 * time.Hour
	dir := t.TempDir()
	before := open(t, dir)
	accounts := users(4)
	for _, account := range accounts {
		save(t, before, account, stored)
	}
	outlived, held, young, locked := accounts[0].Key(), accounts[1].Key(), accounts[2].Key(), accounts[3].Key()
	killed, writing := strings.Repeat("c", 64)+".session.1.tmp", strings.Repeat("d", 64)+".session.2.tmp"
	orphan, unused := strings.Repeat("e", 64)+".lock", strings.Repeat("f", 64)+".lock"
	for _, name := range []string{killed, writing, orphan, unused, "notes.txt"} {
		if err := os.WriteFile(filepath.Join(own(dir), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []struct {
		name string
		age  time.Duration
	}{
		{outlived + ".session", 101 * day},
		{held + ".session", 101 * day},
		{young + ".session", 99 * day},
		{young + ".lock", 300 * day},
		{locked + ".lock", 300 * day},
		{killed, 2 * time.Hour},
		{writing, 30 * time.Minute},
		{orphan, 101 * day},
		{"notes.txt", 300 * day},
		{"salt", 300 * day},
	} {
		then := time.Now().Add(-file.age)
		if err := os.Chtimes(filepath.Join(own(dir), file.name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	holder, err := before.Acquire(t.Context(), accounts[1])
	if err != nil {
		t.Fatal(err)
	}

	save(t, open(t, dir), admin, stored)

	for _, file := range []struct {
		name string
		want bool
	}{
		{outlived + ".session", false},
		{outlived + ".lock", false},
		{held + ".session", true},
		{held + ".lock", true},
		{young + ".session", true},
		{young + ".lock", true},
		{locked + ".session", true},
		{locked + ".lock", true},
		{killed, false},
		{writing, true},
		{orphan, false},
		{unused, true},
		{"notes.txt", true},
		{"salt", true},
		{admin.Key() + ".session", true},
	} {
		_, err := os.Stat(filepath.Join(own(dir), file.name))
		if got := err == nil; got != file.want {
			t.Errorf("%s is there: %t, want %t (%v)", file.name, got, file.want, err)
		}
	}
	if err := holder.Release(t.Context()); err != nil {
		t.Error(err)
	}
	// A session that was swept does not exist, and can be stored again.
	wantNone(t, before, accounts[0])
	save(t, before, accounts[0], stored)
	wantStored(t, open(t, dir), accounts[0], stored)
}

// A process that waited for the removed file does not take it for the new one.
func TestAcquire_RemovedLockFileLocksNoLaterProcessOut(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	for range 3 {
		lock, err := store.Acquire(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(own(dir), admin.Key()+".lock")); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := store.Acquire(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- trySave(t, store, admin, stored) }()
	if err := errors.Join(lock.Save(t.Context(), session.Session{}), lock.Release(t.Context()), <-waiting); err != nil {
		t.Error(err)
	}
	names, err := filepath.Glob(filepath.Join(own(dir), "*.lock"))
	if err != nil || !slices.Contains(names, filepath.Join(own(dir), admin.Key()+".lock")) {
		t.Errorf("locks: %v, %v", names, err)
	}
}
