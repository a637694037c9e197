package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

var passing = answer{code: 503, retry: true}

// Each request of a login takes a place in the budget: after the limit, the
// next attempt is not sent.
func TestOpen_EachAttemptOfALoginNeedsAPlaceInTheBudget(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int
		want  string // of the error
	}{
		{"three places", 3, "the platform answered 503 (3 attempts)"},
		{"two places", 2, "no login was sent: this machine has used up its 2 logins per 1h0m0s at https://platform.example, and the next is free at 2000-01-01T01:00:00Z (before that, the platform answered 503)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.failLogin = passing
				budget := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{Limit: test.limit, Window: time.Hour})
				_, err := session.NewManager(session.Config{Budget: budget}).Open(t.Context(), session.Request{Account: admin, Authorizer: p})
				if err == nil || err.Error() != test.want {
					t.Errorf("error %v, want %s", err, test.want)
				}
				if got := p.counts(); got != (counts{logins: test.limit}) {
					t.Errorf("requests = %+v, want %d logins", got, test.limit)
				}
			})
		})
	}
}

func TestOpen_NoRequestIsBegunOnceTheCallerIsGone(t *testing.T) {
	errStop := errors.New("the CLI asked to stop")
	for _, test := range []struct {
		name   string
		resume func() session.Session
		want   counts
	}{
		{"refresh", aged(3 * time.Hour), counts{refreshes: 1}},
		{"login", func() session.Session { return session.Session{} }, counts{logins: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.failLogin, p.failRefresh = answer{code: 503, wait: 20 * time.Second, retry: true}, answer{code: 503, wait: 20 * time.Second, retry: true}
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(5*time.Second, func() { cancel(errStop) })
				_, err := session.NewManager(session.Config{}).Open(ctx, session.Request{Account: admin, Authorizer: p, Resume: test.resume()})
				if !errors.Is(err, errStop) {
					t.Errorf("error %v, want the reason for the end", err)
				}
				time.Sleep(time.Hour)
				if got := p.counts(); got != test.want {
					t.Errorf("requests = %+v, want %+v", got, test.want)
				}
			})
		})
	}
}

func TestOpen_ExpiredDeadlineEndsTheAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.failRefresh = answer{code: 503, wait: 20 * time.Second, retry: true}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		started := time.Now()
		_, err := session.NewManager(session.Config{}).Open(ctx, session.Request{Account: admin, Authorizer: p, Resume: resumable(3*time.Hour, 2*time.Hour)})
		if took := time.Since(started); took != 0 || p.counts() != (counts{refreshes: 1}) {
			t.Errorf("it ended after %s and %+v", took, p.counts())
		}
		if err == nil || !strings.Contains(err.Error(), "there is no time for another attempt before the operation's deadline at 2000-01-01T00:00:20Z") {
			t.Errorf("error %v", err)
		}
	})
}
