package session

import (
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// A Session is a token pair with its times, as the platform returned it. A
// [Store] keeps it.
type Session struct {
	// AccessToken is the JWT to send as Authorization: Bearer.
	AccessToken secret.String
	// RefreshToken trades the access token, even an expired one, for a new
	// session. It is spent when used (PLATFORM-API.md §3).
	RefreshToken secret.String
	// DeviceToken is the platform's name of the user; empty for an admin.
	DeviceToken secret.String
	// IssuedAt orders the sessions of an identity: a later one replaces an
	// earlier one.
	IssuedAt time.Time
	// ExpiresAt is when the access token ends (PLATFORM-API.md §5). The zero
	// time means that it is not known, and is taken as past.
	ExpiresAt time.Time
	// Owner is whose the session is, as far as the platform tells. It is not
	// stored: what is stored was checked before.
	Owner Owner
	// VerifiedAt is when the platform was last asked whether the access token
	// is still good; the zero time when it was not.
	VerifiedAt time.Time
	// NoVerifyUntil is when asking makes sense again: the platform called a
	// token dead that it had just issued.
	NoVerifyUntil time.Time
	// Revocations are when, in the last hour, a session of this identity was
	// replaced because the platform called it revoked.
	Revocations []time.Time
	// LoginForm is the form of the login that the session comes from, by way
	// of refreshes; empty when it is not known.
	LoginForm LoginForm
	// RenewedBy is the [Config]'s Run that was told to renew and got this session;
	// empty for any other.
	RenewedBy string
	// Predecessor is the Login of the [Resumed] identity whose refresh token this
	// resumed pair was traded for, while that has a slot of its own still; else
	// empty.
	Predecessor string
	// Version tells the sessions of an identity apart without a secret: it is
	// the same for as long as the access token is, and grows when another one
	// takes its place. The [Manager] sets it before a session is kept.
	Version int64
}

// IsZero reports whether s holds no tokens at all.
func (s Session) IsZero() bool { return s.AccessToken.IsEmpty() && s.RefreshToken.IsEmpty() }

// Newer reports whether s was issued after other. Any session is newer than
// none.
func (s Session) Newer(other Session) bool {
	if s.IsZero() || other.IsZero() {
		return !s.IsZero()
	}
	return s.IssuedAt.After(other.IssuedAt)
}

// Lifetime is how long the access token was made to live, or zero when the
// session does not tell.
func (s Session) Lifetime() time.Duration {
	if s.IssuedAt.IsZero() || s.ExpiresAt.IsZero() {
		return 0
	}
	return max(0, s.ExpiresAt.Sub(s.IssuedAt))
}

// LivesFor reports whether the access token is good at now and for at least d
// after it. One that is over at now is not good, whatever d is.
func (s Session) LivesFor(d time.Duration, now time.Time) bool {
	left := s.ExpiresAt.Sub(now)
	return !s.AccessToken.IsEmpty() && left > 0 && left >= d
}
