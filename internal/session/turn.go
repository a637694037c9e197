package session

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
)

// turns lets the callers in one process take turns, per account. The store's
// lock would do, too; a turn costs no file and carries what the last login
// said to those who waited for it.
type turns struct {
	mu     sync.Mutex
	salt   []byte
	byName map[turnName]*turn
}

// turnName tells accounts apart without holding a password.
type turnName struct {
	identity Identity
	password [sha256.Size]byte
}

// of returns the turn of account.
func (ts *turns) of(account Account) *turn {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.byName == nil {
		ts.byName = make(map[turnName]*turn)
		ts.salt = []byte(rand.Text())
	}
	mac := hmac.New(sha256.New, ts.salt)
	_, _ = mac.Write([]byte(account.Password.Reveal()))
	name := turnName{identity: account.Identity, password: [sha256.Size]byte(mac.Sum(nil))}
	t, ok := ts.byName[name]
	if !ok {
		t = &turn{place: make(chan struct{}, 1)}
		ts.byName[name] = t
	}
	return t
}

// A turn is held by one caller at a time.
type turn struct {
	place chan struct{}

	mu      sync.Mutex
	offered Session
	count   int
	last    error
	refused error
}

// offer remembers a session that a caller gave for the account, and returns it.
// To one who gives none it returns the newest that was given before: what one
// object of a configuration resumes, the others need not log in for.
func (t *turn) offer(s Session) Session {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.Newer(t.offered) {
		t.offered = s
	}
	if s.IsZero() {
		return t.offered
	}
	return s
}

// take waits for the turn until ctx is done.
func (t *turn) take(ctx context.Context) error {
	select {
	case t.place <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// leave gives the turn to the next.
func (t *turn) leave() { <-t.place }

// failures counts the failed logins up to now.
func (t *turn) failures() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// failed remembers that a login failed.
func (t *turn) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	t.last = err
	if refused(err) {
		t.refused = err
	}
}

// failureSince returns the error that a login would most likely fail with
// again: a refusal, which stands for as long as the process and its
// configuration do, or any failure of a login made since the count was before,
// that is, while the caller waited for its turn. Ten resources that start at
// once with a wrong password cost one login, not ten.
func (t *turn) failureSince(before int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refused != nil {
		return t.refused
	}
	if t.count > before {
		return t.last
	}
	return nil
}
