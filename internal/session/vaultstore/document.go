package vaultstore

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// The value of the field format in a secret that is the store's own. Every
// version of the format keeps the fields lease and write as they are here, so
// that an exclusive right is understood by all of them.
const (
	formatName    = "terraform-provider-telematics/"
	formatVersion = formatName + "1"
)

// document is what a secret of the store's holds. Its field names are part of
// the format.
type document struct {
	Format string `json:"format"`
	// Session is the sealed session in base64; empty when none was stored yet.
	Session string `json:"session"`
	// Lease is the exclusive right, while somebody has it.
	Lease *leaseNote `json:"lease,omitempty"`
	// Write is a random name of the write that this is the outcome of. It
	// tells a writer whose answer was lost whether it has written.
	Write string `json:"write"`

	// damage says what is wrong with a document of the store's.
	damage string
}

// leaseNote is an exclusive right as others see it.
type leaseNote struct {
	// Holder is a random name.
	Holder string `json:"holder"`
	// For is how long the right stands from the moment that it was written,
	// in Go's notation.
	For leaseTime `json:"for"`
	// Until is when that is over by the holder's clock. It is for people;
	// nobody goes by the clock of another machine.
	Until time.Time `json:"until"`
}

// heldBy reports whether the document gives the right to holder.
func (d document) heldBy(holder string) bool { return d.Lease != nil && d.Lease.Holder == holder }

// sealedSession returns the sealed session, or nil when there is none. Its error
// is a [*sealed.UnusableError].
func (d document) sealedSession() ([]byte, error) {
	if d.damage != "" {
		return nil, &sealed.UnusableError{Reason: d.damage}
	}
	if d.Session == "" {
		return nil, nil
	}
	text, err := base64.StdEncoding.DecodeString(d.Session)
	if err != nil {
		return nil, &sealed.UnusableError{Reason: "it is damaged"}
	}
	return text, nil
}

// decode reads the data of a secret. It reports whether the secret is the
// store's own; a damaged one is, and still says what it can of its lease.
func decode(data []byte) (d document, own bool) {
	var mark struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(data, &mark); err != nil || !strings.HasPrefix(mark.Format, formatName) {
		return document{}, false
	}
	if err := json.Unmarshal(data, &d); err != nil {
		d.damage = "it is damaged"
	}
	if mark.Format != formatVersion {
		d.damage = fmt.Sprintf("it is of format %.40q, and this version of the provider knows %q", mark.Format, formatVersion)
	}
	if d.Lease != nil && (d.Lease.Holder == "" || d.Lease.For <= 0) {
		d.Lease = nil
	}
	return d, true
}

// leaseTime is a [time.Duration] that is written in Go's notation.
type leaseTime time.Duration

// MarshalText implements [encoding.TextMarshaler].
func (d leaseTime) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *leaseTime) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = leaseTime(parsed)
	return err
}
