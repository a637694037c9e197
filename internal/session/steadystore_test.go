package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

var errBroken = errors.New("the store is broken")

// brokenStore is a store that fails where it is told to.
type brokenStore struct {
	session.Store
	load, acquire, save, leaseLoad error
	acquired                       int
}

func (b *brokenStore) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if b.load != nil {
		return session.Session{}, b.load
	}
	return b.Store.Load(ctx, account)
}

func (b *brokenStore) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	b.acquired++
	if b.acquire != nil {
		return nil, b.acquire
	}
	lock, err := b.Store.Acquire(ctx, account)
	return &brokenLock{lock, b}, err
}

type brokenLock struct {
	session.Lock
	of *brokenStore
}

func (l *brokenLock) Load(ctx context.Context) (session.Session, error) {
	if l.of.leaseLoad != nil {
		return session.Session{}, l.of.leaseLoad
	}
	return l.Lock.Load(ctx)
}

func (l *brokenLock) Save(ctx context.Context, s session.Session) error {
	if l.of.save != nil {
		return l.of.save
	}
	return l.Lock.Save(ctx, s)
}

// A store that fails costs a warning, told once, and the sessions of this
// process are kept in memory.
func TestBrokenStoreFailsNoRun(t *testing.T) {
	for _, test := range []struct {
		name  string
		store *brokenStore
	}{
		{"cannot be read", &brokenStore{load: errBroken, leaseLoad: errBroken}},
		{"cannot be locked", &brokenStore{acquire: errBroken}},
		{"cannot be written", &brokenStore{save: errBroken}},
		{"cannot be read in the lock", &brokenStore{leaseLoad: errBroken}},
		{"fails from the start", &brokenStore{load: errBroken, acquire: errBroken, save: errBroken, leaseLoad: errBroken}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				test.store.Store = session.NewMemory()
				m := session.NewManager(session.Config{Store: test.store, Fallback: true})
				req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
				first, err := m.Open(t.Context(), req)
				want(t, p, first, err, session.LoggedIn, counts{logins: 1})
				if len(first.Notices) != 1 || first.Notices[0].Kind != session.StoreUnavailable || !errors.Is(first.Notices[0].Err, errBroken) {
					t.Errorf("notices = %+v, want that the store is broken", first.Notices)
				}
				acquired := test.store.acquired
				second, err := m.Open(t.Context(), req)
				want(t, p, second, err, session.Reused, counts{logins: 1})
				if len(second.Notices) != 0 {
					t.Errorf("notices of the second = %+v, want none", second.Notices)
				}
				if test.store.acquired != acquired {
					t.Error("the broken store was asked again")
				}
				time.Sleep(2 * time.Hour)
				third, err := m.Open(t.Context(), req)
				want(t, p, third, err, session.Refreshed, counts{logins: 1, refreshes: 1})
			})
		})
	}
}

// What was read from a store that cannot be written is not lost with it.
func TestStoreThatCanBeReadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), &brokenStore{Store: session.NewMemory(), acquire: errBroken}
		save(t, store.Store, admin, resumable(110*time.Minute, 2*time.Hour))
		result, err := session.NewManager(session.Config{Store: store, Fallback: true}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		want(t, p, result, err, session.Refreshed, counts{refreshes: 1})
	})
}

// One that lost its right in the middle does not overwrite what another has
// stored since, and keeps its answer where nobody has.
func TestLostLease(t *testing.T) {
	for _, test := range []struct {
		name  string
		other func() session.Session // stored by another meanwhile
		token string
	}{
		{"another has stored a newer session", func() session.Session { return named("newer", -time.Minute) }, "newer"},
		{"another has stored an older one", func() session.Session { return named("older", time.Hour) }, "access-1"},
		{"nobody has stored anything", nil, "access-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, memory := newPlatform(), session.NewMemory()
				store := &losingStore{Store: memory, other: test.other}
				result, err := session.NewManager(session.Config{Store: store, Fallback: true}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
				want(t, p, result, err, session.LoggedIn, counts{logins: 1})
				stored, err := memory.Load(t.Context(), admin)
				if err != nil || stored.AccessToken.Reveal() != test.token || result.AccessToken.Reveal() != test.token {
					t.Errorf("stored %s, handed out %s, error %v, want %s", stored.AccessToken.Reveal(), result.AccessToken.Reveal(), err, test.token)
				}
			})
		})
	}
}

// losingStore loses its first lock in the moment of its save.
type losingStore struct {
	session.Store
	other func() session.Session
	lost  bool
}

func (s *losingStore) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	lock, err := s.Store.Acquire(ctx, account)
	return &losingLock{Lock: lock, of: s}, err
}

type losingLock struct {
	session.Lock
	of   *losingStore
	gone bool
}

func (l *losingLock) Save(ctx context.Context, s session.Session) error {
	if l.of.lost {
		return l.Lock.Save(ctx, s)
	}
	l.of.lost = true
	if l.of.other != nil {
		if err := l.Lock.Save(ctx, l.of.other()); err != nil {
			return err
		}
	}
	l.gone = true
	if err := l.Lock.Release(ctx); err != nil {
		return err
	}
	return session.ErrLockLost
}

func (l *losingLock) Release(ctx context.Context) error {
	if l.gone {
		return nil
	}
	return l.Lock.Release(ctx)
}
