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
