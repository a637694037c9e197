package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

func request(p session.Authorizer) session.Request {
	return session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
}

func TestRefresh_TradesAFreshSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		save(t, store, admin, resumable(time.Minute, 2*time.Hour))
		m := session.NewManager(session.Config{Store: store})
		before, err := m.Open(t.Context(), request(p))
		want(t, p, before, err, session.Reused, counts{})
		result, err := m.Refresh(t.Context(), request(p))
		want(t, p, result, err, session.Refreshed, counts{refreshes: 1})
		if result.Version <= before.Version {
			t.Errorf("version %d after %d", result.Version, before.Version)
		}
		// The process and all others have the new session.
		for _, other := range []*session.Manager{m, session.NewManager(session.Config{Store: store})} {
			again, err := other.Open(t.Context(), request(p))
			want(t, p, again, err, session.Reused, counts{refreshes: 1})
			if !again.AccessToken.Equal(result.AccessToken) {
				t.Errorf("token = %s, want the new one", again.AccessToken.Reveal())
			}
		}
	})
}

// A refresh is never a login by itself, and what it leaves undone changes nothing
// in the store.
func TestRefresh_NeverLogsIn(t *testing.T) {
	alive, expired := aged(time.Hour), aged(240*time.Hour)
	tests := []struct {
		name        string
		stored      func() session.Session
		config      session.Config
		failRefresh error
		store       func(*session.Memory) session.Store
		requests    counts
		is          error // the error wraps it
		refused     bool  // the error is an OpenError with a refusal
	}{
		{name: "nothing is stored", is: session.ErrNoSession},
		{name: "the refresh is refused", stored: alive, failRefresh: answer{code: 401}, requests: counts{refreshes: 1}, refused: true},
		{name: "the same of an expired session", stored: expired, failRefresh: answer{code: 400}, requests: counts{refreshes: 1}, refused: true},
		{name: "the answer is odd", stored: expired, failRefresh: answer{code: 200}, requests: counts{refreshes: 1}, is: answer{code: 200}},
		{name: "the run is read-only", stored: alive, config: session.Config{ReadOnly: true}, is: session.ErrReadOnlyRun},
		{name: "the run is to renew by a login", stored: alive, config: session.Config{Renew: session.LoggedIn}, failRefresh: answer{code: 401}, requests: counts{refreshes: 1}, refused: true},
		{name: "the store cannot be written", stored: alive, store: func(m *session.Memory) session.Store {
			return &brokenStore{Store: m, acquire: session.ErrNotWritable}
		}, is: session.ErrNotWritable},
		{name: "the store is broken", stored: alive, store: func(m *session.Memory) session.Store {
			return &brokenStore{Store: m, acquire: errBroken}
		}, is: errBroken},
		{name: "a broken store is not given up for memory", stored: alive, config: session.Config{Fallback: true}, store: func(m *session.Memory) session.Store {
			return &brokenStore{Store: m, acquire: errBroken}
		}, is: errBroken},
		{name: "what is stored is somebody else's", stored: alive, store: func(m *session.Memory) session.Store {
			return &brokenStore{Store: m, leaseLoad: session.ErrForeign}
		}, is: session.ErrForeign},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, memory := newPlatform(), session.NewMemory()
				p.failRefresh = test.failRefresh
				if test.stored != nil {
					save(t, memory, admin, test.stored())
				}
				test.config.Store = memory
				if test.store != nil {
					test.config.Store = test.store(memory)
				}
				_, err := session.NewManager(test.config).Refresh(t.Context(), request(p))
				if test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("error = %v, want %v", err, test.is)
				}
				var failed *session.OpenError
				if test.refused && (!errors.As(err, &failed) || failed.Login != nil || failed.Refresh == nil) {
					t.Errorf("error = %v, want a refused refresh", err)
				}
				if got := p.counts(); got != test.requests {
					t.Errorf("requests = %+v, want %+v", got, test.requests)
				}
				stored, err := memory.Load(t.Context(), admin)
				if test.stored != nil && (err != nil || stored.AccessToken.Reveal() != "access-resumed") {
					t.Errorf("stored = %s (%v), want what was there", stored.AccessToken.Reveal(), err)
				}
			})
		})
	}
}

// changingStore has another session from the second load under its lock on: a
// machine that shares no lock has refreshed.
type changingStore struct {
	session.Store
	next session.Session
}

func (s *changingStore) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	lock, err := s.Store.Acquire(ctx, account)
	return &changingLock{Lock: lock, of: s}, err
}

type changingLock struct {
	session.Lock
	of    *changingStore
	loads int
}

func (l *changingLock) Load(ctx context.Context) (session.Session, error) {
	if l.loads++; l.loads > 1 {
		return l.of.next, nil
	}
	return l.Lock.Load(ctx)
}

func TestRefresh_SpentTokenLooksForANewerSession(t *testing.T) {
	tests := []struct {
		name  string
		next  func() session.Session
		token string // empty: an error
	}{
		{"a newer one", func() session.Session { return named("newer", time.Minute) }, "newer"},
		{"an older one", func() session.Session { return named("older", 90*time.Minute) }, ""},
		{"a newer one that is over", shortLived, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, memory := newPlatform(), session.NewMemory()
				p.failRefresh = answer{code: 401}
				save(t, memory, admin, resumable(time.Hour, 2*time.Hour))
				m := session.NewManager(session.Config{Store: &changingStore{Store: memory, next: test.next()}})
				result, err := m.Refresh(t.Context(), request(p))
				if test.token == "" {
					if err == nil || p.counts() != (counts{refreshes: 1}) {
						t.Errorf("error = %v, requests = %+v, want an error after one refresh", err, p.counts())
					}
					return
				}
				want(t, p, result, err, session.Reused, counts{refreshes: 1})
				if got := result.AccessToken.Reveal(); got != test.token {
					t.Errorf("token = %s, want %s", got, test.token)
				}
			})
		})
	}
}

// ARCHITECTURE.md, rule 7.
func TestRefresh_InterruptKeepsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.latency = 2 * time.Second
		save(t, store, admin, resumable(time.Minute, 2*time.Hour))
		begun, ended := 0, 0
		m := session.NewManager(session.Config{Store: store, Begin: func() func() {
			begun++
			return func() { ended++ }
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _ = m.Refresh(ctx, request(p))
		stored, err := store.Load(t.Context(), admin)
		if err != nil || stored.AccessToken.Reveal() != "access-1" || begun != 1 || ended != 1 {
			t.Errorf("stored %s (%v), work begun %d, ended %d", stored.AccessToken.Reveal(), err, begun, ended)
		}
		// Once it is over, nothing is sent.
		_, err = m.Refresh(ctx, request(p))
		if err == nil || p.counts() != (counts{refreshes: 1}) {
			t.Errorf("error = %v, requests = %+v, want no further one", err, p.counts())
		}
	})
}

func TestRefresh_AtTheSameTimeSpendsNoTokenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.latency = time.Second
		save(t, store, admin, resumable(time.Minute, 2*time.Hour))
		var group sync.WaitGroup
		for i := range 6 {
			m := session.NewManager(session.Config{Store: store})
			group.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = m.Refresh(t.Context(), request(p))
				} else {
					_, err = m.Open(t.Context(), request(p))
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := p.counts(); got != (counts{refreshes: 3}) || p.reused != 0 {
			t.Errorf("requests = %+v, spent tokens used %d", got, p.reused)
		}
	})
}

func TestForget_DropsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		other := accountOf("other@example.com")
		save(t, store, admin, resumable(time.Minute, 2*time.Hour))
		save(t, store, other, named("other", time.Minute))
		m := session.NewManager(session.Config{Store: store})
		result, err := m.Open(t.Context(), request(p))
		want(t, p, result, err, session.Reused, counts{})

		for i, wantFound := range []bool{true, false} {
			found, err := m.Forget(t.Context(), admin)
			if err != nil || found != wantFound {
				t.Errorf("Forget %d = %t, %v, want %t", i, found, err, wantFound)
			}
			if _, err := store.Load(t.Context(), admin); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("Load = %v, want that there is none", err)
			}
		}
		if kept, err := store.Load(t.Context(), other); err != nil || kept.AccessToken.Reveal() != "other" {
			t.Errorf("the other's session: %v", err)
		}
		// Nothing was asked of the platform; the next request logs in.
		if got := p.counts(); got != (counts{}) {
			t.Errorf("requests = %+v, want none", got)
		}
		result, err = m.Open(t.Context(), request(p))
		want(t, p, result, err, session.LoggedIn, counts{logins: 1})
	})
}

// A session of another password is no session of the account's, and goes as well.
func TestForget_OtherPassword(t *testing.T) {
	store := session.NewMemory()
	save(t, store, admin, resumable(time.Minute, 2*time.Hour))
	changed := admin
	changed.Password = secretOf("another")
	found, err := session.NewManager(session.Config{Store: store}).Forget(t.Context(), changed)
	if found || err != nil {
		t.Errorf("Forget = %t, %v", found, err)
	}
	if _, err := store.Load(t.Context(), admin); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("Load = %v, want that there is none", err)
	}
}

// What was read before is not handed out from memory after it was forgotten.
func TestForget_AlsoWhatIsRememberedOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), &brokenStore{Store: session.NewMemory()}
		save(t, store.Store, admin, resumable(time.Minute, 2*time.Hour))
		m := session.NewManager(session.Config{Store: store, Fallback: true})
		result, err := m.Open(t.Context(), request(p))
		want(t, p, result, err, session.Reused, counts{})
		if found, err := m.Forget(t.Context(), admin); !found || err != nil {
			t.Errorf("Forget = %t, %v", found, err)
		}
		store.load, store.acquire = errBroken, errBroken
		result, err = m.Open(t.Context(), request(p))
		want(t, p, result, err, session.LoggedIn, counts{logins: 1})
	})
}

func TestForget_StoreThatCannotBeChangedIsAnError(t *testing.T) {
	tests := []struct {
		name   string
		config session.Config
		broken brokenStore
		is     error
	}{
		{"read-only run", session.Config{ReadOnly: true}, brokenStore{}, session.ErrReadOnlyRun},
		{"not writable", session.Config{}, brokenStore{acquire: session.ErrNotWritable}, session.ErrNotWritable},
		{"broken, with a memory to fall back to", session.Config{Fallback: true}, brokenStore{acquire: errBroken}, errBroken},
		{"foreign", session.Config{}, brokenStore{leaseLoad: session.ErrForeign}, session.ErrForeign},
		{"newer format", session.Config{}, brokenStore{leaseLoad: session.ErrNewerFormat}, session.ErrNewerFormat},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := session.NewMemory()
				save(t, memory, admin, resumable(time.Minute, 2*time.Hour))
				test.broken.Store = memory
				test.config.Store = &test.broken
				if _, err := session.NewManager(test.config).Forget(t.Context(), admin); !errors.Is(err, test.is) {
					t.Errorf("error = %v, want %v", err, test.is)
				}
				if _, err := memory.Load(t.Context(), admin); err != nil {
					t.Errorf("the session has gone: %v", err)
				}
			})
		})
	}
}
