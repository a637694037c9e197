package platform

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A RequestError says why a request came to nothing. Its text holds no secret,
// and nothing of a body but the platform's own Title and messages.
type RequestError struct {
	// Operation is the request's, such as "login".
	Operation string
	// Endpoint is the method and URL of the request, such as
	// "POST https://user.telematicssdk.com/v1/Auth/Login", without userinfo
	// and query.
	Endpoint string
	// HTTPStatus is the answer's; 0 when there was none.
	HTTPStatus int
	// Status is the envelope's; 0 when the answer was no envelope.
	Status int
	// Title and Messages are the platform's words, made safe to print. A message
	// ends in its Code, where it has one; that of a field that could not be bound
	// begins with the field.
	Title    string
	Messages []string
	// Keys are the keys of the entries of Errors, which name a field.
	Keys []string
	// Wait is what Retry-After asks for; 0 when it does not.
	Wait time.Duration
	// Reason says what was wrong where the platform's words do not, and Kind
	// what kind of fault that is.
	Reason string
	Kind   Kind
	// Err is the cause when there was no answer, such as a context's error
	// or a system error. Its text is safe to print.
	Err error

	// interrupted means that no answer came, or not the whole of one.
	interrupted bool
	// unconnected means that no connection could be made.
	unconnected bool
}

// A Kind is what kept the platform from answering a request with a success. What
// to do about it depends on the kind.
type Kind int

// The kinds of faults.
const (
	// Answered: the platform itself has, and its words say what is wrong.
	Answered Kind = iota
	// NotSendable: HTTP cannot carry what should be sent, so nothing was.
	NotSendable
	// ProxySetting: the environment's proxy cannot be used as it is set.
	ProxySetting
	// ProxyUnreachable: there is no connection to the environment's proxy.
	ProxyUnreachable
	// ProxyRefused: the environment's proxy does not let the request through.
	ProxyRefused
	// Untrusted: nobody whom this machine trusts has signed the server's TLS
	// certificate.
	Untrusted
	// WrongName: the server's TLS certificate is of another host.
	WrongName
	// BadCertificate: the server's TLS certificate is of no use, such as one that
	// has expired.
	BadCertificate
	// ClientUntrusted: the server wants a TLS certificate of the client's, or
	// another one.
	ClientUntrusted
	// NotTLS: what listens there does not speak TLS.
	NotTLS
	// WantsTLS: what listens there speaks TLS, and was asked without.
	WantsTLS
	// NoHandshake: the two ends do not agree on how to speak TLS.
	NoHandshake
	// NoAnswer: no connection, or no whole answer in time.
	NoAnswer
	// Foreign: something else has answered, such as a page of a proxy.
	Foreign
	// Unusable: the platform's answer does not hold what it should.
	Unusable
)

// permanent reports that another attempt will fail in the same way, though there
// was no answer.
func (k Kind) permanent() bool {
	return slices.Contains([]Kind{NotSendable, ProxySetting, ProxyRefused, Untrusted, WrongName, BadCertificate, ClientUntrusted, NotTLS, NoHandshake}, k)
}

// Error tells endpoint, HTTP status, Status, Title and messages
// (PLATFORM-API.md §4).
func (e *RequestError) Error() string {
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
		// Others' sentences become a part of ours, which has an end of its own.
		fmt.Fprintf(&b, "; %s", strings.TrimRight(message, ". "))
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, ": %s", e.Reason)
	}
	return b.String()
}

// Unwrap returns the cause, if there is one.
func (e *RequestError) Unwrap() error { return e.Err }

// Code is the status that the platform means: the envelope's when HTTP says
// 200, else HTTP's (PLATFORM-API.md §4). It is 0 when there is neither.
func (e *RequestError) Code() int {
	if e.HTTPStatus == http.StatusOK {
		return e.Status
	}
	return e.HTTPStatus
}

// FromPlatform reports that the answer came in the platform's own envelope. A
// page of a proxy is not the platform's answer, whatever its status is
// (PLATFORM-API.md §3).
func (e *RequestError) FromPlatform() bool {
	return e.Status != 0 && (e.Kind == Answered || e.Kind == Unusable)
}

// Empty reports that there was an answer, without a body.
func (e *RequestError) Empty() bool { return e.Reason == emptyAnswer }

// Unreachable reports that no connection could be made, not even to be refused a
// TLS handshake: the request has not reached the platform.
func (e *RequestError) Unreachable() bool { return e.unconnected }

// ByProxy reports that there is no connection to the environment's proxy.
func (e *RequestError) ByProxy() bool { return e.Kind == ProxyUnreachable }

// Temporary reports that the same request may succeed later: no whole answer,
// 408, 429, or 5xx.
func (e *RequestError) Temporary() bool {
	code := e.Code()
	return e.unanswered() && !e.Kind.permanent() || e.platformFailed() || code == http.StatusRequestTimeout || code == http.StatusTooManyRequests
}

// maxRetryWait is the longest wait that another attempt is worth. Beyond that
// the user is told.
const maxRetryWait = 30 * time.Second

// Retry reports whether the request is worth sending again, if it is one that
// may be repeated, and how long the platform asked to wait before that: there
// was no answer, a 5xx or a 429. A wait of more than 30 seconds is not worth it.
func (e *RequestError) Retry() (wait time.Duration, worthIt bool) {
	limited := e.Code() == http.StatusTooManyRequests
	worthIt = !e.Kind.permanent() && e.Wait <= maxRetryWait && (e.unanswered() || e.platformFailed() || limited)
	return e.Wait, worthIt
}

// Blocked reports whether the platform turned the caller away for asking too
// often (429), and for how long if it said so (PLATFORM-API.md §6).
func (e *RequestError) Blocked() (wait time.Duration, blocked bool) {
	if e.Code() != http.StatusTooManyRequests {
		return 0, false
	}
	return e.Wait, true
}

// unanswered reports that there is nothing to go by: no answer, or only the
// beginning of one that might have been a success. A refusal whose body was
// cut off is a refusal.
func (e *RequestError) unanswered() bool {
	return e.HTTPStatus == 0 || e.interrupted && e.HTTPStatus < 300
}

// platformFailed reports a 5xx.
func (e *RequestError) platformFailed() bool { return e.Code()/100 == 5 }

// class is the kind of error for the log, which holds nothing of an answer.
func (e *RequestError) class() string {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return "cancelled"
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "timeout"
	case e.unanswered():
		return "no answer"
	case e.Code() == http.StatusTooManyRequests:
		return "blocked"
	case e.FromPlatform() && e.Code()/100 == 4:
		return "refused"
	case e.platformFailed():
		return "failure of the platform"
	default:
		return "no usable answer"
	}
}

// because sets the reason and its kind, for an answer that is of no use.
func (e *RequestError) because(kind Kind, reason string) *RequestError {
	e.Kind, e.Reason = kind, reason
	return e
}

// timeoutError is a request that took too long. It is a
// [context.DeadlineExceeded], and hence a timeout as [net.Error] has it, that
// says which deadline it was.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no whole answer within %s (request_timeout)", e.after)
}

func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

// noAnswer is for a request that got no answer, or not the whole of one. The
// texts of net/http quote the URL with its userinfo, the proxy's with its
// password, and a malformed answer: none of them is used. What a person can do
// something about is told in words of our own; Err keeps those errors of the
// chain whose texts are known to be safe. Whether there was a connection, TLS
// included, says whether the request can have reached the platform.
func (e *RequestError) noAnswer(ctx context.Context, err error, connected bool, clean sanitiser) *RequestError {
	e.interrupted = true
	if ctx.Err() != nil {
		e.Err = context.Cause(ctx)
		return e.because(NoAnswer, whyEnded(ctx))
	}
	var (
		refused     *proxyRefusal
		operation   *net.OpError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		timeout     net.Error
	)
	e.Err = systemError(err)
	e.unconnected = errors.As(err, &dns) || errors.As(err, &refused) ||
		errors.As(err, &operation) && (operation.Op == "dial" || operation.Op == "proxyconnect")
	switch {
	case errors.As(err, &refused):
		e.Err = refused
		return e.because(ProxyRefused, refused.Error())
	case errors.Is(err, errProxySetting):
		e.Err = errProxySetting
		return e.because(ProxySetting, errProxySetting.Error())
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return e.because(ProxyUnreachable, "the proxy of the environment (HTTPS_PROXY) cannot be reached"+detail(e.Err))
	case errors.As(err, &dns):
		return e.because(NoAnswer, "the host name "+clean.words(dns.Name)+" cannot be resolved")
	case errors.As(err, &certificate):
		e.unconnected = !connected
		return e.because(untrusted(certificate, clean))
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		e.unconnected = !connected
		return e.because(NotTLS, "what listens there does not speak TLS")
	case errors.As(err, &operation) && operation.Op == "remote error" && slices.Contains(clientAlerts, operation.Err.Error()):
		// With TLS 1.3 the client has sent its request by then, and the server
		// has not read it: its side of the handshake comes first.
		e.unconnected = true
		return e.because(ClientUntrusted, clientUntrusted+": "+operation.Err.Error())
	case errors.As(err, &operation) && (operation.Op == "remote error" || operation.Op == "local error"):
		// An alert, whose text is one of a fixed list. The two ends do not
		// agree on how to talk, and will not the next time.
		e.unconnected = !connected
		return e.because(NoHandshake, "the TLS handshake failed: "+operation.Err.Error())
	case errors.As(err, &operation) && operation.Op == "dial":
		return e.because(NoAnswer, "no connection"+detail(e.Err))
	case errors.As(err, &timeout) && timeout.Timeout():
		return e.because(NoAnswer, "the connection timed out")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), e.Err != nil:
		if e.Err == nil {
			e.Err = io.ErrUnexpectedEOF
		}
		return e.because(NoAnswer, "the connection was closed before the whole answer had come")
	default:
		return e.because(NoAnswer, "the connection broke, or what came over it is not HTTP")
	}
}

// clientUntrusted is what a server says in one of many ways.
const clientUntrusted = "the server wants a TLS certificate by which it knows the client, or another one"

// clientAlerts are the alerts of TLS by which a server turns a client's
// certificate down, or the lack of one (RFC 8446 §6.2).
var clientAlerts = []string{
	tls.AlertError(42).Error(),  // bad_certificate
	tls.AlertError(43).Error(),  // unsupported_certificate
	tls.AlertError(44).Error(),  // certificate_revoked
	tls.AlertError(45).Error(),  // certificate_expired
	tls.AlertError(46).Error(),  // certificate_unknown
	tls.AlertError(48).Error(),  // unknown_ca
	tls.AlertError(49).Error(),  // access_denied
	tls.AlertError(116).Error(), // certificate_required
}

// untrusted says why a server's certificate is not trusted. What can be done
// about it is not the same for each.
func untrusted(certificate *tls.CertificateVerificationError, clean sanitiser) (Kind, string) {
	const summary = "the server's TLS certificate is not trusted: "
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
	)
	switch chain := certificate.UnverifiedCertificates; {
	case errors.As(certificate.Err, &authority) && len(chain) > 0:
		last := chain[len(chain)-1]
		by := "by nobody with a name"
		if name := clean.words(last.Issuer.String()); name != "" {
			by = "by " + name
		}
		if bytes.Equal(last.RawIssuer, last.RawSubject) && len(chain) == 1 {
			by += ", that is by itself"
		}
		return Untrusted, summary + "it is signed " + by + ", which this machine does not know as an authority"
	case errors.As(certificate.Err, &authority):
		return Untrusted, summary + clean.words(certificate.Err.Error())
	case errors.As(certificate.Err, &host):
		return WrongName, summary + clean.words(certificate.Err.Error())
	default:
		return BadCertificate, summary + clean.words(certificate.Err.Error())
	}
}

// systemError is the system's error in a chain, such as ECONNREFUSED, or nil.
func systemError(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return nil
}

// detail is what a system error adds to a sentence. Those of Windows end with a
// period, and the sentence goes on.
func detail(err error) string {
	if err == nil {
		return ""
	}
	return ": " + strings.TrimSuffix(err.Error(), ".")
}
