package session_test

import (
	"context"
	"errors"
	"slices"
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
func TestFallback_BrokenStoreFailsNoRun(t *testing.T) {
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

// An answer that a configured store does not take is handed out and not lost for
// this run. What the store holds of others is as unknown as before.
func TestConfiguredStoreThatFailsWithTheAnswer_LogsNobodyElseIn(t *testing.T) {
	for _, test := range []struct {
		name string
		then func(*brokenStore)
	}{
		{"and goes on failing", func(s *brokenStore) { s.load, s.acquire, s.leaseLoad = errBroken, errBroken, errBroken }},
		{"and answers again", func(s *brokenStore) { s.save = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, other := newPlatform(), accountOf("b@example.com")
				store := &brokenStore{Store: session.NewMemory(), save: errBroken}
				save(t, store.Store, admin, resumable(110*time.Minute, 2*time.Hour))
				save(t, store.Store, other, resumable(time.Minute, 2*time.Hour))
				m := session.NewManager(session.Config{Store: store})
				req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
				first, err := m.Open(t.Context(), req)
				want(t, p, first, err, session.Refreshed, counts{refreshes: 1})
				if got := kinds(first.Notices); !slices.Equal(got, []session.NoticeKind{session.StoreUnavailable}) {
					t.Errorf("notices = %v, want that the store is broken", got)
				}
				test.then(store)

				again, err := m.Open(t.Context(), req)
				want(t, p, again, err, session.Reused, counts{refreshes: 1})
				again, err = m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: time.Hour})
				want(t, p, again, err, session.Reused, counts{refreshes: 1})
				theirs, err := m.Open(t.Context(), session.Request{Account: other, Authorizer: p, MinLifetime: quarterHour})
				var failed *session.StoreError
				switch {
				case store.load != nil && !errors.As(err, &failed):
					t.Errorf("%s, error = %v, want the store's", theirs.Source, err)
				case store.load == nil && (err != nil || theirs.Source != session.Reused):
					t.Errorf("%s, %v, want the other's reused", theirs.Source, err)
				}
				if got := p.counts(); got != (counts{refreshes: 1}) {
					t.Errorf("requests = %+v, want the one refresh", got)
				}
			})
		})
	}
}

// What was read from a store that cannot be written is not lost with it.
func TestFallback_KeepsWhatWasReadFromAnUnwritableStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), &brokenStore{Store: session.NewMemory(), acquire: errBroken}
		save(t, store.Store, admin, resumable(110*time.Minute, 2*time.Hour))
		result, err := session.NewManager(session.Config{Store: store, Fallback: true}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		want(t, p, result, err, session.Refreshed, counts{refreshes: 1})
	})
}

// passingStore is a store that fails in a way that may pass, until a time.
type passingStore struct {
	session.Store
	until     time.Time
	underLock time.Duration // how long it fails once it is locked
	asked     int
}

type passingError struct{}

func (passingError) Error() string   { return "the store is sealed" }
func (passingError) Temporary() bool { return true }

func (s *passingStore) fails() bool {
	s.asked++
	return time.Now().Before(s.until)
}

func (s *passingStore) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if s.fails() {
		return session.Session{}, passingError{}
	}
	return s.Store.Load(ctx, account)
}

func (s *passingStore) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	if s.fails() {
		return nil, passingError{}
	}
	lock, err := s.Store.Acquire(ctx, account)
	if s.underLock > 0 {
		s.until = time.Now().Add(s.underLock)
	}
	return &passingLock{lock, s}, err
}

type passingLock struct {
	session.Lock
	of *passingStore
}

func (l *passingLock) Load(ctx context.Context) (session.Session, error) {
	if l.of.fails() {
		return session.Session{}, passingError{}
	}
	return l.Lock.Load(ctx)
}

func (l *passingLock) Save(ctx context.Context, s session.Session) error {
	if l.of.fails() {
		return passingError{}
	}
	return l.Lock.Save(ctx, s)
}

// A configured store is shared: what is in it could be revoked by a login.
func TestConfiguredStoreThatFails_NeverLogsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name  string
			store session.Store
			after time.Duration // how long the run takes to fail
		}{
			{"for good", &brokenStore{Store: session.NewMemory(), load: errBroken}, 0},
			{"for good, when it is locked", &brokenStore{Store: session.NewMemory(), acquire: errBroken}, 0},
			{"for good, under the lock", &brokenStore{Store: session.NewMemory(), leaseLoad: errBroken}, 0},
			{"for longer than a minute", &passingStore{Store: session.NewMemory(), until: time.Now().Add(time.Hour)}, time.Minute},
		} {
			p, started := newPlatform(), time.Now()
			_, err := session.NewManager(session.Config{Store: test.store}).Open(t.Context(), session.Request{Account: admin, Authorizer: p})
			var failed *session.StoreError
			if !errors.As(err, &failed) {
				t.Errorf("%s: error = %v, want the store's", test.name, err)
			}
			if got := p.counts(); got != (counts{}) {
				t.Errorf("%s: requests = %+v, want none", test.name, got)
			}
			if took := time.Since(started); took < test.after || took > test.after+10*time.Second {
				t.Errorf("%s: it took %s, want about %s", test.name, took, test.after)
			}
		}
	})
}

func TestStoreThatFailsForAMoment_IsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, memory := newPlatform(), session.NewMemory()
		save(t, memory, admin, resumable(time.Hour, 2*time.Hour))
		store := &passingStore{Store: memory, until: time.Now().Add(8 * time.Second)}
		result, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		want(t, p, result, err, session.Reused, counts{})
		if len(result.Notices) != 0 {
			t.Errorf("notices = %+v, want none", result.Notices)
		}
	})
}

// It is waited for under the lock as well: before a request, and with the answer
// to one, which would be lost.
func TestStoreThatFailsForAMomentUnderTheLock_IsWaitedFor(t *testing.T) {
	for _, point := range []string{"before the request", session.Answered} {
		t.Run(point, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), &passingStore{Store: session.NewMemory()}
				save(t, store.Store, admin, resumable(3*time.Hour, 2*time.Hour))
				config := session.Config{Store: store}
				if point == session.Answered {
					config.Hook = func(at string) {
						if at == point {
							store.until = time.Now().Add(40 * time.Second)
						}
					}
				} else {
					store.underLock = 40 * time.Second
				}
				result, err := session.NewManager(config).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
				want(t, p, result, err, session.Refreshed, counts{refreshes: 1})
				if len(result.Notices) != 0 {
					t.Errorf("notices = %+v, want none", result.Notices)
				}
				if stored, err := store.Store.Load(t.Context(), admin); err != nil || !stored.AccessToken.Equal(result.AccessToken) {
					t.Errorf("stored %s, error %v, want what was handed out", stored.AccessToken.Reveal(), err)
				}
			})
		})
	}
}

// The minute is the process's: two hundred identities do not wait for two
// hundred minutes.
func TestStoreThatFails_IsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		m := session.NewManager(session.Config{Store: &passingStore{Store: session.NewMemory(), until: started.Add(time.Hour)}})
		for _, login := range []string{"a@example.com", "b@example.com", "c@example.com"} {
			if _, err := m.Open(t.Context(), session.Request{Account: accountOf(login), Authorizer: newPlatform()}); err == nil {
				t.Error("a session although the store fails")
			}
		}
		if took := time.Since(started); took > 70*time.Second {
			t.Errorf("it took %s, want a minute for all", took)
		}
	})
}

func TestStoreThatFails_IsWaitedForUntilTheRunIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errStop := errors.New("the CLI asked to stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(errStop) })
		started := time.Now()
		store := &passingStore{Store: session.NewMemory(), until: started.Add(time.Hour)}
		_, err := session.NewManager(session.Config{Store: store}).Open(ctx, session.Request{Account: admin, Authorizer: newPlatform()})
		if !errors.Is(err, errStop) || time.Since(started) != 5*time.Second {
			t.Errorf("error = %v after %s, want the reason for the end", err, time.Since(started))
		}
	})
}

// Rule 6: it is known before a refresh token is spent that the answer can be
// kept.
func TestUnwritableStore_SpendsNothing(t *testing.T) {
	for _, test := range []struct {
		name     string
		age      time.Duration
		insist   bool
		fallback bool
		fails    bool
	}{
		{name: "the living token is handed out", age: 110 * time.Minute},
		{name: "not where the object asked for more", age: 110 * time.Minute, insist: true, fails: true},
		{name: "an expired one is an error", age: 3 * time.Hour, fails: true},
		{name: "the default store is no exception", age: 3 * time.Hour, fallback: true, fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				store := &brokenStore{Store: session.NewMemory(), acquire: session.ErrNotWritable}
				save(t, store.Store, admin, resumable(test.age, 2*time.Hour))
				result, err := session.NewManager(session.Config{Store: store, Fallback: test.fallback}).Open(t.Context(), session.Request{
					Account: admin, Authorizer: p, MinLifetime: quarterHour, Insist: test.insist,
				})
				if got := p.counts(); got != (counts{}) {
					t.Errorf("requests = %+v, want none", got)
				}
				var readOnly *session.ReadOnlyError
				switch {
				case test.fails && !errors.As(err, &readOnly):
					t.Errorf("error = %v, want that the store cannot be written", err)
				case !test.fails && (err != nil || len(result.Notices) != 1 || result.Notices[0].Kind != session.StoreNotWritable):
					t.Errorf("notices = %+v, error = %v, want that the store cannot be written", result.Notices, err)
				}
			})
		})
	}
}

// What is wrong with one identity's entry concerns that identity alone.
func TestEntryThatIsNotOurs_ConcernsItsIdentityAlone(t *testing.T) {
	for _, cause := range []error{session.ErrForeign, session.ErrNewerFormat} {
		t.Run(cause.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, memory := newPlatform(), session.NewMemory()
				m := session.NewManager(session.Config{Store: &oneBadEntry{Store: memory, of: admin.Identity, err: cause}, Fallback: true})
				_, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p})
				if !errors.Is(err, cause) || p.counts() != (counts{}) {
					t.Errorf("error = %v after %+v, want %v", err, p.counts(), cause)
				}
				other := accountOf("b@example.com")
				result, err := m.Open(t.Context(), session.Request{Account: other, Authorizer: p, MinLifetime: quarterHour})
				want(t, p, result, err, session.LoggedIn, counts{logins: 1})
				if stored, err := memory.Load(t.Context(), other); err != nil || !stored.AccessToken.Equal(result.AccessToken) {
					t.Errorf("the other identity's session is not stored: %v", err)
				}
			})
		})
	}
}

// oneBadEntry is a store with an entry that is not to be used.
type oneBadEntry struct {
	session.Store
	of  session.Identity
	err error
}

func (s *oneBadEntry) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if account.Identity == s.of {
		return session.Session{}, s.err
	}
	return s.Store.Load(ctx, account)
}

// An answer that comes after the lock was lost does not overwrite a newer
// session, and is stored where there is none.
func TestLostLock_KeepsTheNewerSession(t *testing.T) {
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
