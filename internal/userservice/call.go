package userservice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// maxBody is how much of an answer is read, in bytes. A real one has a few
// thousand.
const maxBody = 1 << 20

// The operations, as errors name them.
const (
	login   = "login"
	refresh = "refresh"
	verify  = "check"
)

// A call is one request: a login, a refresh or a check.
type call struct {
	operation string
	method    string   // empty means POST
	base      *url.URL // nil means the user-service
	path      string
	header    http.Header
	body      []byte
	// secrets are what is sent, and must not be shown if it comes back.
	secrets []secret.String
}

// send sends a request, reads its answer, and logs both. Its error is an
// [*Error].
func (c *Client) send(ctx context.Context, call call) (session.Answer, error) {
	if call.method == "" {
		call.method = http.MethodPost
	}
	if call.base == nil {
		call.base = c.baseURL
	}
	at := call.base.JoinPath(call.path)
	report := &Error{Operation: call.operation, Endpoint: call.method + " " + shown(at)}
	started := c.now()
	answer, failed := c.exchange(ctx, call, report)
	attrs := []slog.Attr{
		slog.String("method", call.method),
		slog.String("url", shown(at)),
		slog.Duration("duration", c.now().Sub(started)),
		slog.Int("status", report.HTTPStatus),
	}
	if failed != nil {
		attrs = append(attrs, slog.String("error", failed.class()))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "request to the platform", attrs...)
	if failed != nil {
		return session.Answer{}, failed
	}
	return answer, nil
}

// A received answer is the whole of one, with when it came.
type received struct {
	response *http.Response
	body     []byte
	// sent and answered are when the request left and the headers came, by
	// the local clock.
	sent, answered time.Time
}

// exchange does the request within its timeout. What it learns of the answer
// it writes into report, which it returns when there is no session in it.
func (c *Client) exchange(ctx context.Context, call call, report *Error) (session.Answer, *Error) {
	if ctx.Err() != nil {
		report.Err = context.Cause(ctx)
		return session.Answer{}, report.because(whyEnded(ctx))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, &timeoutError{c.timeout})
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, call.method, call.base.JoinPath(call.path).String(), bytes.NewReader(call.body))
	if err != nil {
		report.permanent = true
		return session.Answer{}, report.because("no request can be made of this URL")
	}
	request.Header = call.header.Clone()
	request.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		request.Header.Set("User-Agent", c.userAgent)
	}

	clean := newSanitiser(call.secrets...)
	got := received{sent: c.now()}
	response, err := c.http.Do(request)
	if err != nil {
		return session.Answer{}, report.noAnswer(ctx, err, clean)
	}
	defer func() { _ = response.Body.Close() }()
	got.response, got.answered = response, c.now()
	report.HTTPStatus = got.response.StatusCode
	report.Wait = retryAfter(got.response.Header, got.answered)
	if got.response.StatusCode/100 == 3 {
		return session.Answer{}, report.because(redirected(got.response, clean))
	}

	got.body, err = readBody(got.response)
	switch {
	case errors.Is(err, errTooLong):
		return session.Answer{}, report.because(err.Error())
	case err != nil:
		return session.Answer{}, report.noAnswer(ctx, err, clean)
	}
	return got.read(report, clean)
}

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
	const why = "redirects are not followed, so that credentials go nowhere else; check whether the URL of the user-service is right"
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
