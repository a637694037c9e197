package session

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
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
// when all four fields are equal; none of them is a secret of the platform's.
type Identity struct {
	// UserServiceURL is the base URL of the user-service, as configured.
	UserServiceURL string
	Kind           Kind
	// Login is the email of an admin, the device token of a user, the
	// fingerprint of the refresh token of a resumed session.
	Login string
	// InstanceID is the API instance's or the user group's id; may be empty
	// for an admin.
	InstanceID string
}

// Key returns a name for the identity that tells nothing about it: the
// SHA-256 of its fields in hexadecimal, 64 characters, fit for a file name.
func (id Identity) Key() string {
	h := sha256.New()
	for _, field := range []string{id.UserServiceURL, string(id.Kind), id.Login, id.InstanceID} {
		// Each field is led by its length, so that no two identities run
		// together into the same text.
		_ = binary.Write(h, binary.BigEndian, uint64(len(field)))
		_, _ = h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// An Account is an identity with the password that proves it: an admin's
// password, a user group's instance key, or for a resumed session the refresh
// token that it was resumed with.
//
// A session is kept for an account, not for an identity alone: a caller with
// another password must not be handed what this one obtained.
type Account struct {
	Identity
	Password secret.String
}

// The errors of a session that belongs to another account than the one that
// asked.
var (
	// ErrOtherUser is the session of another user.
	ErrOtherUser = errors.New("the session belongs to another device token than the one that was asked for")
	// ErrNotAdmin is the session of a user in place of an admin's.
	ErrNotAdmin = errors.New("the session belongs to a user, and without device_token an admin's was asked for")
)

// check returns an error when s is known to belong to another identity.
func (id Identity) check(s Session) error {
	if id.Kind == User && !s.DeviceToken.IsEmpty() && !strings.EqualFold(id.Login, s.DeviceToken.Reveal()) {
		return ErrOtherUser
	}
	return nil
}

// checkRefreshed is check for the answer to a refresh of old. An admin's own
// session has no device token (PLATFORM-API.md §4), so one that gets it in a
// refresh is a user's that was resumed. Kept as the admin's, it would be handed
// out as the admin's from then on.
func (id Identity) checkRefreshed(old, fresh Session) error {
	if id.Kind == Admin && old.DeviceToken.IsEmpty() && !fresh.DeviceToken.IsEmpty() {
		return ErrNotAdmin
	}
	return id.check(fresh)
}

// ResumedAccount returns the account of a session that was handed in with no
// word on whose it is. Callers that hand in the same refresh token share
// it, so that what one of them trades it for is found by the next.
func ResumedAccount(userServiceURL, instanceID string, refreshToken secret.String) Account {
	fingerprint := sha256.Sum256([]byte("resumed refresh token: " + refreshToken.Reveal()))
	return Account{
		Identity: Identity{
			UserServiceURL: userServiceURL,
			Kind:           Resumed,
			Login:          hex.EncodeToString(fingerprint[:]),
			InstanceID:     instanceID,
		},
		Password: refreshToken,
	}
}
