package filestore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// ledgerSuffix ends the names of the ledgers.
const ledgerSuffix = ".ledger.json"

// Ledger keeps the login ledgers of all platforms in the store's folder. They
// hold times and nothing secret. It implements [session.Ledger].
type Ledger struct{ folder *folder }

var _ session.Ledger = Ledger{}

// Ledger returns the ledger that lies beside the sessions.
func (s *Store) Ledger() Ledger { return Ledger{folder: s.folder} }

// Update implements [session.Ledger].
func (l Ledger) Update(ctx context.Context, platform string, change func(*session.LedgerEntry) error) error {
	sum := sha256.Sum256([]byte(platform))
	file := hex.EncodeToString(sum[:]) + ledgerSuffix
	held, err := l.folder.lock(ctx, file, "write down a login")
	if err != nil {
		return err
	}
	defer func() { _ = held.release() }()

	var entry session.LedgerEntry
	before, err := l.folder.read(ctx, file)
	if err == nil {
		err = json.Unmarshal(before, &entry)
	}
	var foreign *EntryError
	if errors.As(err, &foreign) {
		return fmt.Errorf("the login ledger cannot be read: %w", err)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.folder.log.WarnContext(ctx, "the login ledger cannot be read", "file", file)
		entry, before = session.LedgerEntry{Unreadable: true}, nil
	}
	if err := change(&entry); err != nil {
		return err
	}
	after, err := json.Marshal(entry)
	if err == nil && !bytes.Equal(before, after) {
		err = l.folder.replace(file, after)
	}
	if err != nil {
		return fmt.Errorf("the login ledger cannot be written: %w", err)
	}
	return nil
}
