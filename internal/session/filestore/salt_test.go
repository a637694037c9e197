package filestore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

// users returns accounts of n users of one group, which share a password.
func users(n int) []session.Account {
	accounts := make([]session.Account, n)
	for i := range accounts {
		accounts[i] = session.Account{
			Identity: session.Identity{
				UserServiceURL: admin.UserServiceURL,
				Kind:           session.User,
				Login:          fmt.Sprintf("device-%d", i),
			},
			Password: secret.New("the group's instance key"),
		}
	}
	return accounts
}

func TestKey_IsDerivedOncePerPasswordAndProcess(t *testing.T) {
	dir, accounts := t.TempDir(), users(20)
	store := open(t, dir)
	for _, account := range accounts {
		wantNone(t, store, account)
	}
	if got := filestore.Derivations(store); got != 0 {
		t.Errorf("%d keys were derived to find nothing, want none", got)
	}
	for _, account := range accounts {
		save(t, store, account, stored)
	}
	if got := filestore.Derivations(store); got != 1 {
		t.Errorf("%d keys were derived for one password, want one", got)
	}

	again := open(t, dir)
	var callers sync.WaitGroup
	for _, account := range accounts {
		callers.Go(func() { wantStored(t, again, account, stored) })
	}
	callers.Wait()
	if got := filestore.Derivations(again); got != 1 {
		t.Errorf("%d keys were derived by callers at the same time, want one", got)
	}
	save(t, again, admin, stored)
	wantStored(t, again, admin, stored)
	if got := filestore.Derivations(again); got != 2 {
		t.Errorf("%d keys were derived for two passwords, want two", got)
	}
}

// Then the next process derives one key for all of their sessions.
func TestSalt_ProcessesThatStartTogetherAgreeOnOne(t *testing.T) {
	dir, accounts := t.TempDir(), users(8)
	var processes sync.WaitGroup
	for _, account := range accounts {
		store := open(t, dir)
		processes.Go(func() {
			if err := trySave(t, store, account, stored); err != nil {
				t.Errorf("Save: %v", err)
			}
		})
	}
	processes.Wait()
	store := open(t, dir)
	for _, account := range accounts {
		wantStored(t, store, account, stored)
	}
	if got := filestore.Derivations(store); got != 1 {
		t.Errorf("%d keys were derived, want one: the processes have made salts of their own", got)
	}
}

// BenchmarkWarmLoad loads a session in a process that has derived its key.
func BenchmarkWarmLoad(b *testing.B) {
	store := open(b, b.TempDir())
	save(b, store, admin, stored)
	b.ReportAllocs()
	for b.Loop() {
		wantStored(b, store, admin, stored)
	}
}

// BenchmarkWarmOpen loads the first session of a process: it opens the folder and
// derives the key.
func BenchmarkWarmOpen(b *testing.B) {
	dir := b.TempDir()
	save(b, open(b, dir), admin, stored)
	b.ReportAllocs()
	for b.Loop() {
		wantStored(b, open(b, dir), admin, stored)
	}
}

// BenchmarkWarmLoad200Identities loads the sessions of 200 users in one process: one
// derivation, and 200 files.
func BenchmarkWarmLoad200Identities(b *testing.B) {
	dir, accounts := b.TempDir(), users(200)
	store := open(b, dir)
	for _, account := range accounts {
		save(b, store, account, stored)
	}
	b.ReportAllocs()
	for b.Loop() {
		store := open(b, dir)
		for _, account := range accounts {
			wantStored(b, store, account, stored)
		}
	}
}

// BenchmarkSave is the store's part of a refresh or a login.
func BenchmarkSave(b *testing.B) {
	store := open(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		save(b, store, admin, stored)
	}
}
