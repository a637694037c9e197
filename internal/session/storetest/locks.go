package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// noMixture loads while another handle saves.
func noMixture(t *testing.T, open func(*testing.T) session.Store) {
	const saves = 50
	writer, account := open(t), newAccount(t)
	save(t, writer, account, numbered(1))

	var (
		saved   atomic.Int64
		stopped atomic.Bool
	)
	saved.Store(1)
	var readers sync.WaitGroup
	for _, reader := range []session.Store{writer, open(t)} {
		readers.Go(func() {
			for seen := int64(0); seen < saves && !stopped.Load(); {
				least := max(seen, saved.Load())
				got, err := reader.Load(t.Context(), account)
				switch {
				case err != nil:
					t.Errorf("Load while another saves: %v", err)
					return
				case !equal(got, numbered(got.Version)):
					t.Errorf("Load while another saves = %+v, a mixture", got)
					return
				case got.Version < least:
					t.Errorf("Load = version %d after %d had been saved", got.Version, least)
					return
				}
				seen = got.Version
			}
		})
	}
	lock := acquire(t, writer, account)
	for version := int64(2); version <= saves; version++ {
		if err := lock.Save(t.Context(), numbered(version)); err != nil {
			t.Errorf("Save while others load: %v", err)
			stopped.Store(true) // no reader will see the last version
			break
		}
		saved.Store(version)
	}
	readers.Wait()
	release(t, lock)
}

func loadDoesNotWait(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	save(t, one, account, numbered(1))
	lock := acquire(t, one, account)
	wantLoaded(t, one, account, numbered(1))
	wantLoaded(t, other, account, numbered(1))
	saveWith(t, lock, numbered(2))
	wantLoaded(t, one, account, numbered(2))
	wantLoaded(t, other, account, numbered(2))
	release(t, lock)
}

// oneHolder counts in the stored session: without exclusion, counts are lost.
func oneHolder(t *testing.T, open func(*testing.T) session.Store) {
	const goroutines, rounds = 4, 5
	handles := []session.Store{open(t), open(t)}
	account := newAccount(t)
	var (
		callers sync.WaitGroup
		inside  atomic.Int32
	)
	for _, store := range handles {
		for range goroutines {
			callers.Go(func() {
				for range rounds {
					if !count(t, store, account, &inside) {
						return
					}
				}
			})
		}
	}
	callers.Wait()
	wantLoaded(t, handles[0], account, numbered(int64(len(handles)*goroutines*rounds)))
}

// count adds one to the version of the stored session. It reports whether it
// could.
func count(t *testing.T, store session.Store, account session.Account, inside *atomic.Int32) bool {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	lock, err := store.Acquire(ctx, account)
	if err != nil {
		t.Errorf("Acquire: %v", err)
		return false
	}
	if n := inside.Add(1); n != 1 {
		t.Errorf("%d hold the lock at the same time", n)
	}
	before, err := lock.Load(ctx)
	if err != nil && !errors.Is(err, session.ErrNoSession) {
		t.Errorf("Load: %v", err)
	}
	if err := lock.Save(ctx, numbered(before.Version+1)); err != nil {
		t.Errorf("Save: %v", err)
	}
	inside.Add(-1)
	if err := lock.Release(ctx); err != nil {
		t.Errorf("Release: %v", err)
	}
	return !t.Failed()
}

func waitEndsWithContext(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	lock := acquire(t, one, account)
	otherPassword := account
	otherPassword.Password = secret.New("another password")
	for _, wait := range []struct {
		name    string
		store   session.Store
		account session.Account
	}{
		{"same handle", one, account},
		{"other handle", other, account},
		{"other password", other, otherPassword},
	} {
		wantHeld(t, wait.name, wait.store, wait.account)

		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := wait.store.Acquire(ctx, wait.account)
			failed <- err
		}()
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Acquire of what is held = %v after it was cancelled, want context.Canceled", wait.name, err)
		}
	}
	// The wait that ended has changed nothing for the holder, nor for the next.
	saveWith(t, lock, numbered(1))
	release(t, lock)
	save(t, other, account, numbered(2))
	wantLoaded(t, one, account, numbered(2))
}

func lockOutlastsContext(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	ctx, cancel := context.WithCancel(t.Context())
	lock, err := one.Acquire(ctx, account)
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	cancel()
	wantHeld(t, "after its context has ended", other, account)
	saveWith(t, lock, numbered(1))
	release(t, lock)
	wantLoaded(t, other, account, numbered(1))
}

func releaseLetsIn(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	for _, next := range []session.Store{one, other} {
		lock := acquire(t, one, account)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		type outcome struct {
			lock session.Lock
			err  error
		}
		in := make(chan outcome, 1)
		go func() {
			lock, err := next.Acquire(ctx, account)
			in <- outcome{lock, err}
		}()
		wantHeld(t, "while another waits", other, account)
		saveWith(t, lock, numbered(1))
		release(t, lock)
		got := <-in
		cancel()
		if got.err != nil {
			t.Fatalf("Acquire of a caller that waited: %v", got.err)
		}
		if s, err := got.lock.Load(t.Context()); err != nil || !equal(s, numbered(1)) {
			t.Errorf("Load of a caller that waited = %+v, %v, want what the holder saved", s, err)
		}
		release(t, got.lock)
	}
}

func identitiesDoNotWait(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	changes := []func(*session.Identity){
		func(*session.Identity) {},
		func(id *session.Identity) { id.UserServiceURL = "https://user2.storetest.example" },
		func(id *session.Identity) { id.Kind = session.User },
		func(id *session.Identity) { id.Login += "2" },
	}
	// All are held at the end, hence none has waited for another.
	var held []session.Lock
	for i, change := range changes {
		wanted := account
		change(&wanted.Identity)
		held = append(held, acquire(t, []session.Store{one, other}[i%2], wanted))
	}
	for _, lock := range held {
		saveWith(t, lock, numbered(1))
		release(t, lock)
	}
}

// wantHeld checks that Acquire waits until its context ends.
func wantHeld(t *testing.T, when string, store session.Store, account session.Account) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aWhile)
	defer cancel()
	lock, err := store.Acquire(ctx, account)
	if err == nil {
		release(t, lock)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s: Acquire of what is held = %v, want context.DeadlineExceeded", when, err)
	}
}
