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
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// ledgerSuffix ends the names of the ledgers.
const ledgerSuffix = ".ledger.json"

// LedgerConfig is what a [Ledger] works with.
type LedgerConfig struct {
	// Getenv reads an environment variable; nil means os.Getenv.
	Getenv func(string) string
	// SessionPath is the folder that the folder of the sessions lies in, where
	// one is configured. A CI system may copy it to another machine, so the
	// ledger is not in it.
	SessionPath string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is told of places that cannot be used, and of ledgers that cannot
	// be read; nil discards.
	Logger *slog.Logger
}

// A Ledger keeps the login ledgers of all platforms in files. They hold times
// and nothing secret. It implements [session.Ledger].
//
// It lies at one place of the machine's and user's, wherever sessions are kept
// (ARCHITECTURE.md, rule 8): in the user's state folder, else in the run-time
// folder, else in a folder of its own in the temporary one. What cannot be
// written in one place is written in the next, and what is known is what all of
// them hold. A home comes from the environment alone: where HOME is not set, that
// of the system's list of users is not what the user meant.
type Ledger struct {
	places []*folder
	now    func() time.Time
	log    *slog.Logger

	mu        sync.Mutex
	told      map[*folder]bool // the places that the log was told of
	sweepOnce sync.Once
}

var _ session.Ledger = (*Ledger)(nil)

// OpenLedger returns the ledger. It makes and reads nothing.
func OpenLedger(config LedgerConfig) *Ledger {
	if config.Getenv == nil {
		config.Getenv = os.Getenv
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	l := &Ledger{now: config.Now, log: config.Logger, told: make(map[*folder]bool)}
	places := placesOf(config.Getenv)
	for _, path := range []string{places.state, places.runtime} {
		if filepath.IsAbs(path) && !places.isCopied(path, config.SessionPath) {
			l.places = append(l.places, &folder{path: path, log: l.log, isTemporary: path == places.runtime})
		}
	}
	// A cache is never the whole temporary folder.
	l.places = append(l.places, &folder{path: places.temporary, log: l.log, isTemporary: true})
	return l
}

// places are the folders that a ledger may lie in, from the best; an empty one
// does not exist. The cache is what CI systems copy.
type places struct{ state, runtime, temporary, cache string }

// isCopied reports whether a CI system may copy a folder to another machine, as it
// does with the cache and with the folder that is configured for sessions.
func (p places) isCopied(path, sessionPath string) bool {
	return isInside(path, p.cache) || isInside(path, sessionPath)
}

// isInside reports whether a path lies in a folder, or is it.
func isInside(path, folder string) bool {
	if folder == "" {
		return false
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	below, err := filepath.Rel(folder, path)
	return err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator))
}

// Update implements [session.Ledger]. It calls change again where what it came
// to could not be written.
func (l *Ledger) Update(ctx context.Context, platform string, change func(*session.LedgerEntry) error) error {
	sum := sha256.Sum256([]byte(platform))
	file := hex.EncodeToString(sum[:]) + ledgerSuffix
	var failed []error
	for i, place := range l.places {
		err := l.updateIn(ctx, i, file, change)
		var changed *changeError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &changed):
			return changed.err
		case ctx.Err() != nil:
			return err
		}
		failed = append(failed, err)
		l.tellOnce(ctx, place, err)
	}
	return fmt.Errorf("the login ledger cannot be kept anywhere: %w", errors.Join(failed...))
}

// changeError is the error of a change, which is no failure of the ledger.
type changeError struct{ err error }

func (e *changeError) Error() string { return e.err.Error() }

// updateIn writes the entry in one of the places.
func (l *Ledger) updateIn(ctx context.Context, i int, file string, change func(*session.LedgerEntry) error) error {
	place := l.places[i]
	held, err := place.lock(ctx, file, "write down a login")
	if err != nil {
		return err
	}
	defer func() { _ = held.release() }()
	entry, err := l.read(ctx, i, file)
	if err != nil {
		return err
	}
	unreadable := entry.Unreadable
	before, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	if err := change(&entry); err != nil {
		return &changeError{err}
	}
	after, err := json.Marshal(entry)
	if err != nil || bytes.Equal(before, after) && !unreadable {
		return err
	}
	if err := place.replace(file, after); err != nil {
		return err
	}
	l.sweepOnce.Do(place.sweep)
	return nil
}

// read returns what all places hold. One that cannot be written may have been
// written before, and another one while it could not be.
func (l *Ledger) read(ctx context.Context, writing int, file string) (session.LedgerEntry, error) {
	entry, err := l.places[writing].readEntry(ctx, file)
	var foreign *EntryError
	switch {
	case errors.As(err, &foreign):
		return entry, err
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		l.log.WarnContext(ctx, "the login ledger cannot be read; it counts as full", "file", l.places[writing].file(file), "error", err)
		entry = session.LedgerEntry{Unreadable: true}
	}
	for i, place := range l.places {
		if i == writing || place.check() != nil {
			continue
		}
		// One that can be neither read nor written is none.
		if other, err := place.readEntry(ctx, file); err == nil {
			add(&entry, other, l.now().Add(clockSlack))
		}
	}
	return entry, nil
}

// readEntry reads one file.
func (f *folder) readEntry(ctx context.Context, file string) (entry session.LedgerEntry, err error) {
	text, err := f.read(ctx, file)
	if err != nil {
		return session.LedgerEntry{}, err
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		// What a damaged file holds is not for the log.
		return session.LedgerEntry{}, errors.New("it is damaged")
	}
	return entry, nil
}

// clockSlack is how far a clock may be ahead of another.
const clockSlack = time.Minute

// add adds to an entry what another one holds: a login that both hold is one. A
// login after the latest was written by a clock that was wrong, and nobody can
// set that right there.
func add(entry *session.LedgerEntry, other session.LedgerEntry, latest time.Time) {
	mine := slices.Clone(entry.Logins)
	for _, login := range other.Logins {
		if i := slices.IndexFunc(mine, login.Equal); i >= 0 {
			mine = slices.Delete(mine, i, i+1)
			continue
		}
		if login.After(latest) {
			continue
		}
		entry.Logins = append(entry.Logins, login)
	}
	if other.FullAt.After(entry.FullAt) && !other.FullAt.After(latest) {
		entry.FullAt = other.FullAt
	}
	if other.BlockedUntil.After(entry.BlockedUntil) {
		entry.BlockedAt, entry.BlockedUntil = other.BlockedAt, other.BlockedUntil
	}
	for key, failure := range other.Failures {
		if entry.Failures == nil {
			entry.Failures = make(map[string]session.Failure)
		}
		if failure.At.After(entry.Failures[key].At) {
			entry.Failures[key] = failure
		}
	}
	if len(entry.Forms) == 0 {
		entry.Forms = maps.Clone(other.Forms)
	}
}

// tellOnce tells the log that a place cannot be used.
func (l *Ledger) tellOnce(ctx context.Context, place *folder, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.told[place] {
		l.told[place] = true
		l.log.WarnContext(ctx, "the login ledger cannot be kept in this place", "folder", place.path, "error", err)
	}
}
