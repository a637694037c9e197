package session

import (
	"context"
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
	// process or elsewhere. An entry that is not there or cannot be read is
	// the zero one. Nothing is written when change fails; its error is
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
	// BlockedAt is when the platform was last seen to block this address, and
	// BlockedUntil is when it ends that.
	BlockedAt    time.Time `json:"blocked_at,omitzero"`
	BlockedUntil time.Time `json:"blocked_until,omitzero"`
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
	entry.Logins = slices.Clone(entry.Logins)
	if err := change(&entry); err != nil {
		return err
	}
	if l.entries == nil {
		l.entries = make(map[string]LedgerEntry)
	}
	l.entries[platform] = entry
	return nil
}
