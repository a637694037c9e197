package userservice

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// result is the Result of a login or a refresh (PLATFORM-API.md §4).
type result struct {
	DeviceToken *string
	AccessToken *struct {
		Token     string
		ExpiresIn json.RawMessage
	}
	RefreshToken string
}

// readSession reads the session that is in an answer, or says what is missing: a
// success holds two tokens (PLATFORM-API.md §4). A field of another type than the
// contract's is as good as not there.
func readSession(answer platform.Answer) (read session.Answer, problem string) {
	if answer.Result == nil {
		return session.Answer{}, "the answer holds no Result"
	}
	var r result
	_ = json.Unmarshal(answer.Result, &r) // its error is a field of another type
	access, refresh, device := r.tokens()
	switch {
	case access.IsEmpty():
		return session.Answer{}, "the answer holds no access token"
	case refresh.IsEmpty():
		return session.Answer{}, "the answer holds no refresh token"
	case !fitsHeader(access.Reveal()):
		return session.Answer{}, "the answer's access token holds characters that no token has"
	}
	issued, expires := times(access.Reveal(), r.AccessToken.ExpiresIn, answer.Answered)
	return session.Answer{
		Session: session.Session{
			AccessToken: access, RefreshToken: refresh, DeviceToken: device, IssuedAt: issued, ExpiresAt: expires,
			Owner: Owner(access, device),
		},
		ClockSkew: skew(answer, access.Reveal()),
	}, ""
}

// tokens returns what the Result holds, empty where it does not.
func (r *result) tokens() (access, refresh, device secret.String) {
	if r.AccessToken != nil {
		access = secret.New(r.AccessToken.Token)
	}
	if r.DeviceToken != nil {
		device = secret.New(*r.DeviceToken)
	}
	return access, secret.New(r.RefreshToken), device
}

// fitsHeader reports whether a token can be sent as Authorization: Bearer.
func fitsHeader(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// untold is the life of a token that does not tell its own: the shortest that
// the platform's documents know (PLATFORM-API.md §5).
const untold = 2 * time.Hour

// times returns when a token was issued and when it ends. The token is trusted
// first; where it is silent, it ends the sooner of ExpiresIn seconds and two
// hours from the answer (PLATFORM-API.md §5).
func times(token string, expiresIn json.RawMessage, answered time.Time) (issued, expires time.Time) {
	answered = answered.UTC().Round(0) // without the monotonic clock, as it is kept
	issued, expires = jwt.Times(token)
	if issued.IsZero() {
		issued = answered
	}
	if expires.IsZero() {
		expires = answered.Add(min(untold, lifetime(expiresIn)))
	}
	return issued, expires
}

// lifetime reads ExpiresIn, which should be a number of seconds and may come
// as a string. What cannot be read says nothing, and counts as [untold]; what
// is zero or less is over at once.
func lifetime(raw json.RawMessage) time.Duration {
	text := string(raw)
	if unquoted := ""; json.Unmarshal(raw, &unquoted) == nil && text != "null" {
		text = strings.TrimSpace(unquoted)
	}
	seconds, err := strconv.ParseFloat(text, 64)
	switch {
	case math.IsInf(seconds, -1):
		return 0
	case err != nil, math.IsNaN(seconds), seconds > untold.Seconds():
		return untold
	default:
		return time.Duration(max(0, seconds) * float64(time.Second))
	}
}

// skew returns how far the platform's clock is ahead of the local one. Its
// time is compared with the middle of the request; the difference says nothing
// when half of the request's time, or the second to which the platform's time
// is given, may be all of it.
func skew(answer platform.Answer, token string) time.Duration {
	theirs, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		if theirs, _ = jwt.Times(token); theirs.IsZero() {
			return 0
		}
	}
	took := max(0, answer.Answered.Sub(answer.Sent))
	ahead := theirs.Sub(answer.Sent.Add(took / 2))
	if noise := took/2 + 2*time.Second; ahead.Abs() <= noise {
		return 0
	}
	return ahead.Round(time.Second)
}
