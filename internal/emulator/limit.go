package emulator

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// caller is an address with its logins (PLATFORM-API.md §6).
type caller struct {
	logins       []time.Time
	blockedUntil time.Time
}

// admit counts a login of the address that r came from. It returns a refusal
// when there were too many: one login more than the limit within the window
// blocks the address. The platform's lock is held.
func (p *Platform) admit(r *http.Request) *reply {
	if p.options.LoginLimit < 0 {
		return nil
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	c, known := p.callers[address]
	if !known {
		c = &caller{}
		p.callers[address] = c
	}
	now := p.now()
	c.logins = slices.DeleteFunc(c.logins, func(t time.Time) bool { return now.Sub(t) >= p.options.LoginWindow })
	if !now.Before(c.blockedUntil) && len(c.logins) >= p.options.LoginLimit {
		c.blockedUntil = now.Add(p.options.BlockFor)
	}
	if now.Before(c.blockedUntil) {
		p.counts.RateLimited++
		refused := refusal(http.StatusTooManyRequests, "Too many requests", "", "Too many login attempts. Try again later.")
		if !p.options.OmitRetryAfter {
			// Rounded up: a second too early is a login too many.
			left := c.blockedUntil.Sub(now) + time.Second - 1
			refused.retryAfter = strconv.Itoa(int(left / time.Second))
		}
		return &refused
	}
	c.logins = append(c.logins, now)
	return nil
}
