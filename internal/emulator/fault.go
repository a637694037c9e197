package emulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way to fail. A request uses one up. Some faults happen before the
// platform has acted, and leave tokens as they are. Others spoil the answer after
// it has acted.
type Fault struct {
	name    string
	instead func(exchange)
	spoil   func(exchange, reply)
}

// String is the fault as [ParseFault] reads it.
func (f Fault) String() string { return f.name }

// Inject queues faults for the next requests to an endpoint.
func (p *Platform) Inject(e Endpoint, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[e] = append(p.faults[e], faults...)
}

// InjectAlways lets every request to an endpoint fail in the same way, after
// the faults that are queued, until [Platform.ClearFaults].
func (p *Platform) InjectAlways(e Endpoint, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.standing[e] = f
}

// ClearFaults drops the faults of the endpoints, or of all endpoints if none is
// named.
func (p *Platform) ClearFaults(of ...Endpoint) {
	if len(of) == 0 {
		of = endpoints
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range of {
		delete(p.faults, e)
		delete(p.standing, e)
	}
}

// Pass is no fault: the request is answered as usual, and the next one takes
// the fault after it.
func Pass() Fault { return Fault{name: "pass"} }

// Status answers with an HTTP status and the envelope that goes with it,
// instead of acting.
func Status(code int) Fault { return StatusWithRetryAfter(code, "") }

// StatusWithRetryAfter is [Status] with the header Retry-After.
func StatusWithRetryAfter(code int, retryAfter string) Fault {
	name := fmt.Sprintf("status:%d", code)
	if retryAfter != "" {
		name += ":retry-after=" + retryAfter
	}
	return Fault{name: name, instead: func(x exchange) {
		answer := refusal(code, "Ordered failure", "", "This failure was ordered.")
		answer.retryAfter = retryAfter
		x.send(answer)
	}}
}

// StatusWithCode is [Status] with a numeric Code in the entry of Errors
// (PLATFORM-API.md §4, IA).
func StatusWithCode(status, code int) Fault {
	return Fault{name: fmt.Sprintf("status:%d:code=%d", status, code), instead: func(x exchange) {
		answer := refusal(status, "Ordered failure", "", "This failure was ordered.")
		answer.body.Errors[0].Code = code
		x.send(answer)
	}}
}

// ActedStatus acts, and answers as [Status] does: the client cannot tell that
// the request was carried out.
func ActedStatus(code int) Fault {
	return Fault{name: fmt.Sprintf("acted:%d", code), spoil: func(x exchange, _ reply) {
		x.send(refusal(code, "Ordered failure", "", "This failure was ordered."))
	}}
}

// ProblemDetails answers as ASP.NET does when it cannot bind a body, instead
// of acting: no envelope, keys in camel case, and a list of messages for each
// field (PLATFORM-API.md §4).
func ProblemDetails(code int) Fault {
	return Fault{name: fmt.Sprintf("problem:%d", code), instead: func(x exchange) {
		body := fmt.Sprintf(`{"type":"https://tools.ietf.org/html/rfc7231#section-6.5.1","title":"One or more validation errors occurred.",`+
			`"status":%d,"traceId":"00-0123456789abcdef0123456789abcdef-0123456789abcdef-00",`+
			`"errors":{"password":["The field is required."],"loginFields":["The value is not valid.","This failure was ordered."]}}`, code)
		x.sendBody(reply{httpStatus: code, contentType: "application/problem+json; charset=utf-8"}, []byte(body))
	}}
}

// InnerStatus answers HTTP 200 with another Status inside, which may be 0,
// instead of acting (PLATFORM-API.md §4, A).
func InnerStatus(code int) Fault {
	return Fault{name: fmt.Sprintf("inner:%d", code), instead: func(x exchange) {
		answer := refusal(code, "Ordered failure", "", "This failure was ordered.")
		answer.httpStatus = http.StatusOK
		x.send(answer)
	}}
}

// ConnectionReset closes the connection instead of acting.
func ConnectionReset() Fault {
	return Fault{name: "reset", instead: func(exchange) { reset() }}
}

// LostAnswer acts, and closes the connection instead of answering.
func LostAnswer() Fault {
	return Fault{name: "lost", spoil: func(exchange, reply) { reset() }}
}

// reset closes a connection at once.
func reset() { panic(http.ErrAbortHandler) }

// Hang never answers: it ends when the client disconnects or the platform is
// closed.
func Hang() Fault {
	return Fault{name: "hang", instead: func(x exchange) { x.hang() }}
}

// ActedHang acts, and then never answers, as [Hang].
func ActedHang() Fault {
	return Fault{name: "acted-hang", spoil: func(x exchange, _ reply) { x.hang() }}
}

func (x exchange) hang() {
	select {
	case <-x.r.Context().Done():
	case <-x.p.closed:
	}
	reset()
}

// Delay acts, and holds the answer back for d.
func Delay(d time.Duration) Fault {
	return Fault{name: "delay:" + d.String(), spoil: func(x exchange, answer reply) {
		x.wait(d)
		x.send(answer)
	}}
}

// HTMLPage answers with a web page, as a proxy does, instead of acting.
func HTMLPage(code int) Fault {
	return Fault{name: fmt.Sprintf("html:%d", code), instead: func(x exchange) {
		x.sendBody(reply{httpStatus: code, contentType: "text/html"}, []byte("<!DOCTYPE html><title>Welcome</title><p>Please sign in."))
	}}
}

// ForeignJSON answers with JSON that is not the platform's, as a gateway does,
// instead of acting.
func ForeignJSON(code int) Fault {
	return Fault{name: fmt.Sprintf("json:%d", code), instead: func(x exchange) {
		x.sendBody(reply{httpStatus: code}, []byte(`{"message":"Please sign in.","requestId":"1"}`))
	}}
}

// NoBody answers with a status and nothing else, instead of acting.
func NoBody(code int) Fault {
	return Fault{name: fmt.Sprintf("bare:%d", code), instead: func(x exchange) { x.sendBody(reply{httpStatus: code}, nil) }}
}

// Redirect sends the client elsewhere with 307 instead of acting.
func Redirect(url string) Fault {
	f := RedirectWithStatus(http.StatusTemporaryRedirect, url)
	f.name = "redirect:" + url
	return f
}

// RedirectWithStatus is [Redirect] with another status, such as the 302 of a
// page to sign in at.
func RedirectWithStatus(code int, url string) Fault {
	return Fault{name: fmt.Sprintf("redirect:%d:%s", code, url), instead: func(x exchange) { http.Redirect(x.w, x.r, url, code) }}
}

// TruncatedJSON acts, and answers with the first part of the right JSON, which
// holds the beginning of a token.
func TruncatedJSON() Fault {
	return spoilBody("truncated", func(body []byte) []byte { return body[:len(body)/2] })
}

// EmptyAnswer acts, and answers without a body.
func EmptyAnswer() Fault { return spoilBody("empty", func([]byte) []byte { return nil }) }

func spoilBody(name string, spoil func([]byte) []byte) Fault {
	return Fault{name: name, spoil: func(x exchange, answer reply) {
		x.sendBody(answer, spoil(x.casing.encode(answer.body)))
	}}
}

// CutBody acts, and closes the connection in the middle of the answer.
func CutBody() Fault {
	return Fault{name: "cut", spoil: func(x exchange, answer reply) {
		body := x.casing.encode(answer.body)
		x.sendHeader(answer, len(body))
		_, _ = x.w.Write(body[:len(body)/2])
		_ = http.NewResponseController(x.w).Flush()
		reset()
	}}
}

// WrongContentType acts, and answers rightly with the wrong media type.
func WrongContentType() Fault {
	return Fault{name: "content-type", spoil: func(x exchange, answer reply) {
		answer.contentType = "text/plain"
		x.send(answer)
	}}
}

// NullResult answers with success and no Result, instead of acting.
func NullResult() Fault {
	return Fault{name: "null-result", instead: func(x exchange) { x.send(granted(nil)) }}
}

// EmptyTokens answers with success and empty tokens, instead of acting.
func EmptyTokens() Fault {
	return Fault{name: "empty-tokens", instead: func(x exchange) { x.send(granted(tokens{})) }}
}

// hugeSize is how long the answer of [HugeBody] is.
const hugeSize = 64 << 20

// HugeBody answers with 64 MiB that begin like an envelope, instead of acting.
func HugeBody() Fault {
	return Fault{name: "huge", instead: func(x exchange) {
		x.sendHeader(reply{httpStatus: http.StatusOK}, -1)
		_, _ = x.w.Write([]byte(`{"Title":"`))
		chunk := []byte(strings.Repeat("x", 64<<10))
		for range hugeSize / len(chunk) {
			if _, err := x.w.Write(chunk); err != nil {
				return
			}
		}
	}}
}

// ParseFault reads a fault as a script writes it: pass, reset, hang, lost,
// acted-hang, huge, truncated, cut, empty, content-type, null-result,
// empty-tokens, delay:2s, html:200, json:200, bare:405, problem:400, inner:401,
// acted:503, status:503, status:429:retry-after=60, status:401:code=1002,
// redirect:URL, or redirect:302:URL.
func ParseFault(text string) (Fault, error) {
	for _, f := range []Fault{
		Pass(), ConnectionReset(), Hang(), ActedHang(), LostAnswer(), HugeBody(), TruncatedJSON(), CutBody(), EmptyAnswer(), WrongContentType(),
		NullResult(), EmptyTokens(),
	} {
		if f.name == text {
			return f, nil
		}
	}
	unknown := fmt.Errorf("no fault is called %q", text)
	kind, value, _ := strings.Cut(text, ":")
	number, rest, more := strings.Cut(value, ":")
	code, err := strconv.Atoi(number)
	isCode := err == nil && code >= 200 && code <= 599
	switch {
	case kind == "redirect" && isCode && more:
		return RedirectWithStatus(code, rest), nil
	case kind == "redirect":
		return Redirect(value), nil
	case kind == "delay":
		d, err := time.ParseDuration(value)
		if err != nil {
			return Fault{}, unknown
		}
		return Delay(d), nil
	case kind == "inner" && number == "0" && !more:
		return InnerStatus(0), nil
	case !isCode:
		return Fault{}, unknown
	case kind == "status" && more:
		if retryAfter, ok := strings.CutPrefix(rest, "retry-after="); ok {
			return StatusWithRetryAfter(code, retryAfter), nil
		}
		inner, ok := strings.CutPrefix(rest, "code=")
		if n, err := strconv.Atoi(inner); ok && err == nil {
			return StatusWithCode(code, n), nil
		}
		return Fault{}, unknown
	case more:
		return Fault{}, unknown
	}
	for _, f := range []func(int) Fault{Status, InnerStatus, ActedStatus, HTMLPage, ForeignJSON, NoBody, ProblemDetails} {
		if made := f(code); made.name == text {
			return made, nil
		}
	}
	return Fault{}, unknown
}
