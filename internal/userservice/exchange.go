package userservice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// maxBody is how much of an answer is read, in bytes. A real one has a few
// thousand.
const maxBody = 1 << 20

// attempt sends one request, reads its answer, and logs both.
func (c *Client) attempt(ctx context.Context, call call, attempt int) (Answer, *Error) {
	report := c.failure(call)
	started := c.now()
	answer, failed := c.exchange(ctx, call, report)
	attrs := []slog.Attr{
		slog.String("method", http.MethodPost),
		slog.String("url", shown(c.baseURL.JoinPath(call.path))),
		slog.Int("attempt", attempt),
		slog.Duration("duration", c.now().Sub(started)),
		slog.Int("status", report.HTTPStatus),
	}
	if failed != nil {
		attrs = append(attrs, slog.String("error", failed.class()))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "request to the platform", attrs...)
	return answer, failed
}

// failure is an error that says which call it is of, and nothing else yet.
func (c *Client) failure(call call) *Error {
	return &Error{Operation: call.operation, Endpoint: http.MethodPost + " " + shown(c.baseURL.JoinPath(call.path))}
}

// A received answer is the whole of one, with when it came.
type received struct {
	response *http.Response
	body     []byte
	// sent and answered are when the request left and the headers came, by
	// the local clock.
	sent, answered time.Time
}

// exchange does one request within its timeout. What it learns of the answer
// it writes into report, which it returns when there is no session in it.
func (c *Client) exchange(ctx context.Context, call call, report *Error) (Answer, *Error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, &timeoutError{c.timeout})
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.baseURL.JoinPath(call.path).String(), bytes.NewReader(call.body))
	if err != nil {
		report.lasting = true
		return Answer{}, report.because("no request can be made of this URL")
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
		return Answer{}, report.noAnswer(ctx, err, clean)
	}
	defer func() { _ = response.Body.Close() }()
	got.response, got.answered = response, c.now()
	report.HTTPStatus = got.response.StatusCode
	report.Wait = retryAfter(got.response.Header, got.answered)
	if got.response.StatusCode/100 == 3 {
		return Answer{}, report.because(redirected(got.response, clean))
	}

	got.body, err = readBody(got.response)
	switch {
	case errors.Is(err, errTooLong):
		return Answer{}, report.because(err.Error())
	case err != nil:
		return Answer{}, report.noAnswer(ctx, err, clean)
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
