package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way to fail. One is used up by one request. A fault that happens
// instead of the platform's acting leaves tokens as they are; one that spoils
// the answer comes after it has acted.
type Fault struct {
	name    string
	instead func(*Platform, http.ResponseWriter, *http.Request)
	spoil   func(*Platform, http.ResponseWriter, reply)
}

// String is the fault as [ParseFault] reads it.
func (f Fault) String() string { return f.name }

// Inject queues faults for the next requests to an endpoint.
func (p *Platform) Inject(e Endpoint, faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[e] = append(p.faults[e], faults...)
}

// Status answers with an HTTP status and the envelope that goes with it,
// instead of acting.
func Status(code int) Fault { return StatusWithRetryAfter(code, "") }

// StatusWithRetryAfter is [Status] with the header Retry-After.
func StatusWithRetryAfter(code int, retryAfter string) Fault {
	name := fmt.Sprintf("status:%d", code)
	if retryAfter != "" {
		name += ":retry-after=" + retryAfter
	}
	return Fault{name: name, instead: func(p *Platform, w http.ResponseWriter, _ *http.Request) {
		answer := refusal(code, "Ordered failure", "", "This failure was ordered.")
		answer.retryAfter = retryAfter
		p.write(w, answer)
	}}
}

// InnerStatus answers HTTP 200 with another Status inside, instead of acting
// (PLATFORM-API.md §4, A).
func InnerStatus(code int) Fault {
	return Fault{name: fmt.Sprintf("inner:%d", code), instead: func(p *Platform, w http.ResponseWriter, _ *http.Request) {
		answer := refusal(code, "Ordered failure", "", "This failure was ordered.")
		answer.httpStatus = http.StatusOK
		p.write(w, answer)
	}}
}

// ConnectionReset closes the connection instead of acting.
func ConnectionReset() Fault {
	return Fault{name: "reset", instead: func(_ *Platform, w http.ResponseWriter, _ *http.Request) { reset(w) }}
}

// LostAnswer acts, and closes the connection instead of answering.
func LostAnswer() Fault {
	return Fault{name: "lost", spoil: func(_ *Platform, w http.ResponseWriter, _ reply) { reset(w) }}
}

// reset closes a connection at once.
func reset(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// Hang never answers: it ends when the client goes or the platform is closed.
func Hang() Fault {
	return Fault{name: "hang", instead: func(p *Platform, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-p.closed:
		}
		panic(http.ErrAbortHandler)
	}}
}

// Delay acts, and holds the answer back for d.
func Delay(d time.Duration) Fault {
	return Fault{name: "delay:" + d.String(), spoil: func(p *Platform, w http.ResponseWriter, answer reply) {
		select {
		case <-time.After(d):
		case <-p.closed:
		}
		p.write(w, answer)
	}}
}

// HTMLPage answers with a web page, as a proxy does, instead of acting.
func HTMLPage(code int) Fault {
	return Fault{name: fmt.Sprintf("html:%d", code), instead: func(p *Platform, w http.ResponseWriter, _ *http.Request) {
		p.writeBody(w, reply{httpStatus: code, contentType: "text/html"}, []byte("<!DOCTYPE html><title>Welcome</title><p>Please sign in."))
	}}
}

// Redirect sends the client elsewhere instead of acting.
func Redirect(url string) Fault {
	return Fault{name: "redirect:" + url, instead: func(_ *Platform, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, url, http.StatusTemporaryRedirect)
	}}
}

// TruncatedJSON acts, and answers with the first part of the right JSON, which
// holds the beginning of a token.
func TruncatedJSON() Fault {
	return spoilBody("truncated", func(body []byte) []byte { return body[:len(body)/2] })
}

// EmptyAnswer acts, and answers without a body.
func EmptyAnswer() Fault { return spoilBody("empty", func([]byte) []byte { return nil }) }

func spoilBody(name string, spoil func([]byte) []byte) Fault {
	return Fault{name: name, spoil: func(p *Platform, w http.ResponseWriter, answer reply) {
		body, err := json.Marshal(answer.body)
		if err != nil {
			panic(err)
		}
		p.writeBody(w, answer, spoil(body))
	}}
}

// CutBody acts, and closes the connection in the middle of the answer.
func CutBody() Fault {
	return Fault{name: "cut", spoil: func(p *Platform, w http.ResponseWriter, answer reply) {
		body, err := json.Marshal(answer.body)
		if err != nil {
			panic(err)
		}
		p.writeHeader(w, answer, len(body))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
	}}
}

// WrongContentType acts, and answers rightly with the wrong media type.
func WrongContentType() Fault {
	return Fault{name: "content-type", spoil: func(p *Platform, w http.ResponseWriter, answer reply) {
		answer.contentType = "text/plain"
		p.write(w, answer)
	}}
}

// NullResult answers with success and no Result, instead of acting.
func NullResult() Fault {
	return Fault{name: "null-result", instead: func(p *Platform, w http.ResponseWriter, _ *http.Request) { p.write(w, granted(nil)) }}
}

// EmptyTokens answers with success and empty tokens, instead of acting.
func EmptyTokens() Fault {
	return Fault{name: "empty-tokens", instead: func(p *Platform, w http.ResponseWriter, _ *http.Request) { p.write(w, granted(tokens{})) }}
}

// hugeSize is how long the answer of [HugeBody] is.
const hugeSize = 64 << 20

// HugeBody answers with 64 MiB that begin like an envelope, instead of acting.
func HugeBody() Fault {
	return Fault{name: "huge", instead: func(p *Platform, w http.ResponseWriter, _ *http.Request) {
		p.writeHeader(w, reply{httpStatus: http.StatusOK}, -1)
		_, _ = w.Write([]byte(`{"Title":"`))
		chunk := []byte(strings.Repeat("x", 64<<10))
		for range hugeSize / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}}
}

// ParseFault reads a fault as a script writes it: reset, hang, lost, huge,
// truncated, cut, empty, content-type, null-result, empty-tokens, delay:2s,
// html:200, inner:401, status:503, status:429:retry-after=60, or
// redirect:URL.
func ParseFault(text string) (Fault, error) {
	for _, f := range []Fault{
		ConnectionReset(), Hang(), LostAnswer(), HugeBody(), TruncatedJSON(), CutBody(), EmptyAnswer(), WrongContentType(),
		NullResult(), EmptyTokens(),
	} {
		if f.name == text {
			return f, nil
		}
	}
	unknown := fmt.Errorf("no fault is called %q", text)
	kind, value, _ := strings.Cut(text, ":")
	switch kind {
	case "redirect":
		return Redirect(value), nil
	case "delay":
		d, err := time.ParseDuration(value)
		if err != nil {
			return Fault{}, unknown
		}
		return Delay(d), nil
	}
	number, header, more := strings.Cut(value, ":")
	code, err := strconv.Atoi(number)
	if err != nil || code < 200 || code > 599 {
		return Fault{}, unknown
	}
	retryAfter, isRetryAfter := strings.CutPrefix(header, "retry-after=")
	switch {
	case kind == "html" && !more:
		return HTMLPage(code), nil
	case kind == "inner" && !more:
		return InnerStatus(code), nil
	case kind == "status" && more == isRetryAfter:
		return StatusWithRetryAfter(code, retryAfter), nil
	default:
		return Fault{}, unknown
	}
}
