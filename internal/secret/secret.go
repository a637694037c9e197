// Package secret holds the type in which passwords, keys and tokens travel
// through the provider, so that a secret is printed only where the code asks
// for it by name.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a [String] prints as. An empty one prints the same, since
// output should not tell whether a password is set either.
const redacted = "[redacted]"

// String is a secret text. It prints as "[redacted]" with every verb of fmt,
// in JSON, in text encodings and in log/slog. The zero value is the empty
// secret.
//
// The text is behind a pointer, because fmt prints the unexported fields of a
// struct without calling their methods. It prints an address then.
type String struct {
	text *string
}

// New returns the secret that holds text.
func New(text string) String {
	if text == "" {
		return String{}
	}
	return String{text: &text}
}

// Reveal returns the text. There is no other way to it, so the places where a
// secret leaves the process are easy to find.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsEmpty reports whether there is no text.
func (s String) IsEmpty() bool { return s.text == nil }

// Equal reports whether both hold the same text, in time that does not depend
// on where they differ.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String implements [fmt.Stringer] for callers that ask it directly.
func (s String) String() string { return redacted }

// GoString implements [fmt.GoStringer].
func (s String) GoString() string { return redacted }

// Format implements [fmt.Formatter]: no verb and no flag shows the text.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements [encoding.TextMarshaler], which JSON and XML use too.
func (s String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer].
func (s String) LogValue() slog.Value { return slog.StringValue(redacted) }
