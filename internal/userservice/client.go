// Package userservice speaks the HTTP API of the platform's user-service:
// login, refresh, and what it answers to them (PLATFORM-API.md §1 to §6).
package userservice

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// DefaultURL is the base URL of the user-service (PLATFORM-API.md §1).
const DefaultURL = "https://user.telematicssdk.com"

// defaultRequestTimeout bounds one request, from dialling to the last byte.
const defaultRequestTimeout = 30 * time.Second

// A LoginFormat is a dialect of the login's body (PLATFORM-API.md §2).
type LoginFormat string

// The dialects of the login.
const (
	// FormatObject sends the login fields as a JSON object.
	FormatObject LoginFormat = "object"
	// FormatString sends them as a JSON document inside a string.
	FormatString LoginFormat = "string"
)

// Config is what a [Client] works with.
type Config struct {
	// BaseURL is where the service is; paths such as /v1/Auth/Login are
	// added to it. Nil means [DefaultURL].
	BaseURL *url.URL
	// LoginFormat is the dialect of the login; empty means [FormatObject].
	LoginFormat LoginFormat
	// RequestTimeout bounds each request; zero or less means 30 seconds.
	RequestTimeout time.Duration
	// UserAgent is sent with each request.
	UserAgent string
	// Logger gets a record per request at the level Debug: method, URL,
	// status, duration, attempt and class of error, and never a header or a
	// body. Nil discards them.
	Logger *slog.Logger
	// Now is the clock that lifetimes and the clock skew are told by; nil
	// means time.Now.
	Now func() time.Time
	// Transport sends the requests; nil means one of the client's own, with
	// TLS 1.2 or better and the proxy of the environment.
	Transport http.RoundTripper
}

// A Client talks to one user-service. It is safe for concurrent use.
type Client struct {
	baseURL     *url.URL
	loginFormat LoginFormat
	timeout     time.Duration
	userAgent   string
	log         *slog.Logger
	now         func() time.Time
	http        *http.Client
}

// New returns a client. It sends nothing yet.
func New(config Config) *Client {
	c := &Client{
		baseURL:     &url.URL{Scheme: "https", Host: "user.telematicssdk.com"},
		loginFormat: config.LoginFormat,
		timeout:     config.RequestTimeout,
		userAgent:   config.UserAgent,
		log:         config.Logger,
		now:         config.Now,
		http:        &http.Client{Transport: config.Transport, CheckRedirect: doNotFollow},
	}
	if config.BaseURL != nil {
		c.baseURL = config.BaseURL.JoinPath()
	}
	if c.loginFormat == "" {
		c.loginFormat = FormatObject
	}
	if c.timeout <= 0 {
		c.timeout = defaultRequestTimeout
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.http.Transport == nil {
		c.http.Transport = newTransport()
	}
	c.http.Transport = soundLocations{c.http.Transport}
	return c
}

// Credentials are what a login is made of (PLATFORM-API.md §1). With a
// DeviceToken it is a user's, whose password is the InstanceKey; without, it
// is the admin's. InstanceID and InstanceKey are sent as headers when known.
type Credentials struct {
	Email       string
	Password    secret.String
	DeviceToken secret.String
	InstanceID  string
	InstanceKey secret.String
}

// Admit is called before each login request is sent, because the platform
// counts every one of them (PLATFORM-API.md §6). It may wait; its error ends
// the login. The function it returns is called when the request has been
// answered or has failed.
type Admit func(ctx context.Context) (done func(), err error)

// An Answer is the platform's answer to a login or a refresh that succeeded.
type Answer struct {
	// AccessToken and RefreshToken are never empty.
	AccessToken  secret.String
	RefreshToken secret.String
	// DeviceToken is empty for an admin.
	DeviceToken secret.String
	// IssuedAt is the token's iat, else the time of the answer.
	IssuedAt time.Time
	// ExpiresAt is when the access token ends: the token's exp, else the
	// sooner of ExpiresIn seconds and two hours from the answer
	// (PLATFORM-API.md §5).
	ExpiresAt time.Time
	// ClockSkew is how far the platform's clock is ahead of the local one,
	// by the Date of the answer, else by the token's iat; to the second. It
	// is zero when neither tells, and within what the time that the request
	// took and the resolution of Date leave open.
	ClockSkew time.Duration
}

// shown is a URL as it may be printed. What is left out, that is userinfo,
// query and fragment, may hold a password or a token.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
