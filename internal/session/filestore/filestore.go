// Package filestore keeps sessions in files that all processes of a user share
// (DESIGN.md, rule 7). A file is encrypted with a key derived from the account's own
// password, so that a copy of it is worth nothing without the password,
// and may lie in the cache of a CI system.
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// folderName is the folder below the user's cache directory.
const folderName = "terraform-provider-telematics"

// sessionSuffix ends the names of the session files.
const sessionSuffix = ".session"

// Config is what a [Store] works with.
type Config struct {
	// Dir is the folder of the sessions; empty means
	// terraform-provider-telematics in the user's cache directory.
	Dir string
	// Logger is told of files that cannot be used, of permissions that were
	// narrowed and of long waits; nil discards.
	Logger *slog.Logger
}

// A Store keeps sessions in files. It implements [session.Store].
type Store struct {
	dir  string
	log  *slog.Logger
	box  sealed.Box
	salt func() ([]byte, error)

	sweepOnce sync.Once
}

var _ session.Store = (*Store)(nil)

// Open prepares the folder: it is created with mode 0700, or narrowed to that
// with a warning. The error says what keeps the folder from being used, such
// as a file in its place or another user who owns it.
func Open(config Config) (*Store, error) {
	dir := config.Dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("there is no cache directory to keep sessions in: %w", err)
		}
		dir = filepath.Join(cache, folderName)
	}
	s := &Store{dir: dir, log: config.Logger}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.prepareDir(context.Background()); err != nil {
		return nil, fmt.Errorf("the folder for sessions cannot be used: %w", err)
	}
	s.salt = sync.OnceValues(s.readOrMakeSalt)
	return s, nil
}

// Load implements [session.Store].
func (s *Store) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if account.Password.IsEmpty() {
		return session.Session{}, session.ErrNoSession
	}
	name := s.sessionFile(account)
	text, err := s.read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return session.Session{}, session.ErrNoSession
	}
	var unusable *sealed.UnusableError
	if err == nil {
		var stored session.Session
		if stored, err = s.box.Open(text, account); err == nil {
			return stored, nil
		}
	}
	if !errors.As(err, &unusable) {
		return session.Session{}, fmt.Errorf("the stored session cannot be read: %w", err)
	}
	s.log.WarnContext(ctx, "the stored session cannot be used and will be replaced", "file", filepath.Base(name), "reason", unusable.Reason)
	return session.Session{}, err
}

// sessionFile is where the session of account is.
func (s *Store) sessionFile(account session.Account) string {
	return filepath.Join(s.dir, account.Key()+sessionSuffix)
}

// Acquire implements [session.Store]. The right is a lock of the operating
// system's, which ends with the process that holds it.
func (s *Store) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	// Whoever holds the lock is about to store a session. Its key is derived
	// by then, for others wait for this caller in turn.
	deriveAhead := func() {
		go func() {
			if salt, err := s.salt(); err == nil && !account.Password.IsEmpty() {
				s.box.Prepare(account.Password, salt)
			}
		}()
	}
	held, err := s.lock(ctx, account.Key(), "get a session of the same identity", deriveAhead)
	if err != nil {
		return nil, err
	}
	return &lease{store: s, account: account, lock: held}, nil
}

// lease implements [session.Lock].
type lease struct {
	store   *Store
	account session.Account
	lock    *lock
}

// Load implements [session.Lock].
func (l *lease) Load(ctx context.Context) (session.Session, error) {
	return l.store.Load(ctx, l.account)
}

// Save implements [session.Lock]. The lock cannot be lost while the process
// lives.
func (l *lease) Save(_ context.Context, stored session.Session) error {
	if l.account.Password.IsEmpty() {
		return sealed.ErrNoPassword
	}
	salt, err := l.store.salt()
	if err != nil {
		return err
	}
	text, err := l.store.box.Seal(stored, l.account, salt)
	if err != nil {
		return err
	}
	if err := l.store.replace(l.store.sessionFile(l.account), text); err != nil {
		return fmt.Errorf("the session cannot be stored: %w", err)
	}
	l.store.sweepOnce.Do(l.store.sweep)
	return nil
}

// Release implements [session.Lock].
func (l *lease) Release(context.Context) error { return l.lock.release() }
