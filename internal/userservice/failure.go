package userservice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

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
// chain whose texts are known to be safe.
func (e *Error) noAnswer(ctx context.Context, err error, clean sanitiser) *Error {
	e.interrupted = true
	if ctx.Err() != nil {
		e.Err = context.Cause(ctx)
		return e.because(whyEnded(ctx))
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
	switch {
	case errors.As(err, &refused):
		e.Err, e.lasting = refused, true
		return e.because(refused.Error())
	case errors.Is(err, errProxySetting):
		e.Err, e.lasting = errProxySetting, true
		return e.because(errProxySetting.Error())
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return e.because("the proxy of the environment (HTTPS_PROXY) cannot be reached" + detail(e.Err))
	case errors.As(err, &dns):
		return e.because("the host name " + clean.words(dns.Name) + " cannot be resolved")
	case errors.As(err, &certificate):
		e.lasting = true
		return e.because("the server's TLS certificate is not trusted: " + clean.words(certificate.Err.Error()))
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		e.lasting = true
		return e.because("what listens there does not speak TLS; check the scheme and the port of the URL")
	case errors.As(err, &operation) && (operation.Op == "remote error" || operation.Op == "local error"):
		// An alert, whose text is one of a fixed list. The two ends do not
		// agree on how to talk, and will not the next time.
		e.lasting = true
		return e.because("the TLS handshake failed: " + operation.Err.Error())
	case errors.As(err, &operation) && operation.Op == "dial":
		return e.because("no connection" + detail(e.Err))
	case errors.As(err, &timeout) && timeout.Timeout():
		return e.because("the connection timed out")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), e.Err != nil:
		if e.Err == nil {
			e.Err = io.ErrUnexpectedEOF
		}
		return e.because("the connection was closed before the whole answer had come")
	default:
		return e.because("the connection broke, or what came over it is not HTTP")
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

// detail is what a system error adds to a sentence.
func detail(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
