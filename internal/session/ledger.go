package session

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// A Ledger remembers when this machine logged in where, for all its processes.
// Its methods are safe for concurrent use.
//
// Every implementation passes the suite in package storetest.
type Ledger interface {
	// Update reads the entry of a platform, lets change alter it and writes
	// it back, wholly or not at all, with nobody else between, be it in this
	// process or elsewhere. An entry that is not there is the zero one; one
	// that cannot be read is Unreadable. Nothing is written when change fails; its error is
	// returned. Update waits for others until ctx is done, and then returns
	// ctx's error. Times keep their nanoseconds.
	Update(ctx context.Context, platform string, change func(*LedgerEntry) error) error
}

// A LedgerEntry is what is remembered of one platform. It holds no secret.
type LedgerEntry struct {
	// Logins are the times at which the platform may have counted a login:
	// that of its answer, or while there is none, the end of the time that
	// the answer may take.
	Logins []time.Time `json:"logins"`
	// Sightings are when times of Logins and FullAt were first seen by a clock for
	// which they lay in the future.
	Sightings []Sighting `json:"sightings,omitempty"`
	// FullAt is when what the entry held was found to be lost: it counts as full
	// from then on for the window of each budget that reads it.
	FullAt time.Time `json:"full_at,omitzero"`
	// BlockedAt is when the platform was last seen to block this address, and
	// BlockedUntil is when it ends that.
	BlockedAt    time.Time `json:"blocked_at,omitzero"`
	BlockedUntil time.Time `json:"blocked_until,omitzero"`
	// Failures are requests that have just failed, by what they are of.
	Failures map[string]Failure `json:"failures,omitempty"`
	// Forms are the forms in which logins work here.
	Forms map[Kind]LoginForm `json:"forms,omitempty"`

	// Unreadable is set by a ledger whose entry is there and cannot be read.
	Unreadable bool `json:"-"`
}

// A Sighting is when a time that lies in the future was first seen. The clock that
// has written it, or the one that has seen it, is wrong, and nobody knows which:
// each goes by its own.
type Sighting struct {
	Of time.Time `json:"of"`
	At time.Time `json:"at"`
}

// A Failure is a request that has just failed. Its text holds no secret.
type Failure struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// MemoryLedger is a [Ledger] that lasts as long as the process. The zero value
// is an empty one.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[string]LedgerEntry
}

// Update implements [Ledger]. It waits for nobody but another Update.
func (l *MemoryLedger) Update(_ context.Context, platform string, change func(*LedgerEntry) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry := l.entries[platform]
	entry.Logins, entry.Sightings = slices.Clone(entry.Logins), slices.Clone(entry.Sightings)
	entry.Failures, entry.Forms = maps.Clone(entry.Failures), maps.Clone(entry.Forms)
	if err := change(&entry); err != nil {
		return err
	}
	if l.entries == nil {
		l.entries = make(map[string]LedgerEntry)
	}
	l.entries[platform] = entry
	return nil
}
