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

	// Login authorizes with credentials, written in a form, which may revoke
	// the tokens issued before (PLATFORM-API.md §6). Without credentials it
	// sends nothing and says in its error which are missing.
	Login(ctx context.Context, form LoginForm) (Answer, error)

	// Verify asks whether the access token of s is still good
	// (PLATFORM-API.md §7).
	Verify(ctx context.Context, s Session) Verdict
}

// A LoginForm is a dialect of the login's body (PLATFORM-API.md §2).
type LoginForm string

// The forms of a login.
const (
	// FormObject writes the login fields as a JSON object.
	FormObject LoginForm = "object"
	// FormString writes them as a JSON document inside a string.
	FormString LoginForm = "string"
)

// other is the form that is not f.
func (f LoginForm) other() LoginForm {
	if f == FormString {
		return FormObject
	}
	return FormString
}

// A Verdict is what the platform says about an access token.
type Verdict int

// The verdicts. Only an answer that the token is dead counts as [Revoked];
// everything else that is not a clear yes is [NotKnown] (PLATFORM-API.md §7).
const (
	NotKnown Verdict = iota
	Alive
	Revoked
)

// An Answer is a session as the platform returned it to a request.
type Answer struct {
	Session
	// ClockSkew is how far the platform's clock is ahead of the local one, to
	// the second; zero when the answer does not tell, and when it is within
	// what the request's own time leaves open.
	ClockSkew time.Duration

	// formFound means that the login was refused in the form that was tried first.
	formFound bool
}

// A PlatformError is implemented by the errors of an [Authorizer] that stand
// for an answer of the platform, or for the lack of one.
type PlatformError interface {
	error
	// Refused reports that the platform itself, in its own envelope, refused
	// the tokens or credentials, and will again: a refresh token is spent, or
	// a password wrong (PLATFORM-API.md §3).
	Refused() bool
	// WrongForm reports a refused login that may be accepted in the other form
	// (PLATFORM-API.md §2).
	WrongForm() bool
	// Unreachable reports that no connection could be made.
	Unreachable() bool
	// ByProxy reports that no connection could be made to the proxy of the
	// environment: another run may have another.
	ByProxy() bool
	// Retry reports whether the same request is worth sending again now, and
	// how long the platform asked to wait before that.
	Retry() (wait time.Duration, worthIt bool)
	// Blocked reports whether the platform turned the caller away for asking
	// too often, and how long to wait if it said so.
	Blocked() (wait time.Duration, blocked bool)
}

// asPlatform returns the platform's error in err, or nil.
func asPlatform(err error) PlatformError {
	var answer PlatformError
	if !errors.As(err, &answer) {
		return nil
	}
	return answer
}

// refused reports whether err is an answer that will not change.
func refused(err error) bool {
	answer := asPlatform(err)
	return answer != nil && answer.Refused()
}

// retry returns whether a request that failed with err is worth sending again,
// and after which wait at the least.
func retry(err error) (wait time.Duration, worthIt bool) {
	if answer := asPlatform(err); answer != nil {
		return answer.Retry()
	}
	return 0, false
}

// blockedFor returns whether err says that the platform refuses logins, and
// for how long if it says so.
func blockedFor(err error) (wait time.Duration, blocked bool) {
	if answer := asPlatform(err); answer != nil {
		return answer.Blocked()
	}
	return 0, false
}
