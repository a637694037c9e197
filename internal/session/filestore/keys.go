package filestore

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// The cost of a guess at a credential, for one who has copied a file: two
// passes of Argon2id over 19 MiB in one lane, the least that OWASP's password
// storage recommendation has. They are part of format 1.
//
// More would cost every process of every run, for credentials that people do
// not choose: the platform generates passwords and keys. In a process that has
// just started, most of the time goes into getting the memory from the
// operating system. On two cores of a virtual machine these parameters took 30
// ms and 21 MiB, 50 processes at once 1.0 s; the second choice of RFC 9106
// (three passes, 64 MiB, four lanes) took 210 ms and 66 MiB, 50 at once 8.7 s.
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
)

// deriveKey turns a credential into the key of the files made with salt.
func deriveKey(credential secret.String, salt []byte) []byte {
	password := []byte(credential.Reveal())
	defer clear(password)
	return argon2.IDKey(password, salt, argonTime, argonMemory, argonThreads, chacha20poly1305.KeySize)
}

// A keyring derives the key of a credential once and remembers it for the
// process: all sessions of a folder are made with the folder's salt, so that
// two hundred users of an instance cost one derivation.
type keyring struct {
	derive func(credential secret.String, salt []byte) []byte

	mu   sync.Mutex
	mask []byte
	keys map[[sha256.Size]byte]func() []byte
}

// of returns the key of a credential with a salt. Callers that ask for the
// same at the same time wait for one derivation.
func (k *keyring) of(credential secret.String, salt []byte) []byte {
	return k.derivation(credential, slices.Clone(salt))()
}

// derivation returns the function that returns the key.
func (k *keyring) derivation(credential secret.String, salt []byte) func() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = make(map[[sha256.Size]byte]func() []byte)
		k.mask = []byte(rand.Text())
	}
	// The map is not to hold credentials in the clear.
	mac := hmac.New(sha256.New, k.mask)
	_, _ = mac.Write(salt)
	_, _ = mac.Write([]byte(credential.Reveal()))
	name := [sha256.Size]byte(mac.Sum(nil))
	key, known := k.keys[name]
	if !known {
		key = sync.OnceValue(func() []byte { return k.derive(credential, salt) })
		k.keys[name] = key
	}
	return key
}

// saltName is the file that holds the folder's salt, and the name of its lock.
const saltName = "salt"

// saltWait bounds the wait for another process that makes the salt.
const saltWait = 10 * time.Second

// readOrMakeSalt returns the folder's salt. The first process to need one
// makes it. Each session file carries the salt that it was made with, so one
// that comes from elsewhere still opens.
func (s *Store) readOrMakeSalt() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), saltWait)
	defer cancel()
	if salt, err := s.readSalt(ctx); err == nil {
		return salt, nil
	}
	held, err := s.lock(ctx, saltName, "prepare the folder", func() {})
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.release() }()
	salt, err := s.readSalt(ctx)
	var unusable *unusableError
	switch {
	case err == nil:
		return salt, nil
	case errors.As(err, &unusable):
		s.log.WarnContext(ctx, "the salt for session keys cannot be used and is replaced", "file", saltName, "reason", unusable.reason)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	salt = make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	if err := s.replace(filepath.Join(s.dir, saltName), salt); err != nil {
		return nil, err
	}
	return salt, nil
}

func (s *Store) readSalt(ctx context.Context) ([]byte, error) {
	salt, err := s.read(ctx, filepath.Join(s.dir, saltName))
	if err != nil {
		return nil, err
	}
	if len(salt) != saltSize {
		return nil, &unusableError{"it has the wrong size"}
	}
	return salt, nil
}
