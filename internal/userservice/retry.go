package userservice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// maxRetryAfter is the longest wait that a retry is worth; beyond that the
// user is told.
const maxRetryAfter = 30 * time.Second

// A call is a login or a refresh with all its attempts.
type call struct {
	operation string
	path      string
	header    http.Header
	body      []byte
	// secrets are what was sent, and must not be shown if it comes back.
	secrets     []secret.String
	admit       Admit
	maxAttempts int
	retries     func(*Error) bool
}

// do sends a call until it has an answer, or another attempt is not allowed or
// not worth it.
func (c *Client) do(ctx context.Context, call call) (Answer, error) {
	pauses := newPauses()
	var last *Error
	for attempt := 1; ; attempt++ {
		if ctx.Err() != nil {
			return Answer{}, c.ended(ctx, call, last)
		}
		answer, failed, err := c.admitted(ctx, call, attempt)
		switch {
		case err != nil:
			return Answer{}, notAdmitted(call, err, last)
		case failed == nil:
			return answer, nil
		}
		last = failed
		last.Attempts = attempt
		if attempt == call.maxAttempts || last.lasting || last.Wait > maxRetryAfter || !call.retries(last) {
			return Answer{}, last
		}
		pause := max(pauses.NextBackOff(), last.Wait)
		if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && time.Until(deadline) <= pause {
			last.also("there is no time for another attempt before the operation's deadline at " + clock(deadline))
			return Answer{}, last
		}
		if !sleep(ctx, pause) {
			return Answer{}, c.ended(ctx, call, last)
		}
	}
}

// newPauses grow from half a second, with jitter, so that machines which
// failed together do not come back together.
func newPauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 500 * time.Millisecond
	b.Multiplier = 2
	b.MaxInterval = 8 * time.Second
	return b
}

// sleep waits for d, or returns false when ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// admitted makes an attempt if it is admitted. The error is that of the
// admission.
func (c *Client) admitted(ctx context.Context, call call, attempt int) (Answer, *Error, error) {
	if call.admit != nil {
		done, err := call.admit(ctx)
		if err != nil {
			return Answer{}, nil, err
		}
		if done != nil {
			defer done()
		}
	}
	answer, failed := c.attempt(ctx, call, attempt)
	return answer, failed, nil
}

// notAdmitted wraps the error of an admission. What the attempt before came to
// is told, but is not found by errors.As: it is not why the call ended.
func notAdmitted(call call, err error, last *Error) error {
	if last == nil {
		return fmt.Errorf("%s not sent: %w", call.operation, err)
	}
	return fmt.Errorf("%s not sent again: %w (before that, %s)", call.operation, err, last.Error())
}

// ended returns the error of a call that ended with its context: before the
// first attempt, between two, or in the last, which says so itself.
func (c *Client) ended(ctx context.Context, call call, last *Error) *Error {
	if last == nil {
		last = c.failure(call)
	}
	if cause := context.Cause(ctx); !errors.Is(last.Err, cause) {
		last.also(whyEnded(ctx))
		last.Err = errors.Join(last.Err, cause)
	}
	return last
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
	return "the operation's deadline passed at " + clock(deadline)
}

// clock writes a time for a person.
func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

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
