package userservice

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
)

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
func skew(got received, token string) time.Duration {
	theirs, err := http.ParseTime(got.response.Header.Get("Date"))
	if err != nil {
		if theirs, _ = jwt.Times(token); theirs.IsZero() {
			return 0
		}
	}
	took := max(0, got.answered.Sub(got.sent))
	ahead := theirs.Sub(got.sent.Add(took / 2))
	if noise := took/2 + 2*time.Second; ahead.Abs() <= noise {
		return 0
	}
	return ahead.Round(time.Second)
}
