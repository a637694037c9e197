package vaultstore

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// The value of the field format in a secret of the store's. A secret of any
// other version is left alone (ARCHITECTURE.md, rule 12).
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
	// Lease is the lock, while somebody holds it.
	Lease *leaseNote `json:"lease,omitempty"`
	// Write is a random name of the write that this is the outcome of. It
	// tells a writer whose answer was lost whether it has written.
	Write string `json:"write"`

	// damage says what is wrong with a document of the store's.
	damage string
}

// leaseNote is a lease as others see it.
type leaseNote struct {
	// Holder is a random name.
	Holder string `json:"holder"`
	// For is how long the lease lasts from the moment that it was written,
	// in Go's notation.
	For leaseTime `json:"for"`
	// Until is when that is over by the holder's clock. It is for people;
	// nobody goes by the clock of another machine.
	Until time.Time `json:"until"`
}

// heldBy reports whether the lease is holder's.
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

// decode reads the data of a secret. The reason is empty for a document of the
// store's: a damaged one is, too, and still tells what it can of its lease.
// Otherwise it is [Foreign], or [NewerFormat] with the format alone.
func decode(data []byte) (document, Reason) {
	var mark struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(data, &mark); err != nil || !strings.HasPrefix(mark.Format, formatName) {
		return document{}, Foreign
	}
	if mark.Format != formatVersion {
		return document{Format: mark.Format}, NewerFormat // this one is the first
	}
	var d document
	if err := json.Unmarshal(data, &d); err != nil {
		d.damage = "it is damaged"
	}
	if d.Lease != nil && (d.Lease.Holder == "" || d.Lease.For <= 0) {
		d.Lease = nil
	}
	if text, err := d.sealedSession(); err == nil && sealed.CheckFormat(text) != nil {
		return document{Format: d.Format + " with a newer encryption"}, NewerFormat
	}
	return d, ""
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
