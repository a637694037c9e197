// Package userservice speaks the HTTP API of the platform's user-service:
// login, refresh, and what it answers to them (PLATFORM-API.md §1 to §6).
//
// A [Client] sends one request at a time and reads its answer. When to ask, and
// whether to ask again, is decided in package session.
package userservice

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// DefaultURL is the base URL of the user-service (PLATFORM-API.md §1).
const DefaultURL = "https://user.telematicssdk.com"

// DefaultPortalURL is the base URL of the service that tells an admin's
// permissions (PLATFORM-API.md §8.1).
const DefaultPortalURL = "https://portal-apis.telematicssdk.com"

// Config is what a [Client] works with.
type Config struct {
	// BaseURL is where the service is; paths such as /v1/Auth/Login are
	// added to it. Nil means [DefaultURL].
	BaseURL *url.URL
	// PortalURL is where an admin's token is checked. Nil means
	// [DefaultPortalURL] with the default BaseURL, else that it is not checked:
	// a token never goes to a host that was not meant.
	PortalURL *url.URL
	// RequestTimeout bounds each request, from dialling to the last byte; zero
	// or less means [session.DefaultRequestTimeout].
	RequestTimeout time.Duration
	// UserAgent is sent with each request.
	UserAgent string
	// Logger gets a record per request at the level Debug: method, URL,
	// status, duration and class of error, and never a header or a
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
	baseURL   *url.URL
	portalURL *url.URL
	timeout   time.Duration
	userAgent string
	log       *slog.Logger
	now       func() time.Time
	http      *http.Client
}

// New returns a client. It sends nothing yet.
func New(config Config) *Client {
	c := &Client{
		baseURL:   &url.URL{Scheme: "https", Host: "user.telematicssdk.com"},
		portalURL: config.PortalURL,
		timeout:   config.RequestTimeout,
		userAgent: config.UserAgent,
		log:       config.Logger,
		now:       config.Now,
		http:      &http.Client{Transport: config.Transport, CheckRedirect: doNotFollow},
	}
	if config.BaseURL != nil {
		c.baseURL = config.BaseURL.JoinPath()
	}
	if c.portalURL == nil && session.CanonicalURL(c.baseURL) == DefaultURL {
		c.portalURL = &url.URL{Scheme: "https", Host: "portal-apis.telematicssdk.com"}
	}
	if c.timeout <= 0 {
		c.timeout = session.DefaultRequestTimeout
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

// shown is a URL as it may be printed. What is left out, that is userinfo,
// query and fragment, may hold a password or a token.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
