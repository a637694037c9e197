package storetest

import (
	"io/fs"
	"slices"
)

// KeySlots are key slots in a map, as the sealing of sessions uses them. They are not
// safe for concurrent use.
type KeySlots map[string][]byte

// Read returns what was written under a name, or [fs.ErrNotExist].
func (k KeySlots) Read(name string) ([]byte, error) {
	text, found := k[name]
	if !found {
		return nil, fs.ErrNotExist
	}
	return text, nil
}

// Write keeps a copy of a text. It does not fail.
func (k KeySlots) Write(name string, text []byte) error {
	k[name] = slices.Clone(text)
	return nil
}
