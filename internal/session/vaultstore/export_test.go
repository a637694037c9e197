package vaultstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// Connect makes the client of s now, with the environment as it is.
func Connect(s *Store) error {
	_, err := s.connect()
	return err
}

// Derivations is how many keys s has derived.
func Derivations(s *Store) int { return s.box.Derivations() }

// SecretPath is where s keeps the session of account, below the mount.
func SecretPath(s *Store, account session.Account) string { return s.secretPath(account) }

// Decoded is what the store makes of the data of a secret.
type Decoded struct {
	Session string
	Holder  string
	For     time.Duration
	Damage  string
}

// Decode reads the data of a secret. The reason is empty for the store's own.
func Decode(data []byte) (Decoded, Reason) {
	d, reason := decode(data)
	text, err := d.sealedSession()
	decoded := Decoded{Session: string(text)}
	if d.Lease != nil {
		decoded.Holder, decoded.For = d.Lease.Holder, time.Duration(d.Lease.For)
	}
	if err != nil {
		decoded.Damage = err.Error()
	}
	return decoded, reason
}

// Encode is the data of a secret with a session, and with a lease if it has a
// holder.
func Encode(session, holder string, stands time.Duration) ([]byte, error) {
	d := document{Format: formatVersion, Session: session, Write: "write"}
	if holder != "" {
		d.Lease = &leaseNote{Holder: holder, For: leaseTime(stands), Until: time.Unix(0, 0).UTC()}
	}
	return json.Marshal(d)
}

// Policy returns the policy that a token needs to keep sessions below a
// prefix of the default mount; the empty one is the default. The second rule may be left out: it lets the store ask Vault, when
// it stores the first session of an identity, to keep the newest version only,
// and delete what is not needed any more.
func Policy(prefix string) string {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	return fmt.Sprintf(`path %q {
  capabilities = ["%s"]
}

path %q {
  capabilities = ["create", "update", "delete"]
}
`, dataPath(DefaultMount, prefix), strings.Join(capabilities, `", "`), DefaultMount+"/metadata/"+prefix+"/*")
}
