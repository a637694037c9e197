package session_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// silence is the error of a request that was not answered in time.
type silence struct{ answer }

func (silence) Error() string { return "no whole answer within 30s" }
func (silence) Unwrap() error { return context.DeadlineExceeded }

// unanswered is the error of a request that found no platform to connect to.
var unanswered = answer{code: 0, retry: true}

// stacks open a session of the admin at the same time, each in a process of its
// own, with one store and one ledger among them. It returns their errors.
func stacks(t *testing.T, n int, p session.Authorizer, store session.Store, ledger session.Ledger) []error {
	t.Helper()
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			manager := session.NewManager(session.Config{
				Store: store, Budget: perMinute(ledger, 5), LockWait: 270 * time.Second,
			})
			_, errs[i] = manager.Open(t.Context(), session.Request{Account: admin, Authorizer: p})
		})
	}
	all.Wait()
	return errs
}

// Twenty stacks that cannot succeed fail together, with the error of the one that
// has tried, and are not told that they waited for each other (ARCHITECTURE.md,
// rule 9).
func TestKnownFailure_TwentyStacksFailTogether(t *testing.T) {
	for _, test := range []struct {
		name     string
		fails    error
		latency  time.Duration
		requests int
		within   time.Duration
		says     string
	}{
		// In both forms of a login.
		{name: "wrong password", fails: answer{code: 401}, requests: 2, within: 10 * time.Second, says: "the platform answered 401"},
		{name: "nothing listens", fails: unanswered, requests: 3, within: 15 * time.Second, says: "the platform answered 0"},
		{name: "no answer", fails: silence{answer{code: 504, retry: true}}, latency: 30 * time.Second, requests: 3, within: 105 * time.Second, says: "no whole answer within 30s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.failLogin, p.latency = test.fails, test.latency
				started := time.Now()
				for i, err := range stacks(t, 20, p, session.NewMemory(), &session.MemoryLedger{}) {
					if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "another process has held the lock") {
						t.Errorf("stack %d: %v, want the error of the platform", i, err)
					}
				}
				if took := time.Since(started); took > test.within {
					t.Errorf("they failed after %s, want %s at the most", took, test.within)
				}
				if got := p.counts(); got != (counts{logins: test.requests}) {
					t.Errorf("requests = %+v, want %d logins", got, test.requests)
				}
			})
		})
	}
}

func TestKnownFailure_IsForgottenAfterHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ledger := newPlatform(), &session.MemoryLedger{}
		p.failLogin = unanswered
		stacks(t, 1, p, session.NewMemory(), ledger)
		failed := time.Now()
		p.failLogin = nil
		time.Sleep(30*time.Second - time.Nanosecond)
		var known *session.KnownFailureError
		if err := stacks(t, 1, p, session.NewMemory(), ledger)[0]; !errors.As(err, &known) || known.Credentials || !known.Until.Equal(failed.Add(30*time.Second)) {
			t.Errorf("error = %v, want that it is known for half a minute", err)
		}
		time.Sleep(time.Nanosecond)
		if err := stacks(t, 1, p, session.NewMemory(), ledger)[0]; err != nil {
			t.Errorf("after half a minute: %v", err)
		}
	})
}

// What is known of one password says nothing of another, and a success shows that
// the platform is there.
func TestKnownFailure_ASuccessOrAnotherCredentialClearsIt(t *testing.T) {
	open := func(t *testing.T, ledger session.Ledger, p session.Authorizer, req session.Request) error {
		t.Helper()
		req.Authorizer = p
		_, err := session.NewManager(session.Config{Budget: perMinute(ledger, 100), LoginForm: session.FormObject}).Open(t.Context(), req)
		return err
	}
	corrected := admin
	corrected.Password = secret.New("another password")
	var known *session.KnownFailureError
	t.Run("another credential", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, ledger := newPlatform(), &session.MemoryLedger{}
			p.failLogin = answer{code: 401}
			if err := open(t, ledger, p, session.Request{Account: admin}); err == nil || errors.As(err, &known) {
				t.Errorf("error = %v, want the platform's answer", err)
			}
			p.failLogin = nil
			if err := open(t, ledger, p, session.Request{Account: corrected}); err != nil {
				t.Errorf("with another password: %v", err)
			}
			if err := open(t, ledger, p, session.Request{Account: admin}); !errors.As(err, &known) || !known.Credentials {
				t.Errorf("error = %v, want that the first password is known to be refused", err)
			}
		})
	})
	t.Run("a success", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, ledger := newPlatform(), &session.MemoryLedger{}
			p.failLogin = answer{code: 401}
			if err := open(t, ledger, p, session.Request{Account: admin}); err == nil {
				t.Error("there is no error")
			}
			// A refresh is not held back by a refused login.
			if err := open(t, ledger, p, session.Request{Account: admin, Resume: resumable(3*time.Hour, 2*time.Hour)}); err != nil {
				t.Errorf("refresh: %v", err)
			}
			p.failLogin = nil
			if err := open(t, ledger, p, session.Request{Account: admin}); err != nil {
				t.Errorf("after a success: %v", err)
			}
		})
	})
	t.Run("an answer, of a platform that was not there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, ledger := newPlatform(), &session.MemoryLedger{}
			p.failRefresh = unanswered
			if err := open(t, ledger, p, session.Request{Account: admin, Resume: resumable(3*time.Hour, 2*time.Hour)}); err == nil {
				t.Error("there is no error")
			}
			if err := open(t, ledger, p, session.Request{Account: accountOf("b@example.com")}); !errors.As(err, &known) || known.Credentials {
				t.Errorf("error = %v, want that it is known to another identity, too", err)
			}
			time.Sleep(30 * time.Second)
			p.failRefresh = nil
			for range 2 {
				if err := open(t, ledger, p, session.Request{Account: accountOf("b@example.com")}); err != nil {
					t.Errorf("after an answer: %v", err)
				}
			}
		})
	})
}

// A connection that fails for the way that one run is set up, such as a certificate
// that it does not trust, is no other run's failure.
func TestKnownFailure_OfOneRunsSetUpIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ledger := newPlatform(), &session.MemoryLedger{}
		var known *session.KnownFailureError
		for _, failed := range []answer{{code: 0}, {code: 0}, {code: 0, retry: true, byProxy: true}, {code: 0, retry: true, byProxy: true}} {
			p.failLogin = failed
			if err := stacks(t, 1, p, session.NewMemory(), ledger)[0]; err == nil || errors.As(err, &known) {
				t.Errorf("error = %v, want that of the connection", err)
			}
		}
		// Without a retry, and three with.
		if got := p.counts(); got.logins != 2+2*3 {
			t.Errorf("requests = %+v, want those of each run", got)
		}
	})
}

// The platform has seen no login that found nobody to connect to: it takes no
// place, not even of a window that is a day long.
func TestLoginThatReachedNobody_GivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ledger := newPlatform(), &session.MemoryLedger{}
		open := func() error {
			budget := session.NewBudget(ledger, session.BudgetConfig{Limit: 1, Window: 24 * time.Hour})
			_, err := session.NewManager(session.Config{Budget: budget}).Open(t.Context(), session.Request{Account: admin, Authorizer: p})
			return err
		}
		p.failLogin = unanswered
		for range 2 {
			if err := open(); err == nil || !strings.Contains(err.Error(), "the platform answered 0") {
				t.Errorf("error = %v, want that there is no connection", err)
			}
			time.Sleep(31 * time.Second)
		}
		p.failLogin = nil
		if err := open(); err != nil {
			t.Errorf("once the platform is there: %v", err)
		}
		var held *session.BudgetError
		if err := open(); !errors.As(err, &held) {
			t.Errorf("error = %v, want that the one place is taken", err)
		}
	})
}
