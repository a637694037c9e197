package sealed

import (
	"crypto/sha256"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// DeriveKey is what a derivation costs.
func DeriveKey(credential secret.String, salt []byte) []byte { return deriveKey(credential, salt) }

// DeriveCheaply makes b derive keys that are worth nothing in no time.
func DeriveCheaply(b *Box) {
	b.keys.derive = func(credential secret.String, salt []byte) []byte {
		key := sha256.Sum256([]byte(credential.Reveal() + string(salt)))
		return key[:]
	}
}
