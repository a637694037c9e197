package userservice

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An Error says why a login or a refresh came to nothing. Its text holds no
// secret, and nothing of a body but the platform's own Title and messages.
type Error struct {
	// Operation is "login" or "refresh".
	Operation string
	// Endpoint is the method and URL of the request, such as
	// "POST https://user.telematicssdk.com/v1/Auth/Login", without userinfo
	// and query.
	Endpoint string
	// HTTPStatus is the answer's; 0 when there was none.
	HTTPStatus int
	// Status is the envelope's; 0 when the answer was no envelope.
	Status int
	// Title and Messages are the platform's words, made safe to print.
	Title    string
	Messages []string
	// Wait is what Retry-After asks for; 0 when it does not.
	Wait time.Duration
	// Reason says what was wrong where the platform's words do not.
	Reason string
	// Attempts counts the requests that were sent.
	Attempts int
	// Err is the cause when there was no answer, such as a context's error
	// or a system error. Its text is safe to print.
	Err error

	// interrupted means that no answer came, or not the whole of one.
	interrupted bool
	// lasting means that another attempt will fail in the same way, though
	// there was no answer.
	lasting bool
}

// Error tells endpoint, HTTP status, Status, Title and messages
// (PLATFORM-API.md §4).
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s failed: %s", e.Operation, e.Endpoint)
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, " answered HTTP %d", e.HTTPStatus)
		if text := http.StatusText(e.HTTPStatus); text != "" {
			b.WriteString(" " + text)
		}
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ", Status %d", e.Status)
	}
	if e.Title != "" {
		fmt.Fprintf(&b, ", %q", e.Title)
	}
	if e.Wait > 0 {
		fmt.Fprintf(&b, ", asking to wait %s", e.Wait)
	}
	for _, message := range e.Messages {
		fmt.Fprintf(&b, "; %s", message)
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, ": %s", e.Reason)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	return b.String()
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Code is the status that the platform means: the envelope's when HTTP says
// 200, else HTTP's (PLATFORM-API.md §4). It is 0 when there is neither.
func (e *Error) Code() int {
	if e.HTTPStatus == http.StatusOK {
		return e.Status
	}
	return e.HTTPStatus
}

// Refused reports that the platform will say the same again to the same
// tokens or credentials: 400 to 499, but not 408 and 429.
func (e *Error) Refused() bool {
	code := e.Code()
	return code >= 400 && code <= 499 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests
}

// Temporary reports that the same request may succeed later: no whole answer,
// 408, 429, or 5xx.
func (e *Error) Temporary() bool {
	code := e.Code()
	return e.unanswered() || e.platformFailed() || code == http.StatusRequestTimeout || code == http.StatusTooManyRequests
}

// Blocked reports whether the platform turned the caller away for asking too
// often (429), and for how long if it said so (PLATFORM-API.md §6).
func (e *Error) Blocked() (wait time.Duration, blocked bool) {
	if e.Code() != http.StatusTooManyRequests {
		return 0, false
	}
	return e.Wait, true
}

// unanswered reports that there is nothing to go by: no answer, or only the
// beginning of one that might have been a success. A refusal whose body was
// cut off is a refusal.
func (e *Error) unanswered() bool {
	return e.HTTPStatus == 0 || e.interrupted && e.HTTPStatus < 300
}

// platformFailed reports a 5xx.
func (e *Error) platformFailed() bool { return e.Code()/100 == 5 }

// class is the kind of error for the log, which holds nothing of an answer.
func (e *Error) class() string {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return "cancelled"
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "timeout"
	case e.unanswered():
		return "no answer"
	case e.Code() == http.StatusTooManyRequests:
		return "blocked"
	case e.Refused():
		return "refused"
	case e.platformFailed():
		return "failure of the platform"
	default:
		return "no usable answer"
	}
}

// because sets the reason, for an answer that is of no use.
func (e *Error) because(reason string) *Error {
	e.Reason = reason
	return e
}

// also adds to the reason.
func (e *Error) also(reason string) {
	if e.Reason != "" {
		reason = e.Reason + "; " + reason
	}
	e.Reason = reason
}
