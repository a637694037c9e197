package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// platform is the other side of a manager: it counts what it is asked, and
// keeps the platform's rules on spent refresh tokens. It implements
// session.Authorizer for one account.
type platform struct {
	lifetime time.Duration
	latency  time.Duration

	mu        sync.Mutex
	issued    int
	logins    int
	refreshes int
	spent     map[string]bool
	reused    int

	checks   int
	verdicts []session.Verdict // of the next checks; Alive after them
	forms    []session.LoginForm
	onlyForm session.LoginForm // empty: both are accepted
	owner    session.Owner     // of the sessions that are issued

	failLogin   error
	failRefresh error
}

func newPlatform() *platform {
	return &platform{lifetime: 2 * time.Hour, spent: map[string]bool{}}
}

func (p *platform) issue() session.Session {
	p.issued++
	now := time.Now()
	return session.Session{
		AccessToken:  secret.New(fmt.Sprintf("access-%d", p.issued)),
		RefreshToken: secret.New(fmt.Sprintf("refresh-%d", p.issued)),
		IssuedAt:     now,
		ExpiresAt:    now.Add(p.lifetime),
		Owner:        p.owner,
	}
}

func (p *platform) Verify(context.Context, session.Session) session.Verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks++
	if len(p.verdicts) == 0 {
		return session.Alive
	}
	verdict := p.verdicts[0]
	p.verdicts = p.verdicts[1:]
	return verdict
}

func (p *platform) Login(_ context.Context, form session.LoginForm) (session.Answer, error) {
	time.Sleep(p.latency)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logins++
	p.forms = append(p.forms, form)
	if p.onlyForm != "" && form != p.onlyForm {
		return session.Answer{}, answer{code: 401}
	}
	if p.failLogin != nil {
		return session.Answer{}, p.failLogin
	}
	return session.Answer{Session: p.issue()}, nil
}

func (p *platform) Refresh(_ context.Context, s session.Session) (session.Answer, error) {
	time.Sleep(p.latency)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refreshes++
	if p.failRefresh != nil {
		return session.Answer{}, p.failRefresh
	}
	token := s.RefreshToken.Reveal()
	if p.spent[token] {
		p.reused++
		return session.Answer{}, answer{code: 401}
	}
	p.spent[token] = true
	return session.Answer{Session: p.issue()}, nil
}

// counts are the requests that the platform got.
type counts struct{ logins, refreshes int }

func (p *platform) counts() counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return counts{p.logins, p.refreshes}
}

// answer is an error answer of the platform.
type answer struct {
	code  int
	wait  time.Duration
	retry bool // it is worth another attempt
	// byProxy is what the environment's proxy is to blame for.
	byProxy bool
}

func (a answer) Error() string                  { return fmt.Sprintf("the platform answered %d", a.code) }
func (a answer) Refused() bool                  { return a.code/100 == 4 && a.code != 408 && a.code != 429 }
func (a answer) WrongForm() bool                { return a.code == 400 || a.code == 401 }
func (a answer) ByProxy() bool                  { return a.byProxy }
func (a answer) Unreachable() bool              { return a.code == 0 }
func (a answer) Retry() (time.Duration, bool)   { return a.wait, a.retry }
func (a answer) Blocked() (time.Duration, bool) { return a.wait, a.code == 429 }

var errNoCredentials = errors.New("no credentials")

// strandedPlatform cannot log in.
type strandedPlatform struct{ *platform }

func (strandedPlatform) Login(context.Context, session.LoginForm) (session.Answer, error) {
	return session.Answer{}, errNoCredentials
}

var admin = session.Account{
	Identity: session.Identity{UserServiceURL: "https://platform.example", Kind: session.Admin, Login: "a@example.com"},
	Password: secret.New("password"),
}

func accountOf(login string) session.Account {
	account := admin
	account.Login = login
	return account
}

// resumable is a session that is kept elsewhere, issued age ago.
func resumable(age, lifetime time.Duration) session.Session {
	issued := time.Now().Add(-age)
	return session.Session{
		AccessToken:  secret.New("access-resumed"),
		RefreshToken: secret.New("refresh-resumed"),
		IssuedAt:     issued,
		ExpiresAt:    issued.Add(lifetime),
		Owner:        session.Owner{Kind: session.Admin, Login: admin.Login},
	}
}

// save stores s as if another process had.
func save(t *testing.T, store session.Store, account session.Account, s session.Session) {
	t.Helper()
	lock, err := store.Acquire(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Save(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := lock.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// secretOf is short for a secret in a table.
func secretOf(text string) secret.String { return secret.New(text) }

// want compares what a call came to.
func want(t *testing.T, p *platform, result session.Result, err error, source session.Source, requests counts) {
	t.Helper()
	if err != nil {
		t.Fatalf("Open failed: %v", err)
	}
	if result.Source != source {
		t.Errorf("source = %s, want %s", result.Source, source)
	}
	if got := p.counts(); got != requests {
		t.Errorf("requests = %+v, want %+v", got, requests)
	}
	if result.AccessToken.IsEmpty() || result.RefreshToken.IsEmpty() {
		t.Error("a token is missing")
	}
}
