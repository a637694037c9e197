package vaultstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/hashicorp/vault/api"
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
	// Unreachable means that nothing answered, or an error of a server in
	// between.
	Unreachable Reason = "unreachable"
	// Sealed means that Vault is sealed, or not initialised.
	Sealed Reason = "sealed"
	// Forbidden means that the token is not valid, or its policies do not
	// allow the request.
	Forbidden Reason = "forbidden"
	// NoMount means that no secrets engine is mounted there.
	NoMount Reason = "no mount"
	// NotKV2 means that the engine is not KV version 2.
	NotKV2 Reason = "not KV v2"
	// Foreign means that somebody else's secret is at the path. It is not
	// written over.
	Foreign Reason = "foreign"
	// NewerFormat means that a newer version of the provider has stored the
	// session. It is not written over. The error wraps
	// [session.ErrNewerFormat].
	NewerFormat Reason = "newer format"
	// Refused means that Vault answered something else.
	Refused Reason = "refused"
)

// An Error says why the store cannot be used, and what to do.
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

	cause error
}

// Unwrap returns [session.ErrNewerFormat] for a newer format, else the error of
// Vault's client or of the network, if there is one. The text of the latter may
// hold what was sent or answered.
func (e *Error) Unwrap() error { return e.cause }

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
		return vault + " cannot be used for sessions without a token" + detail + ": set VAULT_TOKEN, or log in with `vault login`"
	case Unreachable:
		return vault + " cannot be reached" + detail + ": check the address (VAULT_ADDR) and the way to it"
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

// at returns an error about a secret.
func (c *client) at(path string, reason Reason, detail string, cause error) *Error {
	e := c.where
	e.Path, e.Reason, e.Detail, e.cause = path, reason, detail, cause
	e.Operation = "read"
	return &e
}

// explain turns an error of Vault's client into one for people. It is the
// cause of ctx's end when that is what has happened.
func (c *client) explain(ctx context.Context, operation, path string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := c.at(path, Unreachable, "", err)
	e.Operation = operation
	var refused *api.ResponseError
	if !errors.As(err, &refused) {
		e.Detail = networkSaid(err)
		if errors.Is(err, context.DeadlineExceeded) {
			e.Detail = fmt.Sprintf("no answer within %s", c.timeout)
		}
		return e
	}
	detail := ""
	if !refused.RawError {
		detail = said(refused.Errors)
	}
	e.Detail = fmt.Sprintf("HTTP %d", refused.StatusCode)
	if detail != "" {
		e.Detail += ": " + detail
	}
	switch code := refused.StatusCode; {
	case code == http.StatusForbidden || code == http.StatusUnauthorized:
		e.Reason = Forbidden
	case strings.Contains(detail, "Vault is sealed") || strings.Contains(detail, "not initialized"):
		e.Reason = Sealed
	case code == http.StatusNotFound:
		e.Reason = NoMount
	case code < http.StatusInternalServerError:
		e.Reason = Refused
	}
	return e
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
