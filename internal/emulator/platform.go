// Package emulator is the telematics platform in memory, to the letter of
// PLATFORM-API.md: logins under a limit, refreshes that spend what they are
// given, and the methods that show whether a token is accepted. It is strict,
// so that what works here is within the contract. Its clock can be moved, and
// it can be told to fail.
//
// It is made for the provider's tests, the demo, and for those who want to try
// a configuration without the platform.
package emulator

import (
	"net/http"
	"sync"
	"time"
)

// Options are the platform's settings. The zero value is the contract's
// defaults.
type Options struct {
	// Now is the clock that [Platform.Advance] moves; nil means time.Now.
	Now func() time.Time
	// Latency is how long every answer is held back after the platform has
	// acted.
	Latency time.Duration

	// LoginLimit is how many logins an address has in a LoginWindow: 5 in a
	// minute where they are zero. A negative limit is none (§6).
	LoginLimit  int
	LoginWindow time.Duration
	// BlockFor is how long an address is blocked that asked once more; an
	// hour where it is zero (§6).
	BlockFor time.Duration
	// OmitRetryAfter leaves the header Retry-After out of a 429.
	OmitRetryAfter bool
	// AdminForm and UserForm are the form of LoginFields that a login of this
	// kind may have. Another is refused as a wrong password is, with no
	// message (§2).
	AdminForm, UserForm LoginForm
	// LoginRefusedBy and RefreshRefusedBy are the Status of a login and of a
	// refresh whose credentials or tokens are refused, 401 where they are
	// zero. 419 comes inside HTTP 200, any other as HTTP status, too (§3).
	LoginRefusedBy, RefreshRefusedBy int

	// LoginKeepsTokens lets the tokens live that were issued to an account
	// before it logs in again. By default a login revokes them (§6, D).
	LoginKeepsTokens bool
	// RefreshOutlivesLogin lets a login revoke access tokens only, so that a
	// refresh works after somebody else's login. No source shows which of
	// both is so (§6).
	RefreshOutlivesLogin bool
	// RefreshOmitsDeviceToken leaves DeviceToken out of the answer to a
	// refresh (§3, K).
	RefreshOmitsDeviceToken bool

	// AccessTokenLifetime is from a token's iat to its exp: two hours where
	// it is zero (§5, S).
	AccessTokenLifetime time.Duration
	// RefreshTokenLifetime is 90 days where it is zero (§5, D and K).
	RefreshTokenLifetime time.Duration
	// OpaqueTokens makes access tokens that are no JWTs.
	OpaqueTokens bool
	// ExpiresIn is the answer's field of this name, in seconds. Zero means
	// the seconds from the token's nbf to its exp, as in real answers (§5);
	// of an opaque token, its lifetime.
	ExpiresIn int64
}

// Platform is the platform. It is an [http.Handler] of all its hosts in one,
// safe for concurrent use. [Platform.UserService] and [Platform.Portal] are
// the hosts apart.
type Platform struct {
	options Options
	closed  chan struct{}

	all, userService, portal *http.ServeMux

	mu     sync.Mutex
	offset time.Duration

	admins    map[string]Admin    // by folded email
	instances map[string]Instance // by folded id
	users     map[string]User     // by folded device token

	grants  map[string]*grant // by refresh token
	access  map[string]*grant // by access token
	secrets []string

	callers  map[string]*caller // by address
	faults   map[Endpoint][]Fault
	standing map[Endpoint]Fault
	counts   Counts
}

// New returns a platform that knows nobody yet.
func New(options Options) *Platform {
	p := &Platform{
		options:     withDefaults(options),
		closed:      make(chan struct{}),
		all:         http.NewServeMux(),
		userService: http.NewServeMux(),
		portal:      http.NewServeMux(),
		admins:      make(map[string]Admin),
		instances:   make(map[string]Instance),
		users:       make(map[string]User),
		grants:      make(map[string]*grant),
		access:      make(map[string]*grant),
		callers:     make(map[string]*caller),
		faults:      make(map[Endpoint][]Fault),
		standing:    make(map[Endpoint]Fault),
	}
	p.serve(p.userService, "/v1/Auth/Login", pascal, method{http.MethodPost, Login, p.login})
	p.serve(p.userService, "/v1/Auth/RefreshToken", pascal, method{http.MethodPost, Refresh, p.refresh})
	p.serve(p.userService, "/v1/Management/users", pascal, method{http.MethodGet, Users, p.profile})
	p.serve(p.portal, "/auth/permissions", lower, method{http.MethodGet, Permissions, p.permissions})
	for _, mux := range []*http.ServeMux{p.all, p.userService, p.portal} {
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			exchange{p, w, r, pascal}.send(refusal(http.StatusNotFound, "Not found", "", "There is no such method."))
		})
	}
	return p
}

func withDefaults(o Options) Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LoginLimit == 0 {
		o.LoginLimit = 5
	}
	o.LoginWindow = orElse(o.LoginWindow, time.Minute)
	o.BlockFor = orElse(o.BlockFor, time.Hour)
	o.AccessTokenLifetime = orElse(o.AccessTokenLifetime, 2*time.Hour)
	o.RefreshTokenLifetime = orElse(o.RefreshTokenLifetime, 90*24*time.Hour)
	return o
}

func orElse(d, byDefault time.Duration) time.Duration {
	if d == 0 {
		return byDefault
	}
	return d
}

// ServeHTTP implements [http.Handler] with the methods of all hosts.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.all.ServeHTTP(w, r) }

// UserService is the User-service alone, https://user.telematicssdk.com: what
// is sent to it that belongs to another host is answered 404.
func (p *Platform) UserService() http.Handler { return p.userService }

// Portal is the portal alone, https://portal-apis.telematicssdk.com (§8.1).
func (p *Platform) Portal() http.Handler { return p.portal }

// Close ends the requests that hang.
func (p *Platform) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
}

// Now is the platform's time.
func (p *Platform) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now()
}

func (p *Platform) now() time.Time { return p.options.Now().Add(p.offset) }

// Advance moves the platform's clock by d, which may be negative.
func (p *Platform) Advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset += d
}

// Change changes the options for the requests and the tokens from now on. A
// field that is set to zero has its default again.
func (p *Platform) Change(change func(*Options)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.options)
	p.options = withDefaults(p.options)
}

// SetAccessTokenLifetime is [Platform.Change] of that option.
func (p *Platform) SetAccessTokenLifetime(d time.Duration) {
	p.Change(func(o *Options) { o.AccessTokenLifetime = d })
}

// SetLoginLimit is [Platform.Change] of that limit and its window.
func (p *Platform) SetLoginLimit(limit int, window time.Duration) {
	p.Change(func(o *Options) { o.LoginLimit, o.LoginWindow = limit, window })
}

// Secrets returns every password, key and token that the platform knows or
// ever issued, for those who look for leaks.
func (p *Platform) Secrets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.secrets...)
}
