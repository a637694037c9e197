package session

import (
	"context"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// accountStates are what one process remembers of its accounts.
type accountStates struct {
	mu         sync.Mutex
	byIdentity map[Identity][]*accountState
}

// of returns the state of account.
func (all *accountStates) of(account Account) *accountState {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, known := range all.byIdentity[account.Identity] {
		if known.password.Equal(account.Password) {
			return known
		}
	}
	added := &accountState{password: account.Password, lock: make(chan struct{}, 1)}
	if all.byIdentity == nil {
		all.byIdentity = make(map[Identity][]*accountState)
	}
	all.byIdentity[account.Identity] = append(all.byIdentity[account.Identity], added)
	return added
}

// An accountState is what the callers of one account in one process share: a
// lock, which costs less than the store's, the resumed session that one of
// them gave, and what the last login said.
type accountState struct {
	password secret.String
	lock     chan struct{}

	mu       sync.Mutex
	resumed  Session
	handed   map[time.Duration]handed
	failures int
	last     error
	refused  error
}

// acquire waits for the process's lock on the account until ctx is done.
func (a *accountState) acquire(ctx context.Context) error {
	select {
	case a.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// release ends the lock.
func (a *accountState) release() { <-a.lock }

// resume remembers a session that a caller gave for the account, and returns
// it. A caller that gives none gets the newest that was given before: the
// objects of a configuration need not log in for what one of them resumes.
func (a *accountState) resume(s Session) Session {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.Newer(a.resumed) {
		a.resumed = s
	}
	if s.IsZero() {
		return a.resumed
	}
	return s
}

// handed is a session that a request got. It lives until a time of the local clock:
// one that the platform has just issued for its whole life, whatever that clock says.
type handed struct {
	session Session
	skew    time.Duration // of the platform's clock, as its answer told
	until   time.Time
}

// handedOut returns what a request for the same lifetime got before, while it
// lives: within one process, objects that ask the same get the same session from
// the first to the last (ARCHITECTURE.md, rule 3).
func (a *accountState) handedOut(minLifetime time.Duration, now time.Time) (handed, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.handed[minLifetime]
	return h, ok && h.until.After(now)
}

// handOut remembers the session of a result, and returns the result. A newer
// session takes the place of what other requests got: it may have revoked that.
func (a *accountState) handOut(minLifetime time.Duration, result Result, now time.Time) Result {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.handed == nil {
		a.handed = make(map[time.Duration]handed)
	}
	h := handed{session: result.Session, skew: result.skew, until: result.ExpiresAt}
	if life := result.Lifetime(); result.Source != Reused && life > 0 {
		h.until = now.Add(life)
	}
	a.handed[minLifetime] = h
	if result.Source != Reused {
		for asked := range a.handed {
			a.handed[asked] = h
		}
	}
	return result
}

// forget drops the sessions that the process knows.
func (a *accountState) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resumed, a.handed = Session{}, nil
}

// failedLogins counts the failed logins up to now.
func (a *accountState) failedLogins() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failures
}

// loginFailed remembers that a login failed.
func (a *accountState) loginFailed(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures++
	a.last = err
	if refused(err) {
		a.refused = err
	}
}

// failureSince returns the error that a login would most likely fail with
// again: a refusal, which stands for as long as the process and its
// configuration do, or any failure of a login made since the count was before,
// that is, while the caller waited for the lock. Ten resources that start at
// once with a wrong password cost one login, not ten.
func (a *accountState) failureSince(before int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refused != nil {
		return a.refused
	}
	if a.failures > before {
		return a.last
	}
	return nil
}
