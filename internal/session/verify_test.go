package session_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// verifying is a manager of its own process that asks for a proof of life that
// is older than five minutes.
func verifying(store session.Store) *session.Manager {
	return session.NewManager(session.Config{Store: store, VerifyAfter: 5 * time.Minute})
}

func kinds(notices []session.Notice) []session.NoticeKind {
	all := make([]session.NoticeKind, 0, len(notices))
	for _, n := range notices {
		all = append(all, n.Kind)
	}
	return all
}

func (p *platform) checked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.checks
}

func TestVerify_OldProofIsRenewed(t *testing.T) {
	tests := []struct {
		name     string
		age      time.Duration
		verdicts []session.Verdict
		refuse   bool // the refresh
		source   session.Source
		requests counts
		checks   int
		notices  []session.NoticeKind
	}{
		{name: "issued lately", age: 4 * time.Minute, source: session.Reused},
		{name: "alive", age: time.Hour, verdicts: []session.Verdict{session.Alive}, source: session.Reused, checks: 1},
		{name: "not known", age: time.Hour, verdicts: []session.Verdict{session.NotKnown}, source: session.Reused, checks: 1},
		{
			name: "revoked, and refreshed", age: time.Hour, verdicts: []session.Verdict{session.Revoked},
			source: session.Refreshed, requests: counts{refreshes: 1}, checks: 2, notices: []session.NoticeKind{session.RevokedReplaced},
		},
		{
			name: "revoked, and the refresh refused", age: time.Hour, verdicts: []session.Verdict{session.Revoked}, refuse: true,
			source: session.LoggedIn, requests: counts{logins: 1, refreshes: 1}, checks: 2, notices: []session.NoticeKind{session.RevokedReplaced},
		},
		{
			name: "the new one called revoked as well", age: time.Hour, verdicts: []session.Verdict{session.Revoked, session.Revoked},
			source: session.Refreshed, requests: counts{refreshes: 1}, checks: 2, notices: []session.NoticeKind{session.VerifyUseless},
		},
		{name: "stale: refreshed without a check", age: 110 * time.Minute, source: session.Refreshed, requests: counts{refreshes: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				p.verdicts = test.verdicts
				if test.refuse {
					p.failRefresh = answer{code: 401}
				}
				save(t, store, admin, resumable(test.age, 2*time.Hour))
				result, err := verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
				want(t, p, result, err, test.source, test.requests)
				if got := p.checked(); got != test.checks {
					t.Errorf("checks = %d, want %d", got, test.checks)
				}
				if got := kinds(result.Notices); !slices.Equal(got, test.notices) {
					t.Errorf("notices = %v, want %v", got, test.notices)
				}
			})
		})
	}
}

func TestVerify_OneCheckServesAllProcessesForTheInterval(t *testing.T) {
	for _, verdict := range []struct {
		name string
		of   session.Verdict
	}{{"alive", session.Alive}, {"not known", session.NotKnown}} {
		t.Run(verdict.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				p.verdicts = slices.Repeat([]session.Verdict{verdict.of}, 100)
				save(t, store, admin, resumable(10*time.Minute, 2*time.Hour))
				for round := 1; round <= 2; round++ {
					var all sync.WaitGroup
					for range 50 {
						all.Go(func() {
							result, err := verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
							if err != nil || result.Source != session.Reused {
								t.Errorf("%s, %v, want it reused", result.Source, err)
							}
						})
					}
					all.Wait()
					if got := p.checked(); got != round {
						t.Errorf("checks = %d after round %d", got, round)
					}
					time.Sleep(5 * time.Minute)
				}
			})
		})
	}
}

func TestVerify_UselessCheckIsLeftOffForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.lifetime = 48 * time.Hour
		p.verdicts = slices.Repeat([]session.Verdict{session.Revoked}, 2)
		save(t, store, admin, resumable(time.Hour, 2*time.Hour))
		open := func() {
			t.Helper()
			if _, err := verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}); err != nil {
				t.Fatal(err)
			}
		}
		open()
		time.Sleep(24*time.Hour - time.Second)
		open()
		if got := p.checked(); got != 2 {
			t.Errorf("checks within the day = %d, want the two that told that they are of no use", got)
		}
		time.Sleep(time.Second)
		open()
		if got := p.checked(); got != 3 {
			t.Errorf("checks after the day = %d, want 3", got)
		}
	})
}

func TestVerify_HangingCheckEndsAfterThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		save(t, store, admin, resumable(time.Hour, 2*time.Hour))
		started := time.Now()
		result, err := verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: hangingCheck{p}, MinLifetime: quarterHour})
		want(t, p, result, err, session.Reused, counts{})
		if took := time.Since(started); took != 3*time.Second {
			t.Errorf("it took %s, want 3s", took)
		}
	})
}

// hangingCheck is a platform whose check of a token is never answered.
type hangingCheck struct{ *platform }

func (hangingCheck) Verify(ctx context.Context, _ session.Session) session.Verdict {
	<-ctx.Done()
	return session.NotKnown
}

func TestVerify_NeverAndReadOnlyAskNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		config session.Config
	}{
		{"never", session.Config{}},
		{"read-only", session.Config{VerifyAfter: time.Minute, ReadOnly: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				save(t, store, admin, resumable(time.Hour, 2*time.Hour))
				test.config.Store = store
				result, err := session.NewManager(test.config).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
				want(t, p, result, err, session.Reused, counts{})
				if got := p.checked(); got != 0 {
					t.Errorf("checks = %d, want none", got)
				}
			})
		})
	}
}

// Of a store that can be read and not written, the proof is kept in memory, and
// a revoked session is an error: its refresh could not be stored.
func TestVerify_UnwritableStore(t *testing.T) {
	for _, test := range []struct {
		name    string
		verdict session.Verdict
		fails   bool
	}{
		{"alive", session.Alive, false},
		{"revoked", session.Revoked, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.verdicts = []session.Verdict{test.verdict}
				store := &brokenStore{Store: session.NewMemory(), acquire: session.ErrNotWritable}
				save(t, store.Store, admin, resumable(time.Hour, 2*time.Hour))
				m := verifying(store)
				for range 2 {
					result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
					if test.fails {
						var unwritable *session.ReadOnlyError
						if !errors.As(err, &unwritable) || !unwritable.Revoked {
							t.Fatalf("error = %v, want that the session is revoked", err)
						}
						return
					}
					want(t, p, result, err, session.Reused, counts{})
				}
				if got := p.checked(); got != 1 {
					t.Errorf("checks = %d, want 1", got)
				}
			})
		})
	}
}

// A token that cannot be refreshed is handed out while it lives, unless the
// platform calls it dead.
func TestVerify_StaleTokenThatCannotBeRefreshed(t *testing.T) {
	unwritable := func(s session.Store) session.Store { return &brokenStore{Store: s, acquire: session.ErrNotWritable} }
	for _, test := range []struct {
		name    string
		store   func(session.Store) session.Store // nil: as it is
		verdict session.Verdict
		notice  session.NoticeKind // zero: an error
	}{
		{name: "alive", verdict: session.Alive, notice: session.RefreshFailed},
		{name: "not known", verdict: session.NotKnown, notice: session.RefreshFailed},
		{name: "revoked", verdict: session.Revoked},
		{name: "alive, in a store that cannot be written", store: unwritable, verdict: session.Alive, notice: session.StoreNotWritable},
		{name: "not known, in a store that cannot be written", store: unwritable, verdict: session.NotKnown, notice: session.StoreNotWritable},
		{name: "revoked, in a store that cannot be written", store: unwritable, verdict: session.Revoked},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, memory := newPlatform(), session.NewMemory()
				p.failRefresh = answer{code: 503}
				p.verdicts = []session.Verdict{test.verdict}
				save(t, memory, admin, resumable(110*time.Minute, 2*time.Hour))
				var store session.Store = memory
				if test.store != nil {
					store = test.store(memory)
				}
				m, req := verifying(store), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
				result, err := m.Open(t.Context(), req)
				if err == nil {
					_, err = m.Open(t.Context(), req)
				}
				if got := p.checked(); got != 1 {
					t.Errorf("checks = %d, want 1 for all objects of the process", got)
				}
				if got := p.counts().logins; got != 0 {
					t.Errorf("logins = %d, want none", got)
				}
				var opened *session.OpenError
				var unwritable *session.ReadOnlyError
				revoked := errors.As(err, &opened) && opened.Revoked || errors.As(err, &unwritable) && unwritable.Revoked
				switch {
				case test.notice == 0 && !revoked:
					t.Errorf("%s, error = %v, want that the token is revoked", result.Source, err)
				case test.notice != 0 && err != nil:
					t.Error(err)
				case test.notice != 0 && !slices.Contains(kinds(result.Notices), test.notice):
					t.Errorf("notices = %v, want %v among them", kinds(result.Notices), test.notice)
				}
			})
		})
	}
}

// A check fails no run, also where many processes make theirs one after the other.
func TestVerify_LockThatTakesTooLongFailsNoRun(t *testing.T) {
	for _, test := range []struct {
		name    string
		verdict session.Verdict
		fails   bool
	}{
		{"alive", session.Alive, false},
		{"not known", session.NotKnown, false},
		{"revoked", session.Revoked, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				p.verdicts = []session.Verdict{test.verdict}
				save(t, store, admin, resumable(time.Hour, 2*time.Hour))
				others, err := store.Acquire(t.Context(), admin)
				if err != nil {
					t.Fatal(err)
				}
				m := session.NewManager(session.Config{Store: store, VerifyAfter: 1, LockWait: 10 * time.Second})
				result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
				if test.fails == (err == nil) {
					t.Errorf("%s, error = %v", result.Source, err)
				}
				if got := p.counts(); got != (counts{}) || p.checked() != 1 {
					t.Errorf("requests = %+v, checks = %d, want one check", got, p.checked())
				}
				if err := others.Release(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// A check that the run's end has cut short tells nothing, and does not count as
// made: the next run makes one.
func TestVerify_InterruptedCheckDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		save(t, store, admin, resumable(time.Hour, 2*time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := verifying(store).Open(ctx, session.Request{Account: admin, Authorizer: hangingCheck{p}, MinLifetime: quarterHour}); !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want that the run is over", err)
		}
		result, err := verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		want(t, p, result, err, session.Reused, counts{})
		if got := p.checked(); got != 1 {
			t.Errorf("checks of the next run = %d, want 1", got)
		}
	})
}

// Two parties that log in with the same credentials revoke each other's tokens.
func TestLoginWar_ThirdRevokedSessionWithinAnHourStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.failRefresh = answer{code: 401}
		save(t, store, admin, resumable(10*time.Minute, 2*time.Hour))
		open := func() (session.Result, error) {
			p.mu.Lock()
			p.verdicts = []session.Verdict{session.Revoked}
			p.mu.Unlock()
			return verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		}
		for logins := 1; logins <= 2; logins++ {
			result, err := open()
			want(t, p, result, err, session.LoggedIn, counts{logins: logins, refreshes: logins})
			time.Sleep(10 * time.Minute)
		}
		_, err := open()
		var war *session.RevokedError
		if !errors.As(err, &war) || war.Times != 3 {
			t.Errorf("error = %v, want that the session was revoked 3 times", err)
		}
		if got := p.counts(); got.logins != 2 {
			t.Errorf("logins = %d, want 2", got.logins)
		}
		time.Sleep(40 * time.Minute)
		if result, err := open(); err != nil || result.Source != session.LoggedIn {
			t.Errorf("after the hour: %s, %v, want a login", result.Source, err)
		}
	})
}

// A refused refresh tells nothing of somebody else's login.
func TestLoginWar_RefusedRefreshDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.failRefresh = answer{code: 401}
		for logins := 1; logins <= 4; logins++ {
			save(t, store, admin, resumable(115*time.Minute, 2*time.Hour))
			result, err := verifying(store).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
			want(t, p, result, err, session.LoggedIn, counts{logins: logins, refreshes: logins})
			if got := kinds(result.Notices); !slices.Equal(got, []session.NoticeKind{session.SessionReplaced}) {
				t.Errorf("notices = %v, want that the session was replaced", got)
			}
		}
	})
}

func TestRenew_AsksForANewSessionOnceInAProcess(t *testing.T) {
	for _, test := range []struct {
		renew    session.Source
		requests counts
	}{
		{session.Refreshed, counts{refreshes: 1}},
		{session.LoggedIn, counts{logins: 1}},
	} {
		t.Run(string(test.renew), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				save(t, store, admin, resumable(time.Minute, 2*time.Hour))
				m := session.NewManager(session.Config{Store: store, Renew: test.renew})
				for range 2 {
					result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
					if err != nil || result.AccessToken.Reveal() != "access-1" {
						t.Errorf("token = %s, error = %v", result.AccessToken.Reveal(), err)
					}
				}
				if got := p.counts(); got != test.requests {
					t.Errorf("requests = %+v, want %+v", got, test.requests)
				}
			})
		})
	}
}

// A run consists of several processes: those of a plan and of its apply.
func TestRenew_AsksForANewSessionOnceInARun(t *testing.T) {
	for _, renew := range []session.Source{session.Refreshed, session.LoggedIn} {
		t.Run(string(renew), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				save(t, store, admin, resumable(time.Minute, 2*time.Hour))
				open := func(run string) {
					t.Helper()
					m := session.NewManager(session.Config{Store: store, Renew: renew, Run: run})
					if _, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
				}
				open("one")
				open("one")
				if got := p.counts(); got.logins+got.refreshes != 1 {
					t.Errorf("requests of one run = %+v, want one", got)
				}
				open("another")
				if got := p.counts(); got.logins+got.refreshes != 2 {
					t.Errorf("requests of two runs = %+v, want two", got)
				}
			})
		})
	}
}

// The clocks of the platform and of the machine differ.
func TestRenew_DoesNotGoByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		save(t, store, admin, resumable(-10*time.Minute, 2*time.Hour))
		m := session.NewManager(session.Config{Store: store, Renew: session.Refreshed})
		result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		want(t, p, result, err, session.Refreshed, counts{refreshes: 1})
	})
}

// A token that a method of the platform refuses is replaced once, for all
// callers that were refused with it.
func TestRefusedToken_IsReplacedOnce(t *testing.T) {
	for _, test := range []struct {
		name     string
		age      time.Duration
		refuse   bool // the refresh
		requests counts
	}{
		{name: "revoked, and refreshed", age: time.Minute, requests: counts{refreshes: 1}},
		{name: "revoked, and the refresh refused", age: time.Minute, refuse: true, requests: counts{logins: 1, refreshes: 1}},
		{name: "expired", age: 2 * time.Hour, requests: counts{refreshes: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				if test.refuse {
					p.failRefresh = answer{code: 401}
				}
				save(t, store, admin, resumable(test.age, 2*time.Hour))
				m := verifying(store)
				refused := secretOf("access-resumed")
				results := make([]session.Result, 10)
				var all sync.WaitGroup
				for i := range results {
					all.Go(func() {
						var err error
						if results[i], err = m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, Refused: refused}); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if got := p.counts(); got != test.requests {
					t.Errorf("requests = %+v, want %+v", got, test.requests)
				}
				for _, result := range results {
					if got := result.AccessToken.Reveal(); got != "access-1" {
						t.Errorf("token = %s, want the new one", got)
					}
				}
			})
		})
	}
}

func TestRefusedToken_CountsInALoginWar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.failRefresh = answer{code: 401}
		m := verifying(session.NewMemory())
		result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p})
		for range 2 {
			if err != nil {
				t.Fatal(err)
			}
			result, err = m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, Refused: result.AccessToken})
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, Refused: result.AccessToken})
		var war *session.RevokedError
		if !errors.As(err, &war) {
			t.Errorf("error = %v, want that somebody else logs in", err)
		}
	})
}

func TestRefusedToken_ReadOnlyIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		save(t, store, admin, resumable(time.Minute, 2*time.Hour))
		m := session.NewManager(session.Config{Store: store, ReadOnly: true})
		_, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, Refused: secretOf("access-resumed")})
		var readOnly *session.ReadOnlyError
		if !errors.As(err, &readOnly) || p.counts() != (counts{}) {
			t.Errorf("error = %v after %+v, want that a read-only run replaces nothing", err, p.counts())
		}
	})
}
