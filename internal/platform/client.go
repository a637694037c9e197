// Package platform sends one request to the platform and reads its envelope:
// what the services of the platform have in common over HTTP (PLATFORM-API.md
// §1, §4).
//
// A [Client] has the transport: TLS, the proxy of the environment, time-outs,
// and no redirects. What is asked is a [Request], what comes back an [Answer] or
// a [*RequestError], in whose text is nothing secret. What to ask, and what an
// answer means, is for the packages above to say.
package platform

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// Config is what a [Client] works with.
type Config struct {
	// RequestTimeout bounds each request, from dialling to the last byte. Zero
	// or less means that the caller's context is the only bound.
	RequestTimeout time.Duration
	// UserAgent is sent with each request.
	UserAgent string
	// Logger gets a record per request at the level Debug: method, URL,
	// status, duration and class of error, and never a header or a
	// body. Nil discards them.
	Logger *slog.Logger
	// Now is the clock that answers are dated by; nil means time.Now.
	Now func() time.Time
	// Transport sends the requests; nil means one of the client's own, as
	// [NewTransport] makes it of the zero TLS.
	Transport http.RoundTripper
}

// A Client sends requests to any of the platform's services. It is safe for
// concurrent use.
type Client struct {
	timeout   time.Duration
	userAgent string
	log       *slog.Logger
	now       func() time.Time
	http      *http.Client
}

// New returns a client. It sends nothing yet.
func New(config Config) *Client {
	c := &Client{
		timeout:   config.RequestTimeout,
		userAgent: config.UserAgent,
		log:       config.Logger,
		now:       config.Now,
		http:      &http.Client{Transport: config.Transport, CheckRedirect: doNotFollow},
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.http.Transport == nil {
		c.http.Transport = newTransport(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	c.http.Transport = soundLocations{c.http.Transport}
	return c
}

// A Request is what is asked of a service.
type Request struct {
	// Operation is how errors name the request, such as "login": they begin
	// with "login failed: ".
	Operation string
	// Method is the HTTP method.
	Method string
	// Base is the URL of the service, and Path is added to it. What is not
	// fixed in a path is escaped with [url.PathEscape].
	Base *url.URL
	Path string
	// ShownPath stands for Path in errors and in the log, where Path holds
	// what must not be shown.
	ShownPath string
	// Query is added to the query of Base.
	Query url.Values
	// Header is sent besides Accept and User-Agent.
	Header http.Header
	// Body is sent as JSON, as application/json where Header names no other
	// media type; nil sends none.
	Body any
	// Secrets are what is sent, and must not be shown if it comes back.
	Secrets []secret.String
	// BareList takes a list without an envelope for the Result: sources conflict
	// on whether lists have one (PLATFORM-API.md §8).
	BareList bool
	// Check, where it is not nil, says why an answer that is a success is of no
	// use, or nothing where it is.
	Check func(Answer) (problem string)
}

// Send sends a request once, reads its answer, and logs both. Its error is a
// [*RequestError].
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	at := shown(r.Base.JoinPath(r.Path))
	if r.ShownPath != "" {
		at = strings.TrimRight(shown(r.Base), "/") + r.ShownPath
	}
	report := &RequestError{Operation: r.Operation, Endpoint: r.Method + " " + at}
	started := c.now()
	answer, failed := c.exchange(ctx, r, report)
	if failed == nil && r.Check != nil {
		if problem := r.Check(answer); problem != "" {
			failed = report.because(Unusable, problem)
		}
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.String("url", at),
		slog.Duration("duration", c.now().Sub(started)),
		slog.Int("status", report.HTTPStatus),
	}
	if failed != nil {
		attrs = append(attrs, slog.String("error", failed.class()))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "request to the platform", attrs...)
	if failed != nil {
		return Answer{}, failed
	}
	return answer, nil
}

// exchange does the request within its timeout. What it learns of the answer
// it writes into report, which it returns when the answer is no success.
func (c *Client) exchange(ctx context.Context, r Request, report *RequestError) (Answer, *RequestError) {
	if ctx.Err() != nil {
		report.Err = context.Cause(ctx)
		return Answer{}, report.because(NoAnswer, whyEnded(ctx))
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, &timeoutError{c.timeout})
		defer cancel()
	}
	connected := false
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	request, err := c.newRequest(traced, r)
	if err != nil {
		return Answer{}, report.because(NotSendable, "no request can be made of this URL")
	}
	if name := unsendable(request.Header); name != "" {
		return Answer{}, report.because(NotSendable, "the header "+name+" would hold a control character, such as a line break at its end, so nothing was sent")
	}

	clean := newSanitiser(r.Secrets...)
	answer := Answer{Sent: c.now()}
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, report.noAnswer(ctx, err, connected, clean)
	}
	defer func() { _ = response.Body.Close() }()
	answer.Header, answer.Answered = response.Header, c.now()
	report.HTTPStatus = response.StatusCode
	report.Wait = retryAfter(response.Header, answer.Answered)
	if response.StatusCode/100 == 3 {
		return Answer{}, report.because(Foreign, redirected(response, clean))
	}

	body, err := readBody(response)
	switch {
	case errors.Is(err, errTooLong):
		return Answer{}, report.because(Foreign, err.Error())
	case err != nil:
		return Answer{}, report.noAnswer(ctx, err, true, clean)
	}
	if list := bytes.TrimSpace(body); r.BareList && response.StatusCode == http.StatusOK && bytes.HasPrefix(list, []byte("[")) && json.Valid(list) {
		report.Status = http.StatusOK
		answer.Result, answer.report = list, report
		return answer, nil
	}
	answer, failed := read(body, answer, report, clean)
	if failed != nil && failed.Kind == Foreign && r.Base.Scheme == "http" && response.StatusCode == http.StatusBadRequest &&
		bytes.Contains(bytes.ToUpper(body), []byte("HTTPS")) {
		// Servers say it in words of their own: "Client sent an HTTP request to an
		// HTTPS server", "The plain HTTP request was sent to HTTPS port".
		_ = failed.because(WantsTLS, "what listens there speaks TLS, and the URL is http")
	}
	if failed != nil && failed.Kind == Foreign && r.Base.Scheme == "https" && response.StatusCode == http.StatusBadRequest &&
		bytes.Contains(bytes.ToUpper(body), []byte("SSL CERTIFICATE")) {
		// nginx ends no handshake for it: "No required SSL certificate was sent",
		// "The SSL certificate error".
		_ = failed.because(ClientUntrusted, clientUntrusted)
	}
	return answer, failed
}

// newRequest makes the request that is sent.
func (c *Client) newRequest(ctx context.Context, r Request) (*http.Request, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = JSON(r.Body); err != nil {
			return nil, err
		}
	}
	at := r.Base.JoinPath(r.Path)
	if len(r.Query) > 0 {
		query := at.Query()
		for name, values := range r.Query {
			query[name] = values
		}
		at.RawQuery = query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	if r.Body != nil && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		request.Header.Set("User-Agent", c.userAgent)
	}
	return request, nil
}

// unsendable returns the name of a header that HTTP cannot carry, or nothing. The
// error of net/http for it comes late, and looks like one of the connection.
func unsendable(header http.Header) string {
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if strings.ContainsFunc(strings.Join(header[name], ""), control) {
			return name
		}
	}
	return ""
}

// maxBody is how much of an answer is read, in bytes. A real one has a few
// thousand.
const maxBody = 1 << 20

// errTooLong is an answer that is not read to its end.
var errTooLong = fmt.Errorf("the answer is longer than %d bytes, which no answer of the platform's is", maxBody)

// readBody reads an answer of a bounded length.
func readBody(response *http.Response) ([]byte, error) {
	if response.ContentLength > maxBody {
		return nil, errTooLong
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		return nil, errTooLong
	}
	return body, err
}

// redirected says where a redirect leads, without what may be secret in it.
func redirected(response *http.Response, clean sanitiser) string {
	const why = "redirects are not followed, so that credentials go nowhere else"
	to, err := response.Location()
	if err != nil {
		return "it redirects without saying where to; " + why
	}
	return "it redirects to " + clean.words(shown(to)) + "; " + why
}

// whyEnded says which of the limits on a request's time it was that ended ctx:
// the cause says so where there is one.
func whyEnded(ctx context.Context) string {
	cause := context.Cause(ctx)
	if text := cause.Error(); text != ctx.Err().Error() {
		return text
	}
	if errors.Is(cause, context.Canceled) {
		return "the operation was cancelled"
	}
	deadline, _ := ctx.Deadline()
	return "the operation's deadline passed at " + deadline.UTC().Format(time.RFC3339)
}

// retryAfter reads a Retry-After, which is in seconds or a date (RFC 9110
// §10.2.3). The date is the platform's, as is the answer's own, so that a wrong
// clock here does not matter. It is 0 when there is nothing to be read.
func retryAfter(header http.Header, answered time.Time) time.Duration {
	const longest = 7 * 24 * time.Hour
	value := strings.TrimSpace(header.Get("Retry-After"))
	if until, err := http.ParseTime(value); err == nil {
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			answered = date
		}
		// Rounded up: a moment too early is a request too many.
		return min(max(0, (until.Sub(answered)+time.Second-1).Truncate(time.Second)), longest)
	}
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0
	}
	seconds, err := time.ParseDuration(value + "s")
	if err != nil { // too long to be told
		return longest
	}
	return min(seconds, longest)
}

// shown is a URL as it may be printed. What is left out, that is userinfo,
// query and fragment, may hold a password or a token.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
