// Package storetest checks that a [session.Store] or a [session.Ledger] keeps
// its contract: every sentence of the doc comments that can be seen from
// outside. How a lock holder is killed, or its lock ends by time, is for the tests
// of each implementation.
package storetest

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const (
	// patience bounds what must succeed, so that a store that hangs fails one
	// test and not the whole run. No test waits for it.
	patience = 30 * time.Second
	// aWhile is how long a test waits for an Acquire that must not succeed.
	aWhile = 50 * time.Millisecond
)

// Run checks a store. Each call of open returns a new handle, as another
// process would have, on the storage that all handles of the run share. It
// registers with t.Cleanup how to close the handle. The storage holds nothing for
// the accounts of the suite, whose URLs end in .storetest.example.
func Run(t *testing.T, open func(t *testing.T) session.Store) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, func(*testing.T) session.Store)
	}{
		{"what was not saved is no session", nothingSaved},
		{"what one handle saves another loads", savedIsLoaded},
		{"the last save wins", lastSaveWins},
		{"the zero session is no session", zeroSession},
		{"what is removed is no session", removed},
		{"other identities do not see it", otherIdentities},
		{"other passwords do not see it", otherPasswords},
		{"a load sees the old session or the new one", noMixture},
		{"a load does not wait for a lock", loadDoesNotWait},
		{"one holder at a time", oneHolder},
		{"a wait ends with its context", waitEndsWithContext},
		{"a lock outlasts the context of its wait", lockOutlastsContext},
		{"a release lets the next in", releaseLetsIn},
		{"identities do not wait for each other", identitiesDoNotWait},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// RunNewerFormat checks that a store leaves an entry of a newer format alone
// (ARCHITECTURE.md, rule 12). Each call of age turns the stored entry of the
// account into one of a later format. The handles that open returns share their
// storage, as those of [Run] do.
func RunNewerFormat(t *testing.T, open func(t *testing.T) session.Store, age func(t *testing.T, account session.Account)) {
	t.Helper()
	store, account, other := open(t), newAccount(t), newAccount(t)
	other.Login += " other"
	save(t, store, account, numbered(1))
	save(t, store, other, numbered(1))
	age(t, account)
	for _, handle := range []session.Store{store, open(t)} {
		if got, err := handle.Load(t.Context(), account); !errors.Is(err, session.ErrNewerFormat) || errors.Is(err, session.ErrNoSession) || !got.IsZero() {
			t.Errorf("Load = %v, %v, want the zero session and ErrNewerFormat", got, err)
		}
		lock := acquire(t, handle, account)
		if _, err := lock.Load(t.Context()); !errors.Is(err, session.ErrNewerFormat) || errors.Is(err, session.ErrNoSession) {
			t.Errorf("Lock.Load = %v, want ErrNewerFormat", err)
		}
		if err := lock.Save(t.Context(), numbered(2)); !errors.Is(err, session.ErrNewerFormat) {
			t.Errorf("Save = %v, want ErrNewerFormat", err)
		}
		if err := lock.Remove(t.Context()); !errors.Is(err, session.ErrNewerFormat) {
			t.Errorf("Remove = %v, want ErrNewerFormat", err)
		}
		release(t, lock)
		// It concerns that identity alone, and is there still.
		save(t, handle, other, numbered(2))
		wantLoaded(t, store, other, numbered(2))
		if _, err := handle.Load(t.Context(), account); !errors.Is(err, session.ErrNewerFormat) {
			t.Errorf("Load after a Save that was refused = %v, want ErrNewerFormat", err)
		}
	}
}

func nothingSaved(t *testing.T, open func(*testing.T) session.Store) {
	store, account := open(t), newAccount(t)
	wantNone(t, store, account)
	lock := acquire(t, store, account)
	if got, err := lock.Load(t.Context()); !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
		t.Errorf("Lock.Load = %v, %v, want the zero session and ErrNoSession", got, err)
	}
	release(t, lock)
	wantNone(t, open(t), account)
}

func savedIsLoaded(t *testing.T, open func(*testing.T) session.Store) {
	issued := time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC)
	for _, test := range []struct {
		name  string
		saved session.Session
	}{
		{"of an admin", session.Session{
			AccessToken:  secret.New("header.claims.signature"),
			RefreshToken: secret.New("refresh"),
			IssuedAt:     issued,
			ExpiresAt:    issued.Add(2 * time.Hour),
			Version:      1,
		}},
		{"of a user", session.Session{
			AccessToken:  secret.New("header.claims.signature"),
			RefreshToken: secret.New("refresh"),
			DeviceToken:  secret.New("7d9d8e0a-5d1e-4b43-a2b8-3f6f8f2f0b7c"),
			IssuedAt:     issued,
			ExpiresAt:    issued.Add(2 * time.Hour),
			// More than a floating-point number holds exactly.
			Version: math.MaxInt64 - 1,
		}},
		{"without known times", session.Session{
			AccessToken:  secret.New("access"),
			RefreshToken: secret.New("refresh"),
		}},
		{"in another time zone", session.Session{
			AccessToken:  secret.New("access"),
			RefreshToken: secret.New("refresh"),
			IssuedAt:     issued.In(time.FixedZone("", 5*60*60+30*60)),
			ExpiresAt:    issued.In(time.FixedZone("", -8*60*60)),
		}},
		{"with long and unusual tokens", session.Session{
			AccessToken:  secret.New(strings.Repeat("long.", 4000)),
			RefreshToken: secret.New("\"quoted\" \\ <&> \u2028 line\nnull\x00 é"),
			DeviceToken:  secret.New(" "),
			IssuedAt:     issued,
			ExpiresAt:    issued.Add(-time.Hour),
			Version:      -1,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, account := open(t), newAccount(t)
			lock := acquire(t, store, account)
			saveWith(t, lock, test.saved)
			if got, err := lock.Load(t.Context()); err != nil || !equal(got, test.saved) {
				t.Errorf("Lock.Load = %+v, %v, want %+v", got, err, test.saved)
			}
			release(t, lock)
			wantLoaded(t, store, account, test.saved)
			wantLoaded(t, open(t), account, test.saved)
		})
	}
}

func lastSaveWins(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	save(t, one, account, numbered(2))
	wantLoaded(t, other, account, numbered(2))
	save(t, other, account, numbered(3))
	wantLoaded(t, one, account, numbered(3))
	// A store does not compare: the manager knows which session is newer.
	lock := acquire(t, one, account)
	saveWith(t, lock, numbered(4))
	saveWith(t, lock, numbered(1))
	release(t, lock)
	wantLoaded(t, one, account, numbered(1))
	wantLoaded(t, other, account, numbered(1))
}

func zeroSession(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	save(t, one, account, numbered(1))
	save(t, one, account, session.Session{})
	wantNone(t, one, account)
	wantNone(t, other, account)
	save(t, other, account, numbered(2))
	wantLoaded(t, one, account, numbered(2))
}

func removed(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	neighbour := account
	neighbour.Login += " neighbour"
	save(t, one, account, numbered(1))
	save(t, one, neighbour, numbered(1))
	for _, by := range []session.Account{account, {Identity: account.Identity}, account} {
		// With the password, without it, and where there is nothing.
		lock := acquire(t, other, by)
		if err := lock.Remove(t.Context()); err != nil {
			t.Errorf("Remove = %v", err)
		}
		release(t, lock)
		wantNone(t, one, account)
		wantNone(t, open(t), account)
		wantLoaded(t, one, neighbour, numbered(1))
	}
	save(t, one, account, numbered(2))
	wantLoaded(t, other, account, numbered(2))
}

func otherIdentities(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	account.Login = "login"
	save(t, one, account, numbered(1))
	for _, test := range []struct {
		name   string
		change func(*session.Identity)
	}{
		{"URL", func(id *session.Identity) { id.UserServiceURL += "/" }},
		{"kind", func(id *session.Identity) { id.Kind = session.User }},
		{"resumed", func(id *session.Identity) { id.Kind = session.Resumed }},
		{"login", func(id *session.Identity) { id.Login = "login2" }},
		{"login in capitals", func(id *session.Identity) { id.Login = "LOGIN" }},
		{"same letters elsewhere", func(id *session.Identity) { id.UserServiceURL, id.Kind = id.UserServiceURL+"a", "dmin" }},
		{"fields exchanged", func(id *session.Identity) { id.Login, id.UserServiceURL = id.UserServiceURL, id.Login }},
	} {
		t.Run(test.name, func(t *testing.T) {
			stranger := account
			test.change(&stranger.Identity)
			wantNone(t, one, stranger)
			wantNone(t, other, stranger)
			save(t, other, stranger, numbered(2))
			wantLoaded(t, one, stranger, numbered(2))
			wantLoaded(t, one, account, numbered(1))
			wantLoaded(t, other, account, numbered(1))
		})
	}
}

func otherPasswords(t *testing.T, open func(*testing.T) session.Store) {
	one, other, account := open(t), open(t), newAccount(t)
	stranger := account
	stranger.Password = secret.New("another password")
	save(t, one, account, numbered(1))
	wantNone(t, one, stranger)
	wantNone(t, other, stranger)
	lock := acquire(t, other, stranger)
	if got, err := lock.Load(t.Context()); !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
		t.Errorf("Lock.Load with another password = %v, %v, want ErrNoSession", got, err)
	}
	// A changed password: its session replaces the one of the old password.
	saveWith(t, lock, numbered(2))
	release(t, lock)
	wantLoaded(t, one, stranger, numbered(2))
	wantNone(t, one, account)
	wantNone(t, open(t), account)
}

// newAccount returns an account that no other test has.
func newAccount(t *testing.T) session.Account {
	t.Helper()
	return session.Account{
		Identity: session.Identity{
			UserServiceURL: "https://user.storetest.example",
			Kind:           session.Admin,
			Login:          t.Name(),
		},
		Password: secret.New("the password of " + t.Name()),
	}
}

// acquire takes the lock, which must be free or become free.
func acquire(t *testing.T, store session.Store, account session.Account) session.Lock {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	lock, err := store.Acquire(ctx, account)
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	return lock
}

func saveWith(t *testing.T, lock session.Lock, s session.Session) {
	t.Helper()
	if err := lock.Save(t.Context(), s); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func release(t *testing.T, lock session.Lock) {
	t.Helper()
	if err := lock.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
}

func save(t *testing.T, store session.Store, account session.Account, s session.Session) {
	t.Helper()
	lock := acquire(t, store, account)
	saveWith(t, lock, s)
	release(t, lock)
}

func wantLoaded(t *testing.T, store session.Store, account session.Account, want session.Session) {
	t.Helper()
	if got, err := store.Load(t.Context(), account); err != nil || !equal(got, want) {
		t.Errorf("Load = %+v, %v, want %+v", got, err, want)
	}
}

func wantNone(t *testing.T, store session.Store, account session.Account) {
	t.Helper()
	if got, err := store.Load(t.Context(), account); !errors.Is(err, session.ErrNoSession) || !got.IsZero() {
		t.Errorf("Load = %+v, %v, want the zero session and ErrNoSession", got, err)
	}
}
