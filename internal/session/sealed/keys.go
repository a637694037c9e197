package sealed

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"regexp"
	"slices"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// The cost of a guess at the password of a copied session: five passes of
// Argon2id over 7 MiB in one lane. Of the choices that OWASP's password storage
// recommendation calls equal, this one needs the least memory. It is part of
// format 1.
//
// More would cost every process of every run, for passwords that people do not
// choose: the platform generates passwords and keys. A process that has just
// started spends most of the time on getting the memory from the operating system.
// So less memory and more passes are quicker: 50 ms on two cores of a virtual
// machine. Two passes over 19 MiB, which are called equal, took 104 ms.
const (
	argonTime    = 5
	argonMemory  = 7 << 10 // KiB
	argonThreads = 1
)

// A random UUID, as instance keys are, has 122 random bits. Nobody guesses it, at
// whatever cost of a guess, so it needs no Argon2id. Other versions of UUIDs are
// made of times and addresses.
var randomUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// deriveKey turns a password into the key of what is sealed with salt: a random
// UUID with HKDF (RFC 5869), any other password with Argon2id.
func deriveKey(password secret.String, salt []byte) []byte {
	text := []byte(password.Reveal())
	defer clear(text)
	if randomUUID.Match(text) {
		key, err := hkdf.Key(sha256.New, text, salt, magic, chacha20poly1305.KeySize)
		if err == nil { // only a key of thousands of bytes is an error
			return key
		}
	}
	return argon2.IDKey(text, salt, argonTime, argonMemory, argonThreads, chacha20poly1305.KeySize)
}

// NewSalt returns a random salt.
func NewSalt() []byte {
	salt := make([]byte, SaltSize)
	_, _ = rand.Read(salt) // never fails
	return salt
}

// Salt returns the salt to seal sessions of the password with, for stores without a
// common salt: the salt of the first session of the password that was opened, else
// a random one. It stays the same from then on, so that two hundred users of an
// instance cost one derivation.
func (b *Box) Salt(password secret.String) []byte {
	return b.keys.saltOf(password, NewSalt)
}

// Prepare derives the key of a password with a salt, unless it has been derived.
// Seal and Open then do not wait for it.
func (b *Box) Prepare(password secret.String, salt []byte) { _ = b.keys.of(password, salt) }

// Derivations returns how many keys the box has derived.
func (b *Box) Derivations() int {
	b.keys.mu.Lock()
	defer b.keys.mu.Unlock()
	return len(b.keys.keys)
}

// A keyring derives the key of a password with a salt once and remembers it
// for the process, and the salt that the password is used with next.
type keyring struct {
	// derive derives a key; nil means deriveKey.
	derive func(password secret.String, salt []byte) []byte

	mu    sync.Mutex
	mask  []byte
	keys  map[name]func() []byte
	salts map[name][]byte
}

// name stands for a password, or for a password with a salt. The maps must not hold
// plain passwords.
type name [sha256.Size]byte

// of returns the key of a password with a salt. Callers that ask for the
// same at the same time wait for one derivation.
func (k *keyring) of(password secret.String, salt []byte) []byte {
	return k.derivation(password, slices.Clone(salt))()
}

// derivation returns the function that returns the key.
func (k *keyring) derivation(password secret.String, salt []byte) func() []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	derive := k.derive
	if derive == nil {
		derive = deriveKey
	}
	id := k.name(password, salt)
	key, known := k.keys[id]
	if !known {
		key = sync.OnceValue(func() []byte { return derive(password, salt) })
		if k.keys == nil {
			k.keys = make(map[name]func() []byte)
		}
		k.keys[id] = key
	}
	return key
}

// opened remembers the salt of a session that the password has opened.
func (k *keyring) opened(password secret.String, salt []byte) {
	_ = k.saltOf(password, func() []byte { return slices.Clone(salt) })
}

// saltOf returns the salt of the password, which is first's if there is none
// yet.
func (k *keyring) saltOf(password secret.String, first func() []byte) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := k.name(password, nil)
	salt, known := k.salts[id]
	if !known {
		salt = first()
		if k.salts == nil {
			k.salts = make(map[name][]byte)
		}
		k.salts[id] = salt
	}
	return salt
}

// name is called with the lock held.
func (k *keyring) name(password secret.String, salt []byte) name {
	if k.mask == nil {
		k.mask = []byte(rand.Text())
	}
	mac := hmac.New(sha256.New, k.mask)
	_, _ = mac.Write(salt)
	_, _ = mac.Write([]byte(password.Reveal()))
	return name(mac.Sum(nil))
}
