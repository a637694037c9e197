package filestore

import (
	"os"
	"strconv"
)

// Derivations is how many keys s has derived.
func Derivations(s *Store) int { return s.box.Derivations() }

// TemporaryLedgerName is the name of the ledger's folder in a temporary one that
// users share.
var TemporaryLedgerName = ledgerName + "-" + strconv.Itoa(os.Geteuid())

// OpenToRead is openToRead.
var OpenToRead = openToRead

// Unwritable is unwritable.
var Unwritable = unwritable

// InUse is inUse.
var InUse = inUse

// IsLocked reports whether a process holds the lock on a lock file.
func IsLocked(path string) (bool, error) {
	held, err := tryLock(path)
	if err != nil || held == nil {
		return err == nil, err
	}
	return false, held.release()
}

// InMemory is inMemory.
var InMemory = inMemory
