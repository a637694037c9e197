package vaultstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/hashicorp/vault/api"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// A Reason tells the errors of a store apart.
type Reason string

// The reasons.
const (
	// Misconfigured means that a setting or an environment variable cannot be
	// used.
	Misconfigured Reason = "misconfigured"
	// NoToken means that there is no token to authenticate with.
	NoToken Reason = "no token"
	// Unreachable means that nothing answered, or that what did failed.
	Unreachable Reason = "unreachable"
	// NoTLS means that no secure connection could be made.
	NoTLS Reason = "no TLS"
	// Sealed means that Vault is sealed, or not initialised.
	Sealed Reason = "sealed"
	// Forbidden means that the token is not valid, or its policies do not
	// allow the request. A write that is forbidden is [session.ErrNotWritable].
	Forbidden Reason = "forbidden"
	// NoMount means that no secrets engine is mounted there.
	NoMount Reason = "no mount"
	// NotKV2 means that the engine is not KV version 2.
	NotKV2 Reason = "not KV v2"
	// Foreign means that somebody else's secret is at the path. It is not
	// written over. The error is [session.ErrForeign].
	Foreign Reason = "foreign"
	// NewerFormat means that a newer version of the provider has stored the
	// session. It is not written over. The error is [session.ErrNewerFormat].
	NewerFormat Reason = "newer format"
	// Refused means that Vault answered something else.
	Refused Reason = "refused"
)

// An Error says why the store cannot be used, and what to do. Its kinds are
// those of [session.Store] (ARCHITECTURE.md, rule 6).
type Error struct {
	Reason Reason
	// Address is Vault's, without credentials.
	Address string
	// Namespace is empty without one.
	Namespace string
	Mount     string
	// Path is the secret's below the mount; empty where none was asked for.
	Path string
	// Operation is "read" or "write" where it was that which failed.
	Operation string
	// Detail is what Vault or the network said, in one line, with no secret.
	Detail string

	passing bool
	cause   error
}

// Temporary reports that the failure may pass by itself: no answer, a server
// that is sealed, fails or has no leader, or too many requests.
func (e *Error) Temporary() bool { return e.passing }

// Is tells which kind of a store's errors it is.
func (e *Error) Is(kind error) bool {
	switch kind {
	case session.ErrNotWritable:
		return e.Reason == Forbidden && e.Operation == writing
	case session.ErrForeign:
		return e.Reason == Foreign
	case session.ErrNewerFormat:
		return e.Reason == NewerFormat
	default:
		return false
	}
}

// Unwrap returns the error of Vault's client or of the network, if there is one.
// Its text may hold what was sent or answered.
func (e *Error) Unwrap() error { return e.cause }

// What an [Error]'s Operation is.
const (
	reading = "read"
	writing = "write"
)

// Error tells what failed, what was said, and what to do next.
func (e *Error) Error() string {
	vault := "Vault"
	if e.Address != "" {
		vault += " at " + e.Address
	}
	if e.Namespace != "" {
		vault += fmt.Sprintf(", namespace %q", e.Namespace)
	}
	secret := fmt.Sprintf("%q", e.Mount+"/data/"+e.Path)
	detail := ""
	if e.Detail != "" {
		detail = " (" + e.Detail + ")"
	}
	switch e.Reason {
	case Misconfigured:
		return vault + " cannot be used for sessions: " + e.Detail
	case NoToken:
		return vault + " cannot be used for sessions without a token" + detail +
			": set VAULT_TOKEN, log in with `vault login`, or let VAULT_ADDR be an agent's that adds one that may read"
	case Unreachable:
		return vault + " cannot be reached" + detail + ": check the address (VAULT_ADDR) and the way to it"
	case NoTLS:
		return vault + " does not answer with TLS that is trusted" + detail +
			": check the address (VAULT_ADDR) and the certificates (VAULT_CACERT, VAULT_CLIENT_CERT)"
	case Sealed:
		return vault + " is sealed" + detail + ": its operators can unseal it"
	case Forbidden:
		return fmt.Sprintf("%s does not let this token %s %s%s: the token must be valid here, and needs a policy with the capabilities %s on %q",
			vault, e.Operation, secret, detail, strings.Join(capabilities, ", "), e.policyPath())
	case NoMount:
		return fmt.Sprintf("%s has no secrets engine at the mount %q%s: check mount and namespace, or enable one with `vault secrets enable -path=%s -version=2 kv`",
			vault, e.Mount, detail, e.Mount)
	case NotKV2:
		return fmt.Sprintf("%s has something other than KV version 2 at the mount %q%s: choose another mount, or upgrade it with `vault kv enable-versioning %s`",
			vault, e.Mount, detail, e.Mount)
	case Foreign:
		return fmt.Sprintf("%s has something at %s that this provider did not store, and it is left as it is: choose another prefix, or delete it",
			vault, secret)
	case NewerFormat:
		return fmt.Sprintf("%s has a session at %s that a newer version of the provider stored%s, and it is left as it is: use that version, or choose another prefix",
			vault, secret, detail)
	default:
		return fmt.Sprintf("%s did not %s %s%s", vault, e.Operation, secret, detail)
	}
}

// policyPath is the path that a policy must name.
func (e *Error) policyPath() string {
	prefix := e.Path
	if i := strings.LastIndex(prefix, "/"); i >= 0 {
		prefix = prefix[:i]
	}
	return dataPath(e.Mount, prefix)
}

// failed returns an error that is not about one secret.
func (c *client) failed(reason Reason, detail string, cause error) *Error {
	return c.at("", reason, detail, cause)
}

// at returns an error about a secret that was read.
func (c *client) at(path string, reason Reason, detail string, cause error) *Error {
	e := c.where
	e.Path, e.Operation, e.Reason, e.Detail, e.cause = path, reading, reason, detail, cause
	return &e
}

// explain turns an error of Vault's client into one for people. It is the
// cause of ctx's end when that is what has happened.
func (c *client) explain(ctx context.Context, operation, path string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var answer *api.ResponseError
	if !errors.As(err, &answer) {
		return c.unanswered(operation, path, err)
	}
	e := c.at(path, Refused, fmt.Sprintf("HTTP %d", answer.StatusCode), err)
	e.Operation = operation
	told := ""
	if !answer.RawError {
		told = said(answer.Errors)
	}
	if told != "" {
		e.Detail += ": " + told
	}
	switch code := answer.StatusCode; {
	case operation == reading && c.vault.Token() == "" && (code == http.StatusForbidden || code == http.StatusUnauthorized || strings.Contains(told, "missing client token")):
		e.Reason = NoToken // an agent's may still be one that may not write
	case code == http.StatusForbidden || code == http.StatusUnauthorized:
		e.Reason = Forbidden
	case strings.Contains(told, "Vault is sealed") || strings.Contains(told, "not initialized"):
		e.Reason, e.passing = Sealed, true
	case code == http.StatusNotFound:
		e.Reason = NoMount
	case code >= http.StatusInternalServerError:
		e.Reason, e.passing = Unreachable, true
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code == http.StatusPreconditionFailed:
		e.passing = true // 412: a standby has not seen the last write yet
	}
	return e
}

// unanswered is explain for a request that got no answer.
func (c *client) unanswered(operation, path string, err error) error {
	e := c.at(path, Unreachable, networkSaid(err), err)
	e.Operation, e.passing = operation, true
	var (
		untrusted *tls.CertificateVerificationError
		alert     tls.AlertError
		noTLS     tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.Detail = fmt.Sprintf("no answer within %s", c.timeout)
	case errors.As(err, &untrusted), errors.As(err, &alert), errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch):
		e.Reason, e.passing = NoTLS, false
	}
	return e
}

// passes reports whether err is of a request that may have been carried out, or
// may be another time.
func passes(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.passing
}

// networkSaid is the text of an error of the network without the request's URL,
// which the reader is told anyway.
func networkSaid(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return clean(err.Error())
}

// said is what Vault said, in one line.
func said(errs []string) string { return clean(strings.Join(errs, "; ")) }

// longestDetail is how much is quoted of what comes from outside.
const longestDetail = 300

// clean makes a text fit for a terminal.
func clean(text string) string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	runes := []rune(strings.Join(fields, " "))
	if len(runes) > longestDetail {
		runes = append(runes[:longestDetail], '…')
	}
	return string(runes)
}
