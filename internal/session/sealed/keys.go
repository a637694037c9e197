package sealed

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	if isRandomUUID(password) {
		return deriveFast(password, salt, magic)
	}
	text := []byte(password.Reveal())
	defer clear(text)
	return argon2.IDKey(text, salt, argonTime, argonMemory, argonThreads, chacha20poly1305.KeySize)
}

func isRandomUUID(password secret.String) bool { return randomUUID.MatchString(password.Reveal()) }

// deriveFast derives with HKDF. The purpose tells the keys of a password apart.
func deriveFast(password secret.String, salt []byte, purpose string) []byte {
	text := []byte(password.Reveal())
	defer clear(text)
	key, err := hkdf.Key(sha256.New, text, salt, purpose, chacha20poly1305.KeySize)
	if err != nil {
		panic(err) // only of a key of thousands of bytes
	}
	return key
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
	return b.keys.derived
}

// Slots keep the keys that took Argon2id, for the next processes of this user: a
// process that finds its key there does not derive it. A key is encrypted with one
// that HKDF derives from the same password, so it is of no use without the password;
// but a guess at the password costs nothing there. So the slots must be in memory,
// lost when the machine restarts, and readable by this user only (ARCHITECTURE.md,
// rule 11).
type Slots interface {
	// Read returns what was written under a name. Any error means that there is
	// nothing to use.
	Read(name string) ([]byte, error)
	// Write keeps a text under a name of 64 hexadecimal digits.
	Write(name string, text []byte) error
}

// A key in a slot is
//
//	magic    8 bytes  "TLMTSLOT"
//	nonce   24 bytes  random
//	sealed            the key, XChaCha20-Poly1305, and its 16-byte tag
//
// Name and content are bound to the salt, and to the format of sessions that the
// key is for.
const (
	slotMagic   = "TLMTSLOT"
	slotPurpose = "key slot"
)

// A slot is the place of one key in [Slots].
type slot struct {
	name string
	aead cipher.AEAD
}

// slotOf returns the slot of the key of a password with a salt.
func slotOf(password secret.String, salt []byte) (slot, error) {
	purpose := fmt.Sprintf("%s %d %s", magic, formatVersion, slotPurpose)
	aead, err := chacha20poly1305.NewX(deriveFast(password, salt, purpose))
	return slot{name: hex.EncodeToString(deriveFast(password, salt, purpose+" name")), aead: aead}, err
}

// read returns the key in the slot, and nil if there is none that is whole.
func (s slot) read(slots Slots) []byte {
	text, err := slots.Read(s.name)
	start := len(slotMagic) + chacha20poly1305.NonceSizeX
	if err != nil || len(text) < start || !bytes.HasPrefix(text, []byte(slotMagic)) {
		return nil
	}
	key, err := s.aead.Open(nil, text[len(slotMagic):start], text[start:], text[:start])
	if err != nil || len(key) != chacha20poly1305.KeySize {
		return nil
	}
	return key
}

// write puts a key into the slot.
func (s slot) write(slots Slots, key []byte) error {
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce) // never fails
	text := append([]byte(slotMagic), nonce...)
	return slots.Write(s.name, s.aead.Seal(text, nonce, key, text))
}

// A keyring derives the key of a password with a salt once and remembers it
// for the process, and the salt that the password is used with next.
type keyring struct {
	// slots may have the key already; nil means that there are none.
	slots Slots
	// derive derives a key; nil means deriveKey.
	derive func(password secret.String, salt []byte) []byte

	mu      sync.Mutex
	mask    []byte
	keys    map[name]*derivation
	salts   map[name][]byte
	derived int
}

// A derivation is one key, and what makes it.
type derivation struct {
	// key returns the key. Callers at the same time wait for one derivation.
	key func() []byte
	// keep puts the key into its slot, unless it came from there.
	keep func()
}

// name stands for a password, or for a password with a salt. The maps must not hold
// plain passwords.
type name [sha256.Size]byte

// of returns the key of a password with a salt.
func (k *keyring) of(password secret.String, salt []byte) []byte {
	return k.derivation(password, salt).key()
}

// derivation returns what derives the key of a password with a salt.
func (k *keyring) derivation(password secret.String, salt []byte) *derivation {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := k.name(password, salt)
	d, known := k.keys[id]
	if !known {
		d = k.begin(password, slices.Clone(salt))
		if k.keys == nil {
			k.keys = make(map[name]*derivation)
		}
		k.keys[id] = d
	}
	return d
}

// begin makes a derivation. It is called with the lock held and derives nothing.
func (k *keyring) begin(password secret.String, salt []byte) *derivation {
	derive := func() []byte {
		k.mu.Lock()
		k.derived++
		derive := k.derive
		k.mu.Unlock()
		if derive == nil {
			derive = deriveKey
		}
		return derive(password, salt)
	}
	d := &derivation{key: sync.OnceValue(derive), keep: func() {}}
	if k.slots == nil || isRandomUUID(password) {
		return d
	}
	slot, err := slotOf(password, salt)
	if err != nil {
		return d
	}
	found := false
	d.key = sync.OnceValue(func() []byte {
		key := slot.read(k.slots)
		if found = key != nil; found {
			return key
		}
		return derive()
	})
	d.keep = sync.OnceFunc(func() {
		if key := d.key(); !found {
			_ = slot.write(k.slots, key) // the next process then derives it, too
		}
	})
	return d
}

// opened tells that the password has opened a session with the salt: its next
// session is sealed with that salt, too, and its key is kept.
func (k *keyring) opened(password secret.String, salt []byte) {
	_ = k.saltOf(password, func() []byte { return slices.Clone(salt) })
	k.derivation(password, salt).keep()
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
