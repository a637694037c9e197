package filestore

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// A session file is
//
//	magic    8 bytes  "TLMTSESS"
//	version  1 byte   1
//	salt    16 bytes  of the key derivation, see keys.go
//	nonce   24 bytes  random
//	sealed            JSON of the session, XChaCha20-Poly1305, and its 16-byte tag
//
// Everything before the sealed part is authenticated with it, and so is the
// identity: a file that is renamed to another identity's does not open.
const (
	magic         = "TLMTSESS"
	formatVersion = 1
	saltSize      = 16
	nonceStart    = len(magic) + 1 + saltSize
	sealedStart   = nonceStart + chacha20poly1305.NonceSizeX
)

// unusableError is a file that holds no session for the account. It is
// [session.ErrNoSession] with a reason for the log.
type unusableError struct{ reason string }

func (e *unusableError) Error() string { return "no stored session: " + e.reason }
func (e *unusableError) Unwrap() error { return session.ErrNoSession }

// document is the sealed part. Its field names are part of the format.
type document struct {
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token"`
	DeviceToken  string    `json:"device_token,omitempty"`
	IssuedAt     time.Time `json:"issued_at"`
	ExpiresAt    time.Time `json:"expires_at"`
	Version      int64     `json:"version"`
}

// seal encrypts a session for the account.
func (s *Store) seal(stored session.Session, account session.Account) ([]byte, error) {
	salt, err := s.salt()
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(document{
		AccessToken:  stored.AccessToken.Reveal(),
		RefreshToken: stored.RefreshToken.Reveal(),
		DeviceToken:  stored.DeviceToken.Reveal(),
		IssuedAt:     stored.IssuedAt.UTC(),
		ExpiresAt:    stored.ExpiresAt.UTC(),
		Version:      stored.Version,
	})
	if err != nil {
		return nil, fmt.Errorf("the session cannot be written: %w", err)
	}
	defer clear(plain)
	aead, err := chacha20poly1305.NewX(s.keys.of(account.Credential, salt))
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

// boundTo is what is authenticated besides the sealed part.
func boundTo(header []byte, account session.Account) []byte {
	return append(header[:len(header):len(header)], account.Key()...)
}

// open decrypts what seal made. Its errors are [*unusableError].
func (s *Store) open(text []byte, account session.Account) (session.Session, error) {
	switch {
	case len(text) < len(magic) || string(text[:len(magic)]) != magic:
		return session.Session{}, &unusableError{"it is not a session file"}
	case len(text) < sealedStart:
		return session.Session{}, &unusableError{"it is cut short"}
	case text[len(magic)] != formatVersion:
		return session.Session{}, &unusableError{fmt.Sprintf("it is of format %d, and this version of the provider knows format %d", text[len(magic)], formatVersion)}
	}
	salt, nonce := text[len(magic)+1:nonceStart], text[nonceStart:sealedStart]
	aead, err := chacha20poly1305.NewX(s.keys.of(account.Credential, salt))
	if err != nil {
		return session.Session{}, fmt.Errorf("the session cannot be decrypted: %w", err)
	}
	plain, err := aead.Open(nil, nonce, text[sealedStart:], boundTo(text[:sealedStart], account))
	if err != nil {
		return session.Session{}, &unusableError{"it is damaged, or was stored with another password or key"}
	}
	defer clear(plain)
	var d document
	if err := json.Unmarshal(plain, &d); err != nil || d.AccessToken == "" && d.RefreshToken == "" {
		return session.Session{}, &unusableError{"it holds something other than a session"}
	}
	return session.Session{
		AccessToken:  secret.New(d.AccessToken),
		RefreshToken: secret.New(d.RefreshToken),
		DeviceToken:  secret.New(d.DeviceToken),
		IssuedAt:     d.IssuedAt,
		ExpiresAt:    d.ExpiresAt,
		Version:      d.Version,
	}, nil
}
