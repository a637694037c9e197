// Package emulator is the telematics platform in memory, to the letter of
// PLATFORM-API.md §2 to §7: logins under a limit, refreshes that spend what
// they are given, and the one method that shows whether a token is accepted.
// It is strict, so that what works here is within the contract. Its clock can
// be moved, and it can be told to fail.
//
// It is made for the provider's tests, the demo, and for those who want to try
// a configuration without the platform.
package emulator

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

// Options are the platform's settings. The zero value is the contract's
// defaults.
type Options struct {
	// Now is the clock that [Platform.Advance] moves; nil means time.Now.
	Now func() time.Time
	// LoginLimit is how many logins an address has in a LoginWindow: 5 in a
	// minute where they are zero. A negative limit is none (§6).
	LoginLimit  int
	LoginWindow time.Duration
	// BlockFor is how long an address is blocked that asked once more; an
	// hour where it is zero (§6).
	BlockFor time.Duration
	// OmitRetryAfter leaves the header Retry-After out of a 429.
	OmitRetryAfter bool
	// AccessTokenLifetime is two hours where it is zero (§5, S).
	AccessTokenLifetime time.Duration
	// RefreshTokenLifetime is 90 days where it is zero (§5, D and K).
	RefreshTokenLifetime time.Duration
	// OpaqueTokens makes access tokens that are no JWTs.
	OpaqueTokens bool
	// ExpiresIn is the answer's field of this name; zero means the lifetime
	// in seconds. The sources disagree on what it says (§5).
	ExpiresIn int64
}

// Platform is the platform. It is an [http.Handler], safe for concurrent use.
type Platform struct {
	options Options
	key     []byte
	mux     *http.ServeMux
	closed  chan struct{}

	mu       sync.Mutex
	offset   time.Duration
	lifetime time.Duration

	admins    map[string]Admin    // by folded email
	instances map[string]Instance // by folded id
	users     map[string]User     // by folded device token

	grants  map[string]*grant // by refresh token
	access  map[string]*grant // by access token
	secrets []string

	callers map[string]*caller // by address
	faults  map[Endpoint][]Fault
	counts  Counts
}

// New returns a platform that knows nobody yet.
func New(options Options) *Platform {
	p := &Platform{
		options:   withDefaults(options),
		key:       []byte(rand.Text()),
		mux:       http.NewServeMux(),
		closed:    make(chan struct{}),
		admins:    make(map[string]Admin),
		instances: make(map[string]Instance),
		users:     make(map[string]User),
		grants:    make(map[string]*grant),
		access:    make(map[string]*grant),
		callers:   make(map[string]*caller),
		faults:    make(map[Endpoint][]Fault),
	}
	p.lifetime = p.options.AccessTokenLifetime
	p.mux.HandleFunc("/v1/Auth/Login", p.endpoint(Login, http.MethodPost, p.login))
	p.mux.HandleFunc("/v1/Auth/RefreshToken", p.endpoint(Refresh, http.MethodPost, p.refresh))
	p.mux.HandleFunc("/v1/Management/users", p.endpoint(Users, http.MethodGet, p.profile))
	p.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		p.write(w, refusal(http.StatusNotFound, "Not found", "", "There is no such method."))
	})
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

// ServeHTTP implements [http.Handler].
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

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

// SetAccessTokenLifetime says how long the access tokens live that are issued
// from now on.
func (p *Platform) SetAccessTokenLifetime(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lifetime = d
}

// SetLoginLimit says how many logins an address has in a window from now on,
// as [Options.LoginLimit] and [Options.LoginWindow] do.
func (p *Platform) SetLoginLimit(limit int, window time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.options.LoginLimit, p.options.LoginWindow = limit, window
	p.options = withDefaults(p.options)
}

// Accepts reports whether an authorized method would accept the token now.
func (p *Platform) Accepts(accessToken string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holder(accessToken) != nil
}

// Secrets returns every password, key and token that the platform knows or
// ever issued, for those who look for leaks.
func (p *Platform) Secrets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.secrets...)
}
