package session_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// slotStore counts the slots in a store.
type slotStore struct {
	session.Store
	mu    sync.Mutex
	slots map[session.Identity]bool
}

func newSlotStore() *slotStore {
	return &slotStore{Store: session.NewMemory(), slots: map[session.Identity]bool{}}
}

func (s *slotStore) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	lock, err := s.Store.Acquire(ctx, account)
	return &slotLock{lock, s, account.Identity}, err
}

// count returns how many there are.
func (s *slotStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.slots)
}

type slotLock struct {
	session.Lock
	of *slotStore
	id session.Identity
}

func (l *slotLock) Save(ctx context.Context, s session.Session) error {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.of.slots[l.id] = true
	return l.Lock.Save(ctx, s)
}

func (l *slotLock) Remove(ctx context.Context) error {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	delete(l.of.slots, l.id)
	return l.Lock.Remove(ctx)
}

// A pair that is resumed without credentials leaves no slot behind with each
// refresh, whether the caller keeps the new pair or resumes the first for ever.
func TestResumedPair_LeavesNoSlotPerRefresh(t *testing.T) {
	for _, test := range []struct {
		name  string
		keeps bool
		// slots are how many there are after a refresh, and after the next run,
		// which checks the token.
		afterRefresh, afterCheck int
	}{
		{"the caller keeps the new pair", true, 2, 1},
		{"the caller resumes the first pair for ever", false, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), newSlotStore()
				pair := resumable(3*time.Hour, 2*time.Hour)
				run := func(what string, source session.Source, slots int) session.Session {
					t.Helper()
					m := session.NewManager(session.Config{Store: store, VerifyAfter: 5 * time.Minute})
					nobody := session.Account{Identity: session.Identity{UserServiceURL: admin.UserServiceURL, Kind: session.Admin}}
					result, err := m.Open(t.Context(), session.Request{Account: nobody, Authorizer: strandedPlatform{p}, MinLifetime: quarterHour, Resume: pair})
					if err != nil || result.Source != source {
						t.Fatalf("%s: source %s, error %v, want %s", what, result.Source, err, source)
					}
					if got := store.count(); got != slots {
						t.Errorf("%s: %d slots, want %d", what, got, slots)
					}
					return result.Session
				}
				for range 4 {
					planned := run("plan", session.Refreshed, test.afterRefresh)
					applied := run("apply", session.Reused, test.afterRefresh)
					if !applied.AccessToken.Equal(planned.AccessToken) {
						t.Error("the apply did not get the plan's token")
					}
					if test.keeps {
						pair = applied
					}
					time.Sleep(6 * time.Minute)
					if next := run("next plan", session.Reused, test.afterCheck); !next.AccessToken.Equal(applied.AccessToken) || next.Version != applied.Version {
						t.Errorf("the next plan got version %d, want %d", next.Version, applied.Version)
					}
					run("next apply", session.Reused, test.afterCheck)
					time.Sleep(110 * time.Minute)
				}
				if p.reused != 0 {
					t.Errorf("%d spent refresh tokens were sent, want none", p.reused)
				}
			})
		})
	}
}

// What cannot be tidied up fails no run, and is not waited for beyond a moment.
func TestResumedPair_TidyingUpFailsNoRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, memory := newPlatform(), session.NewMemory()
		pair := resumable(3*time.Hour, 2*time.Hour)
		store := &secondFails{Store: memory}
		started := time.Now()
		result, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{
			Account: session.Account{Identity: session.Identity{UserServiceURL: admin.UserServiceURL, Kind: session.Admin}}, Authorizer: strandedPlatform{p}, Resume: pair,
		})
		want(t, p, result, err, session.Refreshed, counts{refreshes: 1})
		if took := time.Since(started); len(result.Notices) != 0 || took > 5*time.Second {
			t.Errorf("notices = %+v after %s, want none in a moment", result.Notices, took)
		}
	})
}

// secondFails hangs in every Acquire but the first.
type secondFails struct {
	session.Store
	acquired int
}

func (s *secondFails) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	if s.acquired++; s.acquired > 1 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Store.Acquire(ctx, account)
}
