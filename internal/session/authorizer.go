package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// An Authorizer asks the platform for sessions of one account. What its errors
// say of themselves decides what a [Manager] does next: see [Answered].
type Authorizer interface {
	// Refresh trades s for a new session. The refresh token of s is spent
	// from the moment the request is sent.
	Refresh(ctx context.Context, s Session) (Session, error)

	// Login authorizes anew, which revokes the tokens issued before
	// (PLATFORM-API.md §6). It calls admit before each request that the
	// platform counts as a login, and the function that admit returns once
	// the request has ended. Without credentials it sends nothing and says in
	// its error which are missing.
	Login(ctx context.Context, admit Admit) (Session, error)
}

// Admit asks for permission to send one login. It may wait. The function it
// returns is to be called when the request has ended, however it did.
type Admit func(ctx context.Context) (done func(), err error)

// Answered is implemented by errors that stand for an answer of the platform.
type Answered interface {
	error
	// Refused reports that the platform will say the same again to the same
	// tokens or credentials: a status from 400 to 499 other than 408 and 429.
	Refused() bool
	// Temporary reports that the same request may succeed later.
	Temporary() bool
	// Blocked reports whether the platform turned the caller away for asking
	// too often, and how long to wait if it said so.
	Blocked() (wait time.Duration, blocked bool)
}

// An OpenError says why no session could be had. At least one of its errors
// is set.
type OpenError struct {
	// Refresh is why the known sessions could not be refreshed; nil when
	// none was tried.
	Refresh error
	// Login is why a login failed or was not possible; nil when none was
	// tried, because the refresh may succeed later.
	Login error
}

// Error tells both reasons.
func (e *OpenError) Error() string {
	switch {
	case e.Refresh == nil:
		return e.Login.Error()
	case e.Login == nil:
		return e.Refresh.Error()
	default:
		return fmt.Sprintf("%v; then %v", e.Refresh, e.Login)
	}
}

// Unwrap returns the errors that are set.
func (e *OpenError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Refresh, e.Login} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// refused reports whether err is an answer that will not change.
func refused(err error) bool {
	var answer Answered
	return errors.As(err, &answer) && answer.Refused()
}

// mayPass reports whether what failed with err may succeed later as it is.
// What is not an answer of the platform, such as a cancelled context, counts
// among these: it says nothing about the tokens.
func mayPass(err error) bool {
	var answer Answered
	return !errors.As(err, &answer) || answer.Temporary()
}
