package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// A day of six runners that share a store: it is down for ten minutes twice, one
// runner's token of the store has expired for a while, and a stranger logs in
// once. Runs may fail while there is no store, and nothing else may come of it.
func TestFleet_DayWithFailuresLogsInForTheStrangerAlone(t *testing.T) {
	for _, test := range []struct {
		name        string
		verifyAfter time.Duration
		// blind is how long after the stranger's login a dead token may be handed
		// out.
		blind  time.Duration
		checks int // at the most
	}{
		{name: "each run checks", verifyAfter: 1, checks: 6 * 2 * 24 * 5},
		{name: "a check each five minutes", verifyAfter: 5 * time.Minute, blind: 5 * time.Minute, checks: 24 * 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(test.verifyAfter)
				stranger := f.started.Add(10*time.Hour + 7*time.Minute)
				var all sync.WaitGroup
				all.Go(func() {
					time.Sleep(time.Until(stranger))
					if _, _, err := f.platform.LoginElsewhere(emulator.AdminEmail); err != nil {
						t.Error(err)
					}
				})
				for number := range 6 {
					all.Go(func() { f.work(t.Context(), number) })
				}
				all.Wait()

				for _, at := range f.dead {
					if at.Before(stranger) || at.After(stranger.Add(test.blind)) {
						t.Errorf("a dead token was handed out at %s", at.Format(time.TimeOnly))
					}
				}
				for _, failed := range f.failures {
					var store *session.StoreError
					if !failed.mayFail || !errors.As(failed.err, &store) {
						t.Errorf("runner %d failed at %s: %v", failed.runner, failed.at.Format(time.TimeOnly), failed.err)
					}
				}
				counts := f.platform.Counts()
				t.Logf("%d tokens handed out, %d of them dead, %d runs failed, requests %+v", f.handedOut, len(f.dead), len(f.failures), counts)
				if counts.Login != 2 || counts.RateLimited != 0 || counts.SpentRefresh != 0 {
					t.Errorf("requests = %+v, want two logins, none of them limited, and no refresh token spent twice", counts)
				}
				if counts.Permissions > test.checks {
					t.Errorf("%d checks, want %d at the most", counts.Permissions, test.checks)
				}
				if f.handedOut < 1000 || len(f.failures) == 0 {
					t.Errorf("%d tokens, %d failures: the day was too calm to show anything", f.handedOut, len(f.failures))
				}
			})
		})
	}
}

// A fleet is six runners with a machine each.
type fleet struct {
	platform    *emulator.Platform
	store       *session.Memory
	verifyAfter time.Duration
	started     time.Time

	mu        sync.Mutex
	handedOut int
	dead      []time.Time
	failures  []failedRun
}

type failedRun struct {
	runner  int
	at      time.Time
	err     error
	mayFail bool
}

func newFleet(verifyAfter time.Duration) *fleet {
	f := &fleet{
		platform:    emulator.New(emulator.Options{Now: time.Now}),
		store:       session.NewMemory(),
		verifyAfter: verifyAfter,
		started:     time.Now(),
	}
	f.platform.AddTestAccounts()
	return f
}

// work is a day of a runner: an apply every quarter of an hour and a bit.
func (f *fleet) work(ctx context.Context, number int) {
	ledger := &session.MemoryLedger{}
	for time.Since(f.started) < 24*time.Hour {
		began := time.Now()
		// A plan and its apply are processes of their own.
		if f.open(ctx, number, ledger) {
			time.Sleep(20 * time.Second)
			f.open(ctx, number, ledger)
		}
		time.Sleep(time.Until(began.Add(13*time.Minute + time.Duration(number)*37*time.Second)))
	}
}

// open is a process that asks for a token and uses it at once.
func (f *fleet) open(ctx context.Context, number int, ledger session.Ledger) bool {
	began := time.Now()
	base := &url.URL{Scheme: "https", Host: "platform.example"}
	credentials := userservice.Credentials{Email: emulator.AdminEmail, Password: secret.New(emulator.AdminPassword)}
	client := userservice.New(userservice.Config{BaseURL: base, PortalURL: base, Transport: wire{f.platform, number}})
	m := session.NewManager(session.Config{
		Store:       runnersStore{f.store, func() error { return f.storeFails(number) }},
		Budget:      session.NewBudget(ledger, session.BudgetConfig{Wait: session.DefaultLoginWait}),
		LockWait:    5 * time.Minute,
		VerifyAfter: f.verifyAfter,
	})
	result, err := m.Open(ctx, session.Request{Account: credentials.Account(base), Authorizer: client.Authorizer(credentials), MinLifetime: quarterHour})
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		// Its store has failed for a minute, or at once.
		mayFail := f.storeFails(number) != nil || f.failed(number, began) != nil
		f.failures = append(f.failures, failedRun{runner: number, at: began, err: err, mayFail: mayFail})
		return false
	}
	f.handedOut++
	if !f.platform.Accepts(result.AccessToken.Reveal()) {
		f.dead = append(f.dead, time.Now())
	}
	return true
}

// storeFails is what the store answers to a runner now, if not what it should.
func (f *fleet) storeFails(number int) error { return f.failed(number, time.Now()) }

func (f *fleet) failed(number int, at time.Time) error {
	within := func(begin, length time.Duration) bool {
		since := at.Sub(f.started)
		return since >= begin && since < begin+length
	}
	switch {
	case within(3*time.Hour, 10*time.Minute), within(15*time.Hour+30*time.Minute, 10*time.Minute):
		return passingError{}
	case number == 3 && within(6*time.Hour, 40*time.Minute):
		return errStoreToken
	}
	return nil
}

// errStoreToken does not pass by itself.
var errStoreToken = errors.New("the token of the store has expired")

// wire takes a runner's requests to the platform, which takes a moment.
type wire struct {
	platform *emulator.Platform
	runner   int
}

// RoundTrip implements [http.RoundTripper].
func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(200 * time.Millisecond)
	arrived := r.Clone(r.Context())
	arrived.RemoteAddr = fmt.Sprintf("192.0.2.%d:1024", w.runner+1)
	answer := httptest.NewRecorder()
	w.platform.ServeHTTP(answer, arrived)
	time.Sleep(200 * time.Millisecond)
	return answer.Result(), nil
}

// runnersStore is the fleet's store as one runner finds it.
type runnersStore struct {
	session.Store
	fails func() error
}

func (s runnersStore) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if err := s.fails(); err != nil {
		return session.Session{}, err
	}
	return s.Store.Load(ctx, account)
}

func (s runnersStore) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	if err := s.fails(); err != nil {
		return nil, err
	}
	lock, err := s.Store.Acquire(ctx, account)
	return runnersLock{lock, s.fails}, err
}

type runnersLock struct {
	session.Lock
	fails func() error
}

func (l runnersLock) Load(ctx context.Context) (session.Session, error) {
	if err := l.fails(); err != nil {
		return session.Session{}, err
	}
	return l.Lock.Load(ctx)
}

func (l runnersLock) Prepare(ctx context.Context) error {
	if err := l.fails(); err != nil {
		return err
	}
	return l.Lock.Prepare(ctx)
}

func (l runnersLock) Save(ctx context.Context, s session.Session) error {
	if err := l.fails(); err != nil {
		return err
	}
	return l.Lock.Save(ctx, s)
}
