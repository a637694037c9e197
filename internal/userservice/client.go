// Package userservice speaks the HTTP API of the platform's user-service:
// login, refresh, and what it answers to them (PLATFORM-API.md §1 to §6).
//
// A [Client] sends one request at a time and reads its answer. When to ask, and
// whether to ask again, is decided in package session.
package userservice

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
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
	platform  *platform.Client
}

// New returns a client. It sends nothing yet.
func New(config Config) *Client {
	if config.RequestTimeout <= 0 {
		config.RequestTimeout = session.DefaultRequestTimeout
	}
	c := &Client{
		baseURL:   &url.URL{Scheme: "https", Host: "user.telematicssdk.com"},
		portalURL: config.PortalURL,
		platform: platform.New(platform.Config{
			RequestTimeout: config.RequestTimeout,
			UserAgent:      config.UserAgent,
			Logger:         config.Logger,
			Now:            config.Now,
			Transport:      config.Transport,
		}),
	}
	if config.BaseURL != nil {
		c.baseURL = config.BaseURL.JoinPath()
	}
	if c.portalURL == nil && session.CanonicalURL(c.baseURL) == DefaultURL {
		c.portalURL = &url.URL{Scheme: "https", Host: "portal-apis.telematicssdk.com"}
	}
	return c
}

// The operations, as errors name them.
const (
	login   = "login"
	refresh = "refresh"
	verify  = "check"
)

// newSession sends a request for a session, and returns the one that is
// answered. Its error is an [*Error].
func (c *Client) newSession(ctx context.Context, r platform.Request) (session.Answer, error) {
	var answered session.Answer
	r.Method, r.Base = http.MethodPost, c.baseURL
	r.Check = func(answer platform.Answer) (problem string) {
		answered, problem = readSession(answer)
		return problem
	}
	if _, err := c.platform.Send(ctx, r); err != nil {
		return session.Answer{}, asError(err)
	}
	return answered, nil
}

// An Error says why a login or a refresh came to nothing. It implements
// [session.PlatformError].
type Error struct{ *platform.RequestError }

// asError returns the [*Error] of a request that failed.
func asError(err error) error {
	var failed *platform.RequestError
	if !errors.As(err, &failed) {
		return err
	}
	return &Error{failed}
}

// Unwrap returns the request's error.
func (e *Error) Unwrap() error { return e.RequestError }

// Refused reports that the platform itself refused the tokens or credentials,
// and will again. A refresh token is spent, expired or revoked with 400, 401,
// 404, 419 and 422 (PLATFORM-API.md §3); a login is refused with 400 to 499, but
// not 408 and 429.
func (e *Error) Refused() bool {
	code := e.Code()
	switch {
	case !e.FromPlatform():
		return false
	case e.Operation == refresh:
		return slices.Contains([]int{400, 401, 404, 419, 422}, code)
	default:
		return code >= 400 && code <= 499 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests
	}
}

// WrongForm reports a login that the platform may accept in the other form: 400,
// 401, 415 and 422 (PLATFORM-API.md §2).
func (e *Error) WrongForm() bool {
	return e.Operation == login && e.FromPlatform() && slices.Contains([]int{400, 401, 415, 422}, e.Code())
}

// Retry reports whether the request is worth sending again, and how long the
// platform asked to wait before that. After a 429 a refresh is, which is not
// limited, and a login is not (PLATFORM-API.md §6).
func (e *Error) Retry() (wait time.Duration, worthIt bool) {
	wait, worthIt = e.RequestError.Retry()
	if _, blocked := e.Blocked(); blocked && e.Operation != refresh {
		worthIt = false
	}
	return wait, worthIt
}
