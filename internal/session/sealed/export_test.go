package sealed

import (
	"crypto/sha256"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// DeriveKey is what a derivation costs.
func DeriveKey(password secret.String, salt []byte) []byte { return deriveKey(password, salt) }

// DeriveCheaply makes b derive keys that are worth nothing in no time.
func DeriveCheaply(b *Box) {
	b.keys.derive = func(password secret.String, salt []byte) []byte {
		key := sha256.Sum256([]byte(password.Reveal() + string(salt)))
		return key[:]
	}
}
