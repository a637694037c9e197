package session

import (
	"context"
	"errors"
	"time"
)

// An Authorizer asks the platform for sessions of one account. Each call sends
// at most one request; what its errors say of themselves decides what a
// [Manager] does next: see [PlatformError].
type Authorizer interface {
	// Refresh trades s for a new session. The refresh token of s is spent
	// from the moment the request is sent (PLATFORM-API.md §3).
	Refresh(ctx context.Context, s Session) (Answer, error)

	// Login authorizes with credentials, which revokes the tokens issued
	// before (PLATFORM-API.md §6). Without credentials it sends nothing and
	// says in its error which are missing.
	Login(ctx context.Context) (Answer, error)
}

// An Answer is a session as the platform returned it to a request.
type Answer struct {
	Session
	// ClockSkew is how far the platform's clock is ahead of the local one, to
	// the second; zero when the answer does not tell, and when it is within
	// what the request's own time leaves open.
	ClockSkew time.Duration
}

// A PlatformError is implemented by the errors of an [Authorizer] that stand
// for an answer of the platform, or for the lack of one.
type PlatformError interface {
	error
	// Refused reports that the platform will say the same again to the same
	// tokens or credentials: a status from 400 to 499 other than 408 and 429.
	Refused() bool
	// Temporary reports that the same request may succeed later.
	Temporary() bool
	// Retry reports whether the same request is worth sending again now, and
	// how long the platform asked to wait before that.
	Retry() (wait time.Duration, worthIt bool)
	// Blocked reports whether the platform turned the caller away for asking
	// too often, and how long to wait if it said so.
	Blocked() (wait time.Duration, blocked bool)
}

// refused reports whether err is an answer that will not change.
func refused(err error) bool {
	var answer PlatformError
	return errors.As(err, &answer) && answer.Refused()
}

// mayPass reports whether what failed with err may succeed later as it is.
// What is not an answer of the platform, such as a cancelled context, counts
// among these: it says nothing about the tokens.
func mayPass(err error) bool {
	var answer PlatformError
	return !errors.As(err, &answer) || answer.Temporary()
}

// retry returns whether a request that failed with err is worth sending again,
// and after which wait at the least.
func retry(err error) (wait time.Duration, worthIt bool) {
	var answer PlatformError
	if !errors.As(err, &answer) {
		return 0, false
	}
	return answer.Retry()
}

// blockedFor returns whether err says that the platform refuses logins, and
// for how long if it says so.
func blockedFor(err error) (wait time.Duration, blocked bool) {
	var answer PlatformError
	if !errors.As(err, &answer) {
		return 0, false
	}
	return answer.Blocked()
}
