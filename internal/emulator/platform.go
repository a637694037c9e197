// Package emulator is the telematics platform in memory, to the letter of
// PLATFORM-API.md: logins under a limit, refreshes that spend the refresh token,
// and the methods that show whether a token is accepted. It is strict, so that
// what works here is within the contract. Its clock can be moved, and it can be
// told to fail.
//
// It is made for the provider's tests, the demo, and to try a configuration
// without the platform.
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
	// minute if they are zero. A negative number means no limit (§6).
	LoginLimit  int
	LoginWindow time.Duration
	// BlockFor is how long an address is blocked after one login too many. Zero
	// means an hour (§6).
	BlockFor time.Duration
	// OmitRetryAfter leaves the header Retry-After out of a 429.
	OmitRetryAfter bool
	// AdminForm and UserForm are the form of LoginFields that a login of this
	// kind may have. Another form is refused like a wrong password, with no
	// message (§2).
	AdminForm, UserForm LoginForm
	// LoginRefusedBy and RefreshRefusedBy are the Status of a login and of a
	// refresh whose credentials or tokens are refused, 401 where they are
	// zero. 419 comes inside HTTP 200, any other as HTTP status, too (§3).
	LoginRefusedBy, RefreshRefusedBy int

	// LoginKeepsTokens keeps a login from revoking the tokens that were issued
	// to the account before. By default it does (§6, D).
	LoginKeepsTokens bool
	// RefreshOutlivesLogin lets a login revoke access tokens only, so that a
	// refresh works after another program's login. No source shows which of
	// the two is so (§6).
	RefreshOutlivesLogin bool
	// RefreshOmitsDeviceToken leaves DeviceToken out of the answer to a
	// refresh (§3, K).
	RefreshOmitsDeviceToken bool

	// AccessTokenLifetime is from a token's iat to its exp: two hours where
	// it is zero (§5, S).
	AccessTokenLifetime time.Duration
	// RefreshTokenLifetime is 90 days where it is zero (§5, D and K).
	RefreshTokenLifetime time.Duration
	// OpaqueTokens makes access tokens that are not JWTs.
	OpaqueTokens bool
	// GoneBy is the status of the methods of §8, get apart, for an object that
	// was deleted or never existed: 403 if it is zero, 404, or 200 with a Result
	// of null. Sources conflict.
	GoneBy int
	// BareLists leaves the envelope out of the lists of §8.
	BareLists bool
	// EmptyTexts are "" in answers of §8.2 and §8.3 where they are null by
	// default.
	EmptyTexts bool
	// EmptyTextsRefused refuses "" in the requests of §8.2 and §8.3, so that no
	// text can be cleared.
	EmptyTextsRefused bool
	// TrimsTexts cuts the white space around the texts of an application, of
	// an instance and of a user off, and makes a line break of each CR LF. By default texts
	// are kept as they are sent.
	TrimsTexts bool
	// AbsentQueryClears lets an update of an instance clear a description
	// that is not in the query.
	AbsentQueryClears bool
	// InactiveUsersDoNotBlock lets an application or an instance be deleted
	// with deactivated users inside.
	InactiveUsersDoNotBlock bool
	// CustomTokenExistsBy is the status of a registration whose CustomToken
	// exists: 422 where it is zero; 200 answers as if the user had just been
	// made, and changes nothing.
	CustomTokenExistsBy int

	// ExpiresIn is the answer's field of this name, in seconds. Zero means
	// the seconds from the token's nbf to its exp, as in real answers (§5);
	// of an opaque token, its lifetime.
	ExpiresIn int64
}

// Platform is the platform: an [http.Handler] of all its hosts in one, safe for
// concurrent use. [Platform.UserService], [Platform.Portal] and
// [Platform.Accounts] are the single hosts.
type Platform struct {
	options Options
	closed  chan struct{}

	all, userService, portal, accounts *http.ServeMux

	mu     sync.Mutex
	offset time.Duration

	admins       map[string]Admin // by folded email
	applications table[Application]
	instances    table[Instance]
	users        table[User]       // by folded device token
	parents      map[string]string // application of each instance that ever was, by folded ids

	grants  map[string]*grant // by refresh token
	access  map[string]*grant // by access token
	secrets []string

	callers  map[string]*caller // by address
	faults   map[Endpoint][]Fault
	standing map[Endpoint]Fault
	counts   Counts
	requests map[Endpoint]int
}

// New returns a platform without accounts.
func New(options Options) *Platform {
	p := &Platform{
		options:     withDefaults(options),
		closed:      make(chan struct{}),
		all:         http.NewServeMux(),
		userService: http.NewServeMux(),
		portal:      http.NewServeMux(),
		admins:      make(map[string]Admin),
		accounts:    http.NewServeMux(),
		parents:     make(map[string]string),
		requests:    make(map[Endpoint]int),
		grants:      make(map[string]*grant),
		access:      make(map[string]*grant),
		callers:     make(map[string]*caller),
		faults:      make(map[Endpoint][]Fault),
		standing:    make(map[Endpoint]Fault),
	}
	p.serve(p.userService, "/v1/Auth/Login", pascal, method{http.MethodPost, Login, p.login})
	p.serve(p.userService, "/v1/Auth/RefreshToken", pascal, method{http.MethodPost, Refresh, p.refresh})
	p.serve(p.userService, "/v1/Management/users", pascal,
		method{http.MethodGet, Users, p.profile}, method{http.MethodPut, UserUpdate, p.updateUser})
	p.serve(p.userService, "/v1/Management/users/find", pascal, method{http.MethodGet, UserFind, p.findUsers})
	p.serve(p.userService, "/v1/Management/users/GetFilteredPage", pascal, method{http.MethodPost, UserPage, p.pageUsers})
	p.serve(p.userService, "/v1/Management/users/instances/change", pascal, method{http.MethodPost, UserMove, p.moveUser})
	p.serve(p.userService, "/v1/Management/users/{user}", pascal, method{http.MethodDelete, UserDelete, p.deleteUser})
	p.serve(p.userService, "/v1/Registration/create", pascal, method{http.MethodPost, UserRegister, p.registerUser})
	p.serve(p.accounts, "/v1/companies/{company}/applications", pascal,
		method{http.MethodPost, ApplicationCreate, p.createApplication}, method{http.MethodGet, ApplicationList, p.listApplications})
	p.serve(p.accounts, "/v1/Applications/{application}", pascal, method{http.MethodGet, ApplicationGet, p.getApplication})
	p.serve(p.accounts, "/v1/Applications/applications/{application}", pascal,
		method{http.MethodPatch, ApplicationUpdate, p.updateApplication}, method{http.MethodDelete, ApplicationDelete, p.deleteApplication})
	p.serve(p.accounts, "/v1/applications/{application}/instances", pascal,
		method{http.MethodPost, InstanceCreate, p.createInstance}, method{http.MethodGet, InstanceList, p.listInstances})
	p.serve(p.accounts, "/v1/Instances/{instance}", pascal, method{http.MethodGet, InstanceGet, p.getInstance},
		method{http.MethodPatch, InstanceUpdate, p.updateInstance}, method{http.MethodDelete, InstanceDelete, p.deleteInstance})
	p.serve(p.portal, "/auth/permissions", lower, method{http.MethodGet, Permissions, p.permissions})
	for _, mux := range []*http.ServeMux{p.all, p.userService, p.portal, p.accounts} {
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

// UserService is the User-service alone, https://user.telematicssdk.com: the
// methods of other hosts are 404 here.
func (p *Platform) UserService() http.Handler { return p.userService }

// Portal is the portal alone, https://portal-apis.telematicssdk.com (§8.1).
func (p *Platform) Portal() http.Handler { return p.portal }

// Accounts is the Accounts service alone, https://accounts.telematicssdk.com
// (§8.2, §8.3).
func (p *Platform) Accounts() http.Handler { return p.accounts }

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
// ever issued, to look for leaks.
func (p *Platform) Secrets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.secrets...)
}
