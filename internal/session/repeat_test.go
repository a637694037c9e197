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

// A process that is told to end does so when no work is under way: not between an
// answer and the store.
func TestOpen_WorkLastsFromTheRequestUntilTheAnswerIsStored(t *testing.T) {
	for _, test := range []struct {
		name        string
		stored      func() session.Session // nil: none
		failRefresh error
		failLogin   error
		onlyForm    session.LoginForm
		verdicts    []session.Verdict
		want        string
		wantError   bool
	}{
		{name: "login", want: "begin login answered stored end"},
		{name: "login in its other form", onlyForm: session.FormString, want: "begin login end begin login answered stored end"},
		{name: "login that fails", failLogin: answer{code: 500}, want: "begin login end", wantError: true},
		{name: "refresh", stored: aged(3 * time.Hour), want: "begin refresh answered stored end"},
		{name: "refresh that fails", stored: aged(3 * time.Hour), failRefresh: answer{code: 500}, want: "begin refresh end", wantError: true},
		{name: "login after a refused refresh", stored: aged(3 * time.Hour), failRefresh: answer{code: 401}, want: "begin refresh end begin login answered stored end"},
		{name: "refresh of a revoked session", stored: aged(time.Hour), verdicts: []session.Verdict{session.Revoked}, want: "check begin refresh answered stored check end"},
		{name: "check", stored: aged(time.Hour), want: "check"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var happened []string
				note := func(what string) { happened = append(happened, what) }
				p, store := newPlatform(), session.NewMemory()
				p.failRefresh, p.failLogin, p.onlyForm, p.verdicts = test.failRefresh, test.failLogin, test.onlyForm, test.verdicts
				if test.stored != nil {
					save(t, store, admin, test.stored())
				}
				_, err := session.NewManager(session.Config{
					Store: store, VerifyAfter: 5 * time.Minute, Hook: note,
					Begin: func() func() {
						note("begin")
						return func() { note("end") }
					},
				}).Open(t.Context(), session.Request{Account: admin, Authorizer: notingPlatform{p, note}, MinLifetime: quarterHour})
				if (err != nil) != test.wantError {
					t.Errorf("error %v", err)
				}
				if got := strings.Join(happened, " "); got != test.want {
					t.Errorf("happened: %s\nwant: %s", got, test.want)
				}
			})
		})
	}
}

// notingPlatform tells of each request.
type notingPlatform struct {
	*platform
	note func(string)
}

func (n notingPlatform) Login(ctx context.Context, form session.LoginForm) (session.Answer, error) {
	n.note("login")
	return n.platform.Login(ctx, form)
}

func (n notingPlatform) Refresh(ctx context.Context, s session.Session) (session.Answer, error) {
	n.note("refresh")
	return n.platform.Refresh(ctx, s)
}

func (n notingPlatform) Verify(ctx context.Context, s session.Session) session.Verdict {
	n.note("check")
	return n.platform.Verify(ctx, s)
}
