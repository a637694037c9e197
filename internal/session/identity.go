package session

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// Kind is how an identity authorizes (PLATFORM-API.md §1).
type Kind string

// The kinds of identities.
const (
	// Admin authorizes with an email and a password generated in DataHub.
	Admin Kind = "admin"
	// User authorizes with a device token and the user group's instance key.
	User Kind = "user"
	// Resumed is a session that its user keeps elsewhere and hands in without
	// saying whose it is: it can be refreshed, never logged in.
	Resumed Kind = "resumed"
)

// An Identity says whose a session is. Two sessions belong together exactly
// when all three fields are equal. [NewIdentity] makes one.
type Identity struct {
	// UserServiceURL is the base URL of the user-service, as [CanonicalURL]
	// writes it.
	UserServiceURL string
	Kind           Kind
	// Login is the email of an admin, the device token of a user, the
	// fingerprint of the refresh token of a resumed session.
	Login string
}

// NewIdentity returns the identity of a login at the user-service at base. The
// spelling of neither makes another identity: emails and device tokens are
// compared without case and without space around them (ARCHITECTURE.md, rule
// 1).
func NewIdentity(base *url.URL, kind Kind, login string) Identity {
	return Identity{UserServiceURL: CanonicalURL(base), Kind: kind, Login: strings.ToLower(strings.TrimSpace(login))}
}

// CanonicalURL writes a base URL in one way: lower-case scheme and host, no
// default port, no dot at the end of the host, a clean path that keeps its
// escapes, no slash at the end.
func CanonicalURL(base *url.URL) string {
	scheme := strings.ToLower(base.Scheme)
	host := strings.TrimSuffix(strings.ToLower(base.Hostname()), ".")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := base.Port(); port != "" && (scheme != "https" || port != "443") && (scheme != "http" || port != "80") {
		host += ":" + port
	}
	return scheme + "://" + host + strings.TrimRight(base.JoinPath("/").EscapedPath(), "/")
}

// Key returns a name for the identity that tells nothing about it: the
// SHA-256 of its fields in hexadecimal, 64 characters, fit for a file name.
func (id Identity) Key() string {
	h := sha256.New()
	for _, field := range []string{id.UserServiceURL, string(id.Kind), id.Login} {
		// Each field is led by its length, so that no two identities run
		// together into the same text.
		_ = binary.Write(h, binary.BigEndian, uint64(len(field)))
		_, _ = h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// An Account is an identity with the password that proves it: an admin's
// password, a user group's instance key, or for a resumed session the refresh
// token that it was resumed with. It is what sessions are encrypted under.
//
// A session is kept for an account, not for an identity alone: a caller with
// another password must not be handed what this one obtained.
type Account struct {
	Identity
	Password secret.String

	// checked is the identity that the sessions of a resumed account are to
	// belong to, where it is known.
	checked Identity
}

// owner is the identity that the account's sessions are to belong to.
func (a Account) owner() Identity {
	if a.Kind == Resumed && a.checked.Kind != "" {
		return a.checked
	}
	return a.Identity
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// NewAccount returns the account of an identity. Case does not matter in a
// password that is a UUID, as instance keys are (ARCHITECTURE.md, rule 1).
func NewAccount(id Identity, password secret.String) Account {
	if uuid.MatchString(password.Reveal()) {
		password = secret.New(strings.ToLower(password.Reveal()))
	}
	return Account{Identity: id, Password: password}
}

// resumedAccount returns the account of a pair that nobody can say the owner
// of. Callers that hand in the same refresh token share it, so that what one of
// them trades it for is found by the next.
func resumedAccount(userServiceURL string, refreshToken secret.String) Account {
	return Account{
		Identity: Identity{UserServiceURL: userServiceURL, Kind: Resumed, Login: fingerprint(refreshToken)},
		Password: refreshToken,
	}
}

// fingerprint names a resumed pair by its refresh token.
func fingerprint(refreshToken secret.String) string {
	sum := sha256.Sum256([]byte("resumed refresh token: " + refreshToken.Reveal()))
	return hex.EncodeToString(sum[:])
}

// An Owner is whose a session is by the platform's own word: the claims of the
// access token, or the DeviceToken of an answer (PLATFORM-API.md §5). The zero
// Owner is unknown.
type Owner struct {
	Kind Kind
	// Login is an email or a device token, in any spelling; empty when only
	// the kind is known.
	Login string
}

// An OwnerError is a session of another account than the one that asked.
type OwnerError struct {
	// Asked and Got are the kinds. When they are equal, the logins differ.
	Asked, Got Kind
}

// Error says what was asked for and what there is, without naming anybody.
func (e *OwnerError) Error() string {
	switch {
	case e.Asked != e.Got:
		return fmt.Sprintf("the session belongs to %s, and %s was asked for", article(e.Got), article(e.Asked))
	case e.Got == User:
		return "the session belongs to another device token than the one that was asked for"
	default:
		return "the session belongs to another admin than the one that was asked for"
	}
}

func article(k Kind) string {
	if k == Admin {
		return "an admin"
	}
	return "a user"
}

// check compares the owner of a session with the identity that asks for it
// (ARCHITECTURE.md, rule 2). It reports whether the session is proven to be the
// identity's; one that is proven to be another's is an [*OwnerError].
func (id Identity) check(owner Owner) (proven bool, err error) {
	switch {
	case owner.Kind == "" || id.Kind == Resumed:
		return false, nil
	case owner.Kind != id.Kind:
		return false, &OwnerError{Asked: id.Kind, Got: owner.Kind}
	case owner.Login == "" || id.Login == "":
		return false, nil
	case bare(id.Kind, owner.Login) != bare(id.Kind, id.Login):
		return false, &OwnerError{Asked: id.Kind, Got: owner.Kind}
	}
	return true, nil
}

// bare is a login without what its spelling may differ in: the claims write
// device tokens without dashes.
func bare(kind Kind, login string) string {
	login = strings.ToLower(strings.TrimSpace(login))
	if kind == User {
		login = strings.ReplaceAll(login, "-", "")
	}
	return login
}
