package session

import (
	"errors"
	"fmt"
	"time"
)

// Source says what it took to hand a session out.
type Source string

// The sources, from the cheapest to the dearest.
const (
	// Reused means that no request was sent.
	Reused Source = "reused"
	// Refreshed means that a refresh token was traded for a new session.
	Refreshed Source = "refreshed"
	// LoggedIn means that credentials were sent, and that tokens issued
	// before may no longer work.
	LoggedIn Source = "logged_in"
)

// A Result is a session, what it took, and what its user should know.
type Result struct {
	Session
	Source  Source
	Notices []Notice

	skew time.Duration // what a ClockSkew tells
}

// A NoticeKind tells notices apart.
type NoticeKind int

// The kinds of notices.
const (
	// ShortLived: the token lives shorter than was asked for. Duration is
	// what it has left.
	ShortLived NoticeKind = iota + 1
	// WaitedToLogin: the login waited for Duration, to keep within the
	// platform's limit.
	WaitedToLogin
	// ResumeSpent: the resumed session was refused, so a login was made,
	// which revoked the tokens issued before. Err is the platform's answer.
	ResumeSpent
	// WouldRefresh: the manager is read-only, so the token was handed out
	// although it lives shorter than was asked for. Duration is what it has
	// left.
	WouldRefresh
	// StoreUnavailable: sessions are kept in memory for this process,
	// because the store failed with Err. It is given once per process.
	StoreUnavailable
	// StoreNotWritable: the token was handed out although it lives shorter
	// than was asked for, because the answer to a refresh could not be stored
	// for the reason Err. Duration is what it has left.
	StoreNotWritable
	// RefreshFailed: the same, because the refresh failed with Err.
	RefreshFailed
	// SessionReplaced: a session was known, and could not be refreshed for the
	// reason Err, so a login was made.
	SessionReplaced
	// RevokedReplaced: the platform called the stored session revoked, so it
	// was replaced. Somebody else has logged in with the same credentials.
	RevokedReplaced
	// VerifyUseless: the platform calls a token dead that it has just issued,
	// so it is not asked for a day.
	VerifyUseless
	// FormFound: the login was refused in one form and accepted in the session's
	// LoginForm, which took two logins.
	FormFound
	// RefreshedOften: the session was refreshed, and a request for the same
	// lifetime will refresh it again once Duration has passed, which is a small
	// part of its life.
	RefreshedOften
	// ClockSkew: the platform's clock is ahead of the local one by Duration,
	// which is negative when it is behind.
	ClockSkew
)

// A Notice is something that the user of a session should be told, though
// nothing failed.
type Notice struct {
	Kind     NoticeKind
	Duration time.Duration
	Err      error
}

const (
	// noticeableWait is how long a wait must be for its user to be told of it
	// in the result, besides the log.
	noticeableWait = 3 * time.Second
	// noticeablePart is the part of a token's life that is small: a demand for all
	// the rest replaces the token in nearly every run.
	noticeablePart = 20
	// noticeableSkew is how wrong a clock must be for the same.
	noticeableSkew = 2 * time.Minute
)

// notice adds a notice to the result.
func (r *Result) notice(n Notice) { r.Notices = append(r.Notices, n) }

// noticeSkew adds a notice when the clocks differ by minutes: expiry is judged
// by the local one (PLATFORM-API.md §5).
func (r *Result) noticeSkew(skew time.Duration) {
	if skew.Abs() >= noticeableSkew {
		r.notice(Notice{Kind: ClockSkew, Duration: skew})
	}
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
	// Revoked means that the known session lives on, and was not handed out
	// because the platform calls it revoked.
	Revoked bool
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

// A ReadOnlyError is a session that a [Manager] did not get, because it may
// ask nothing of the platform and knows none that is alive.
type ReadOnlyError struct {
	// Would is what it would have taken: [Refreshed] or [LoggedIn].
	Would Source
	// Revoked means that the known session lives on and the platform calls it
	// revoked.
	Revoked bool
	// Err is why the store cannot be written; nil when the manager is
	// read-only by its configuration.
	Err error
}

// Unwrap returns Err.
func (e *ReadOnlyError) Unwrap() error { return e.Err }

// Error tells what would have been done.
func (e *ReadOnlyError) Error() string {
	if e.Revoked {
		return fmt.Sprintf("the platform calls the stored session revoked, and the answer to a refresh could not be stored: %v", e.Err)
	}
	if e.Err != nil {
		return fmt.Sprintf("a session would have to be %s, and its answer could not be stored: %v",
			map[Source]string{Refreshed: "refreshed", LoggedIn: "made by a login"}[e.Would], e.Err)
	}
	if e.Would == Refreshed {
		return "the known session has expired and would be refreshed, which a read-only run does not do"
	}
	return "no session is known and a login would be made, which a read-only run does not do"
}

// A RevokedError is a login that was not made: the logins before it, in the last
// hour, only replaced sessions that somebody else had revoked.
type RevokedError struct {
	// Times is how often a session was found revoked in the last hour.
	Times int
}

// Error tells what happens.
func (e *RevokedError) Error() string {
	return fmt.Sprintf("somebody else logs in with the same credentials: the platform has revoked the stored session %d times within an hour", e.Times)
}

// A FormsError is a login that was refused in both of its forms: the
// credentials are wrong.
type FormsError struct{ Object, String error }

// Error tells the answer to the last.
func (e *FormsError) Error() string {
	return e.String.Error() + " (the login was tried in both of its forms)"
}

// Unwrap returns the answer to the last.
func (e *FormsError) Unwrap() error { return e.String }

// errLockWait is the cause when the store's lock took too long.
var errLockWait = errors.New("another process has held the lock on this identity's session for too long; " +
	"it is released when that process ends")
