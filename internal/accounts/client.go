// Package accounts speaks the HTTP API of what credentials are made of: the
// applications of a company, their instances (user groups with their keys), and
// the users in them (PLATFORM-API.md §8).
//
// A [Client] has a method for each operation. Reads, updates and deletes are
// repeated where that is worth it. A create is not idempotent: one whose answer
// was lost is looked for before it is sent again (see [Created]). What does not
// exist is [ErrNotFound], in whichever way the platform says so.
package accounts

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// DefaultURL is the base URL of the Accounts service (PLATFORM-API.md §8.2).
const DefaultURL = "https://accounts.telematicssdk.com"

// ErrNotFound is an object that the platform does not have, or not any more.
var ErrNotFound = errors.New("the platform has no such object")

// A TokenSource hands out the Bearer token of an admin.
type TokenSource interface {
	// Token returns an access token other than refused, which is one that the
	// platform has answered with 401, or empty.
	Token(ctx context.Context, refused secret.String) (secret.String, error)
}

// Config is what a [Client] works with.
type Config struct {
	// AccountsURL, UserServiceURL and PortalURL are where the services are.
	// A call to one that is nil fails with a [*ServiceError]: a token never
	// goes to a host that was not meant.
	AccountsURL, UserServiceURL, PortalURL *url.URL
	// Platform sends the requests.
	Platform *platform.Client
	// Tokens authorizes them.
	Tokens TokenSource
}

// A Client manages applications, instances and users. It is safe for concurrent
// use.
type Client struct {
	config  Config
	pace    pace
	creates creates
}

// New returns a client. It sends nothing yet.
func New(config Config) *Client { return &Client{config: config} }

// A ServiceError is a call to a service whose URL is not known.
type ServiceError struct {
	// Setting is the attribute of the provider that names the service:
	// "accounts_url", "portal_url" or "user_service_url".
	Setting string
}

// Error names the setting.
func (e *ServiceError) Error() string { return e.Setting + " is not set" }

// The services, by the settings that name them.
const (
	accountsService = "accounts_url"
	userService     = "user_service_url"
	portalService   = "portal_url"
)

// at returns the URL of a service.
func (c *Client) at(service string) (*url.URL, error) {
	base := map[string]*url.URL{
		accountsService: c.config.AccountsURL,
		userService:     c.config.UserServiceURL,
		portalService:   c.config.PortalURL,
	}[service]
	if base == nil {
		return nil, &ServiceError{Setting: service}
	}
	return base, nil
}

// SameID reports whether two ids are the same: case and dashes do not count
// (PLATFORM-API.md §8).
func SameID(a, b string) bool { return foldID(a) == foldID(b) }

// CanonicalID is the one spelling of an id that all of its spellings share: in
// lower case and, of a UUID, with dashes. What is no UUID keeps those that it has.
func CanonicalID(id string) string {
	folded := foldID(id)
	if _, err := hex.DecodeString(folded); err != nil || len(folded) != 32 {
		return strings.ToLower(strings.TrimSpace(id))
	}
	return folded[:8] + "-" + folded[8:12] + "-" + folded[12:16] + "-" + folded[16:20] + "-" + folded[20:]
}

func foldID(id string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(id), "-", ""))
}

// call sends a request with the admin's token. One that is refused with 401 was
// not acted on: it is sent again with another token, once.
func (c *Client) call(ctx context.Context, service string, r platform.Request) (platform.Answer, error) {
	return c.callAs(ctx, service, r, r.Method != http.MethodPost)
}

// callAs is call for a request that says whether it may be repeated.
func (c *Client) callAs(ctx context.Context, service string, r platform.Request, repeat bool) (platform.Answer, error) {
	// No session is opened for a request that cannot be sent.
	if _, err := c.at(service); err != nil {
		return platform.Answer{}, err
	}
	var refused secret.String
	header, secrets := r.Header, r.Secrets
	for {
		token, err := c.config.Tokens.Token(ctx, refused)
		if err != nil {
			return platform.Answer{}, err
		}
		r.Header = http.Header{"Authorization": {"Bearer " + token.Reveal()}}
		for name, values := range header {
			r.Header[name] = values
		}
		r.Secrets = slices.Concat(secrets, []secret.String{token})
		answer, err := c.send(ctx, service, r, repeat)
		var failed *platform.RequestError
		if !errors.As(err, &failed) || failed.Code() != http.StatusUnauthorized || !failed.FromPlatform() && !failed.Empty() || !refused.IsEmpty() {
			return answer, err
		}
		refused = token
	}
}

// maxAttempts is how often a request is sent at the most.
const maxAttempts = 6

// send sends a request as it is, at the pace of the process: a 429 slows all of
// its calls down. With repeat, it is sent again after a failure that may pass, as
// GET, PATCH, PUT and DELETE may be (PLATFORM-API.md §8); without, only where it
// was not acted on: it was turned away with 429, or has not reached the platform.
func (c *Client) send(ctx context.Context, service string, r platform.Request, repeat bool) (platform.Answer, error) {
	base, err := c.at(service)
	if err != nil {
		return platform.Answer{}, err
	}
	r.Base = base
	pauses := backoff.NewExponentialBackOff()
	pauses.Multiplier, pauses.MaxInterval = 2, 8*time.Second
	var last error
	for sent := 1; ; sent++ {
		if err := c.pace.wait(ctx); err != nil {
			if last != nil { // it tells what was waited for
				err = fmt.Errorf("%w; %w", last, err)
			}
			return platform.Answer{}, err
		}
		answer, err := c.config.Platform.Send(ctx, r)
		if err == nil {
			c.pace.recovered()
			return answer, nil
		}
		var failed *platform.RequestError
		if !errors.As(err, &failed) || sent == maxAttempts || ctx.Err() != nil {
			return platform.Answer{}, err
		}
		last = err
		pause, worthIt := failed.Retry()
		wait, blocked := failed.Blocked()
		switch {
		case !worthIt:
			return platform.Answer{}, err
		case blocked:
			c.pace.slowDown(wait)
			continue
		case !repeat && !failed.Unreachable():
			return platform.Answer{}, err
		}
		timer := time.NewTimer(max(pause, pauses.NextBackOff()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return platform.Answer{}, err
		}
	}
}

const (
	// firstPause is how long all calls wait after a 429 that does not say how
	// long; it doubles with each up to longestPause.
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// A pace holds the calls of a process back after a 429.
type pace struct {
	mu    sync.Mutex
	until time.Time
	pause time.Duration
}

// wait waits until requests may be sent. Its error is the cause of ctx's end.
func (p *pace) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		left := time.Until(p.until)
		p.mu.Unlock()
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// slowDown holds calls back for d, or for a pause that grows where it is zero.
func (p *pace) slowDown(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Until(p.until) > 0 && d <= 0 {
		return // the same 429 met another call that was under way
	}
	p.pause = min(max(firstPause, 2*p.pause), longestPause)
	if until := time.Now().Add(max(d, p.pause)); until.After(p.until) {
		p.until = until
	}
}

// recovered notes that the platform answers again.
func (p *pace) recovered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause = 0
}

// hasCode reports whether the platform itself answered a request with one of
// the codes.
func hasCode(err error, codes ...int) bool {
	var failed *platform.RequestError
	if !errors.As(err, &failed) || !failed.FromPlatform() {
		return false
	}
	for _, code := range codes {
		if failed.Code() == code {
			return true
		}
	}
	return false
}

// maybeActed reports whether a request that failed may have been acted on: no
// whole answer came though it was sent, a 5xx, or a success that cannot be read.
func maybeActed(err error) bool {
	var failed *platform.RequestError
	if !errors.As(err, &failed) || failed.Unreachable() {
		return false
	}
	code := failed.Code()
	return failed.HTTPStatus == 0 || failed.HTTPStatus/100 == 2 && code/100 != 4 || code/100 == 5 || code == http.StatusRequestTimeout
}

// get reads one object. What is not there is [ErrNotFound].
func (c *Client) get(ctx context.Context, service string, r platform.Request, into any) error {
	r.Method = http.MethodGet
	answer, err := c.call(ctx, service, r)
	switch {
	case hasCode(err, http.StatusNotFound):
		return ErrNotFound
	case err != nil:
		return err
	case answer.Result == nil:
		return ErrNotFound
	}
	return answer.Decode(into)
}

// list reads a list, which comes inside the envelope or without one: sources
// conflict.
func (c *Client) list(ctx context.Context, service string, r platform.Request, into any) error {
	r.Method, r.BareList = http.MethodGet, true
	answer, err := c.call(ctx, service, r)
	if err != nil {
		return err
	}
	return answer.Decode(into)
}

// The Status of an application and of an instance. Others are kept as they are.
const (
	Active      = "Active"
	Deactivated = "Deactivated"
)

// statusNumber is a Status in a request (PLATFORM-API.md §8.2). What is not known
// is zero, and not sent.
func statusNumber(status string) int {
	switch status {
	case Active:
		return 1
	case Deactivated:
		return 2
	default:
		return 0
	}
}

// written is a text in a request, or nil where it is left out: it is empty, and was
// before. What an empty one does is a ruling (PLATFORM-API.md §8.2), so that it is
// sent only where there is something to clear; all others are always sent, as it is
// not known what an absent one means.
func written(text, have string) *string {
	if text == "" && have == "" {
		return nil
	}
	return &text
}

// text is a text that may be null.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
