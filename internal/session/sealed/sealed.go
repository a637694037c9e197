// Package sealed is the form in which sessions are kept outside a process:
// encrypted with a key that is derived from the account's own password
// (ARCHITECTURE.md, rule 11). A copy is of no use without the password.
package sealed

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// A sealed session is
//
//	magic    8 bytes  "TLMTSESS"
//	version  1 byte   1
//	salt    16 bytes  of the key derivation, see keys.go
//	nonce   24 bytes  random
//	sealed            JSON of the session, XChaCha20-Poly1305, and its 16-byte tag
//
// Everything before the sealed part is authenticated with it, and so is the
// identity: a session that is moved to another identity's name does not open.
const (
	magic         = "TLMTSESS"
	formatVersion = 1
	nonceStart    = len(magic) + 1 + SaltSize
	sealedStart   = nonceStart + chacha20poly1305.NonceSizeX
)

// SaltSize is the length of a salt in bytes.
const SaltSize = 16

// ErrNoPassword is returned by [Box.Seal] for an account without a password: there
// is nothing to derive a key from, and no session is kept unencrypted.
var ErrNoPassword = errors.New("a session without a password cannot be encrypted, so it is not stored")

// An UnusableError is something that holds no session for the account. It is
// [session.ErrNoSession] with a reason for the log.
type UnusableError struct {
	// Reason says what is wrong: "it is damaged".
	Reason string
}

func (e *UnusableError) Error() string { return "no stored session: " + e.Reason }
func (e *UnusableError) Unwrap() error { return session.ErrNoSession }

// document is the sealed part. Its field names are part of the format.
type document struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token"`
	DeviceToken  string    `json:"device_token,omitempty"`
	IssuedAt     time.Time `json:"issued_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	Version      int64     `json:"version"`

	VerifiedAt    time.Time         `json:"verified_at,omitzero"`
	NoVerifyUntil time.Time         `json:"no_verify_until,omitzero"`
	Revocations   []time.Time       `json:"revocations,omitempty"`
	LoginForm     session.LoginForm `json:"login_form,omitempty"`
	RenewedBy     string            `json:"renewed_by,omitempty"`
	Predecessor   string            `json:"predecessor,omitempty"`
}

// A Box seals sessions and opens them. It derives the key of a password with
// a salt once. The zero value is ready for use, and safe for concurrent use.
type Box struct{ keys keyring }

// UseSlots lets the box look for its keys in slots, and keep them there. It is
// called before anything else.
func (b *Box) UseSlots(slots Slots) { b.keys.slots = slots }

// Seal encrypts a session for the account. The salt has [SaltSize] bytes and
// is no secret; sessions of one password that share it share the derivation
// of their key. The error is [ErrNoPassword]; others do not happen.
func (b *Box) Seal(s session.Session, account session.Account, salt []byte) ([]byte, error) {
	if account.Password.IsEmpty() {
		return nil, ErrNoPassword
	}
	if len(salt) != SaltSize {
		return nil, fmt.Errorf("a salt has %d bytes, not %d", SaltSize, len(salt))
	}
	plain, err := json.Marshal(document{
		AccessToken:  s.AccessToken.Reveal(),
		RefreshToken: s.RefreshToken.Reveal(),
		DeviceToken:  s.DeviceToken.Reveal(),
		IssuedAt:     s.IssuedAt.UTC(),
		ExpiresAt:    s.ExpiresAt.UTC(),
		Version:      s.Version,

		VerifiedAt:    s.VerifiedAt.UTC(),
		NoVerifyUntil: s.NoVerifyUntil.UTC(),
		Revocations:   s.Revocations,
		LoginForm:     s.LoginForm,
		RenewedBy:     s.RenewedBy,
		Predecessor:   s.Predecessor,
	})
	if err != nil {
		return nil, fmt.Errorf("the session cannot be written: %w", err)
	}
	defer clear(plain)
	aead, err := chacha20poly1305.NewX(b.keys.of(account.Password, salt))
	if err != nil {
		return nil, fmt.Errorf("the session cannot be encrypted: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce) // never fails
	text := make([]byte, 0, sealedStart+len(plain)+chacha20poly1305.Overhead)
	text = append(text, magic...)
	text = append(text, formatVersion)
	text = append(text, salt...)
	text = append(text, nonce...)
	return aead.Seal(text, nonce, plain, boundTo(text, account)), nil
}

// boundTo is what is authenticated with the sealed part: header and identity.
func boundTo(header []byte, account session.Account) []byte {
	return append(header[:len(header):len(header)], account.Key()...)
}

// CheckFormat returns an error that wraps [session.ErrNewerFormat] when the text
// was sealed in a later format than this one. Such a session is not replaced
// (ARCHITECTURE.md, rule 12).
func CheckFormat(text []byte) error {
	if len(text) <= len(magic) || string(text[:len(magic)]) != magic || text[len(magic)] <= formatVersion {
		return nil
	}
	return fmt.Errorf("%w: format %d, and this one knows %d", session.ErrNewerFormat, text[len(magic)], formatVersion)
}

// Open decrypts what Seal made for the account, in this process or another.
// Its errors are [*UnusableError], and those of [CheckFormat].
func (b *Box) Open(text []byte, account session.Account) (session.Session, error) {
	switch {
	case account.Password.IsEmpty():
		return session.Session{}, &UnusableError{"there is no password to open it with"}
	case len(text) < len(magic) || string(text[:len(magic)]) != magic:
		return session.Session{}, &UnusableError{"it is not a stored session"}
	case CheckFormat(text) != nil:
		return session.Session{}, CheckFormat(text)
	case len(text) < sealedStart:
		return session.Session{}, &UnusableError{"it is cut short"}
	case text[len(magic)] != formatVersion:
		return session.Session{}, &UnusableError{fmt.Sprintf("it is of format %d, and this version of the provider knows format %d", text[len(magic)], formatVersion)}
	}
	salt, nonce := text[len(magic)+1:nonceStart], text[nonceStart:sealedStart]
	unopened := &UnusableError{"it is damaged, or was stored with another password or key"}
	aead, err := chacha20poly1305.NewX(b.keys.of(account.Password, salt))
	if err != nil {
		return session.Session{}, unopened
	}
	plain, err := aead.Open(nil, nonce, text[sealedStart:], boundTo(text[:sealedStart], account))
	if err != nil {
		return session.Session{}, unopened
	}
	defer clear(plain)
	b.keys.opened(account.Password, salt)
	var d document
	if err := json.Unmarshal(plain, &d); err != nil || d.AccessToken == "" && d.RefreshToken == "" {
		return session.Session{}, &UnusableError{"it holds something other than a session"}
	}
	return session.Session{
		AccessToken:  secret.New(d.AccessToken),
		RefreshToken: secret.New(d.RefreshToken),
		DeviceToken:  secret.New(d.DeviceToken),
		IssuedAt:     d.IssuedAt,
		ExpiresAt:    d.ExpiresAt,
		Version:      d.Version,

		VerifiedAt:    d.VerifiedAt,
		NoVerifyUntil: d.NoVerifyUntil,
		Revocations:   d.Revocations,
		LoginForm:     d.LoginForm,
		RenewedBy:     d.RenewedBy,
		Predecessor:   d.Predecessor,
	}, nil
}
