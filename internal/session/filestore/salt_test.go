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

func TestOneDerivationPerPasswordAndProcess(t *testing.T) {
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

// Processes that start at the same moment in an empty folder end with one salt,
// so that the next derives one key for all of their sessions.
func TestProcessesAgreeOnTheSalt(t *testing.T) {
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

// BenchmarkWarmLoad is a token of a session that is stored and fresh, in a
// process that has derived its key.
func BenchmarkWarmLoad(b *testing.B) {
	store := open(b, b.TempDir())
	save(b, store, admin, stored)
	b.ReportAllocs()
	for b.Loop() {
		wantStored(b, store, admin, stored)
	}
}

// BenchmarkWarmOpen is the first token of a process: the folder is opened and
// the key derived.
func BenchmarkWarmOpen(b *testing.B) {
	dir := b.TempDir()
	save(b, open(b, dir), admin, stored)
	b.ReportAllocs()
	for b.Loop() {
		wantStored(b, open(b, dir), admin, stored)
	}
}

// BenchmarkWarmLoad200Identities is the first token of each of 200 users in a
// process: one derivation, and 200 files.
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

// BenchmarkSave is what a refresh or a login adds.
func BenchmarkSave(b *testing.B) {
	store := open(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		save(b, store, admin, stored)
	}
}
