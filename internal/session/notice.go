package session

import (
	"errors"
	"time"
)

// noticeableWait is how long a wait must be for its user to be told of it in
// the result, besides the log.
const noticeableWait = 3 * time.Second

// errLockWait is the cause when the store's exclusive right took too long.
var errLockWait = errors.New("another process has held the lock on this identity's session for too long; " +
	"it is released when that process ends")

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
)

// A Notice is something that the user of a session should be told, though
// nothing failed.
type Notice struct {
	Kind     NoticeKind
	Duration time.Duration
	Err      error
}

// result puts together what the caller gets, with the notices that follow
// from the session and the store.
func (m *Manager) result(req Request, s Session, source Source) Result {
	result := Result{Session: s, Source: source}
	if left := s.ExpiresAt.Sub(m.now()); !m.readOnly && !s.LivesFor(req.MinLifetime, m.now()) {
		result.Notices = append(result.Notices, Notice{Kind: ShortLived, Duration: left})
	}
	if err := m.store.newlyUnavailable(); err != nil {
		result.Notices = append(result.Notices, Notice{Kind: StoreUnavailable, Err: err})
	}
	if result.Version == 0 {
		result.Version = s.IssuedAt.Unix()
	}
	return result
}

// blockedFor returns whether err says that the platform refuses logins, and
// for how long if it says so.
func blockedFor(err error) (time.Duration, bool) {
	var answer Answered
	if !errors.As(err, &answer) {
		return 0, false
	}
	return answer.Blocked()
}
