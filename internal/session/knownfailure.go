package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// What the ledger remembers beside logins: failures that the next request would
// meet again, and the form in which logins work.

// What a failure is of.
type operation string

const (
	refreshing operation = "refresh"
	loggingIn  operation = "login"
)

// rememberFailure is how long a failure is known to the machine.
const rememberFailure = 30 * time.Second

// rememberForms is how long it is known that credentials were refused in both
// forms of a login: until then, one form is enough.
const rememberForms = time.Minute

// keepFailures is how long a failure stays in the ledger, for those whose clock is
// another.
const keepFailures = time.Hour

// isWithin reports whether a time lies in the last d.
func isWithin(t time.Time, d time.Duration, now time.Time) bool {
	return !t.After(now) && t.Add(d).After(now)
}

// A KnownFailureError is a request that was not sent: the same one has just
// failed, in this process or another (ARCHITECTURE.md, rule 9).
type KnownFailureError struct {
	// Text is the error of the request that failed.
	Text string
	// Until is when it is worth another try.
	Until time.Time
	// Credentials means that the platform refused them; otherwise no
	// connection could be made, or no answer came in time.
	Credentials bool
}

// Error tells the failure and when a request is sent again.
func (e *KnownFailureError) Error() string {
	return fmt.Sprintf("%s (this has just failed in another run; nothing is sent again before %s)", e.Text, e.Until.UTC().Format(time.RFC3339))
}

// connection is the key of a failure that is everybody's.
const connection = "connection"

// refusalKey is the key of an account's refusal. It tells credentials apart by
// sixteen bits, which is enough for half a minute and of no use to guess them.
func refusalKey(account Account) string {
	sum := sha256.Sum256([]byte(account.Key() + account.Password.Reveal()))
	return account.Key()[:32] + hex.EncodeToString(sum[:2])
}

// silenceKey is the key of requests that got no answer in the time that the
// budget's runs allow. Others may allow more.
func (b *Budget) silenceKey(op operation) string {
	return fmt.Sprintf("no %s within %s", op, b.timeout)
}

// refusal returns a [*KnownFailureError] when the request is known to fail.
func (b *Budget) refusal(ctx context.Context, account Account, op operation) error {
	if b == nil {
		return nil
	}
	keys := []string{connection, b.silenceKey(op)}
	if op == loggingIn {
		keys = append(keys, refusalKey(account))
	}
	var known error
	_ = b.update(ctx, account.UserServiceURL, func(e *LedgerEntry, now time.Time) {
		known = nil
		for _, key := range keys {
			if f, ok := e.Failures[key]; ok && isWithin(f.At, rememberFailure, now) {
				known = &KnownFailureError{Text: f.Text, Until: f.At.Add(rememberFailure), Credentials: key == refusalKey(account)}
			}
		}
	})
	return known
}

// refusedLately reports whether a login with the account's credentials was
// refused within the last minute.
func (b *Budget) refusedLately(ctx context.Context, account Account) (lately bool) {
	if b == nil {
		return false
	}
	_ = b.update(ctx, account.UserServiceURL, func(e *LedgerEntry, now time.Time) {
		f, ok := e.Failures[refusalKey(account)]
		lately = ok && isWithin(f.At, rememberForms, now)
	})
	return lately
}

// note remembers what a request came to: a refusal of credentials, that no
// connection could be made, or that no answer came in time. An answer clears
// the latter two, a success all of them.
func (b *Budget) note(ctx context.Context, account Account, op operation, err error) {
	var known *KnownFailureError
	if b == nil || errors.As(err, &known) {
		return
	}
	answer := asPlatform(err)
	key := ""
	switch {
	case err == nil:
	case answer == nil:
		return
	case answer.Unreachable():
		if _, mayPass := answer.Retry(); !mayPass || answer.ByProxy() {
			// Nobody waits for it, and another run may be set up better.
			return
		}
		key = connection
	case errors.Is(err, context.DeadlineExceeded):
		key = b.silenceKey(op)
	case op == loggingIn && answer.Refused():
		key = refusalKey(account)
	}
	_ = b.update(context.WithoutCancel(ctx), account.UserServiceURL, func(e *LedgerEntry, now time.Time) {
		if key != connection && key != b.silenceKey(op) {
			delete(e.Failures, connection)
			delete(e.Failures, b.silenceKey(op))
		}
		switch {
		case err == nil:
			delete(e.Failures, refusalKey(account))
			if op == loggingIn {
				e.BlockedAt, e.BlockedUntil = time.Time{}, time.Time{}
			}
		case key != "":
			if e.Failures == nil {
				e.Failures = make(map[string]Failure)
			}
			e.Failures[key] = Failure{At: now, Text: err.Error()}
		}
	})
}

// knownForm returns the form in which logins of a kind are known to work at the
// identity's platform; empty when none is.
func (b *Budget) knownForm(ctx context.Context, id Identity) (form LoginForm) {
	if b == nil {
		return ""
	}
	_ = b.update(ctx, id.UserServiceURL, func(e *LedgerEntry, _ time.Time) { form = e.Forms[id.Kind] })
	return form
}

// rememberForm notes the form in which a login has worked.
func (b *Budget) rememberForm(ctx context.Context, id Identity, form LoginForm) {
	if b == nil {
		return
	}
	_ = b.update(context.WithoutCancel(ctx), id.UserServiceURL, func(e *LedgerEntry, _ time.Time) {
		if e.Forms == nil {
			e.Forms = make(map[Kind]LoginForm)
		}
		e.Forms[id.Kind] = form
	})
}
