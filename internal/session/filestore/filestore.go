// Package filestore keeps sessions in files that all processes of a user share
// (ARCHITECTURE.md, rule 11). A file is encrypted with a key derived from the
// account's own password. A copy is of no use without the password, and may be in
// the cache of a CI system.
//
// The files are in a folder of the store's own inside the folder that is
// configured. Nothing else is touched, and nothing is made before a session is
// asked for (ARCHITECTURE.md, rule 10).
package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// cacheName is the folder below the user's cache directory.
const cacheName = "terraform-provider-telematics"

// sessionSuffix ends the names of the session files.
const sessionSuffix = ".session"

// Config is what a [Store] works with.
type Config struct {
	// Dir is the folder around the store's own; empty means
	// terraform-provider-telematics in the user's cache directory.
	Dir string
	// Keys keep the keys that were derived; nil means that each process derives
	// its own.
	Keys sealed.Slots
	// Logger is told of files that cannot be used, of permissions that were
	// narrowed and of long waits; nil discards.
	Logger *slog.Logger
}

// A Store keeps sessions in files. It implements [session.Store].
type Store struct {
	folder *folder
	log    *slog.Logger
	box    sealed.Box

	saltMu    sync.Mutex
	salt      []byte
	sweepOnce sync.Once
}

var _ session.Store = (*Store)(nil)

// Open returns a store. It makes and reads nothing; if the folder cannot be used,
// the first use of the store says so. The error is that of a user without a cache
// directory.
func Open(config Config) (*Store, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("there is no cache directory to keep sessions in: %w", err)
		}
		config.Dir = filepath.Join(cache, cacheName)
	}
	s := &Store{folder: ownFolder(config.Dir, config.Logger), log: config.Logger}
	s.box.UseSlots(config.Keys)
	return s, nil
}

// Path is the folder that the sessions are in, whether there is one or not.
func (s *Store) Path() string { return s.folder.path }

// Count returns how many sessions are stored, of any identity. It opens none. A
// folder that is not there has none; the error is that of one that cannot be read
// or is not fit for use.
func (s *Store) Count() (int, error) {
	err := s.folder.check()
	var entries []fs.DirEntry
	if err == nil {
		entries, err = os.ReadDir(s.folder.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	count := 0
	for _, entry := range entries {
		if name := entry.Name(); entryName.MatchString(name) && strings.HasSuffix(name, sessionSuffix) {
			count++
		}
	}
	return count, err
}

// Load implements [session.Store].
func (s *Store) Load(ctx context.Context, account session.Account) (session.Session, error) {
	if account.Password.IsEmpty() {
		return session.Session{}, session.ErrNoSession
	}
	name := account.Key() + sessionSuffix
	s.log.DebugContext(ctx, "reading the stored session", "identity", account.Key(), "store", "file", "file", s.folder.file(name))
	// Checked before anything in it is opened: it may not be ours.
	err := s.folder.check()
	if errors.Is(err, fs.ErrNotExist) {
		return session.Session{}, session.ErrNoSession
	}
	if err != nil {
		// Not that it cannot be written: what it holds is not known.
		return session.Session{}, unusableFolder(ctx, err)
	}
	text, err := s.folder.read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return session.Session{}, session.ErrNoSession
	}
	if err != nil {
		return session.Session{}, fmt.Errorf("the stored session cannot be read: %w", err)
	}
	stored, err := s.box.Open(text, account)
	var unusable *sealed.UnusableError
	switch {
	case errors.As(err, &unusable):
		s.log.WarnContext(ctx, "the stored session cannot be used and will be replaced", "file", name, "reason", unusable.Reason)
	case err != nil:
		err = fmt.Errorf("%s: %w", s.folder.file(name), err)
	}
	return stored, err
}

// Acquire implements [session.Store]. The lock is the operating system's, and
// ends with the process that holds it.
func (s *Store) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	held, err := s.folder.lock(ctx, account.Key(), "get a session of the same identity")
	if err != nil {
		return nil, unwritable(unusableFolder(ctx, err))
	}
	return &lock{store: s, account: account, file: held}, nil
}

// unusableFolder says what an error is about, unless it is the end of ctx.
func unusableFolder(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("the folder for sessions cannot be used: %w", err)
}

// lock implements [session.Lock].
type lock struct {
	store   *Store
	account session.Account
	file    *fileLock
	// pending is the file that takes the session; nil before Prepare.
	pending *pendingFile
}

// Load implements [session.Lock].
func (l *lock) Load(ctx context.Context) (session.Session, error) {
	return l.store.Load(ctx, l.account)
}

// Prepare implements [session.Lock]: the key is derived, and the file that takes
// the session is there and has its space.
func (l *lock) Prepare(ctx context.Context) error {
	if l.pending != nil || l.account.Password.IsEmpty() {
		return nil
	}
	name := l.account.Key() + sessionSuffix
	if err := l.mayReplace(ctx, name); err != nil {
		return err
	}
	salt, err := l.store.folderSalt(ctx)
	if err != nil {
		return unwritable(err)
	}
	l.store.box.Prepare(l.account.Password, salt)
	if l.pending, err = l.store.folder.begin(name); err != nil {
		return unwritable(fmt.Errorf("a new session could not be stored: %w", err))
	}
	return nil
}

// Save implements [session.Lock]. The lock is lost when its file was removed,
// as with the whole folder.
func (l *lock) Save(ctx context.Context, stored session.Session) error {
	if l.account.Password.IsEmpty() {
		return sealed.ErrNoPassword
	}
	if !l.file.stillThere() {
		return session.ErrLockLost
	}
	if err := l.Prepare(ctx); err != nil {
		return err
	}
	pending := l.pending
	l.pending = nil
	salt, err := l.store.folderSalt(ctx)
	if err != nil {
		return err
	}
	text, err := l.store.box.Seal(stored, l.account, salt)
	if err != nil {
		return err
	}
	if err := pending.replace(text); err != nil {
		return fmt.Errorf("the session cannot be stored: %w", err)
	}
	l.store.sweepOnce.Do(l.store.folder.sweep)
	return nil
}

// Remove implements [session.Lock]. The lock's own file goes, too, where the
// operating system allows it while it is open; else it goes with a sweep.
func (l *lock) Remove(ctx context.Context) error {
	if !l.file.stillThere() {
		return session.ErrLockLost
	}
	name := l.account.Key() + sessionSuffix
	if err := l.mayReplace(ctx, name); err != nil {
		return err
	}
	if err := persist(func() error { return os.Remove(l.store.folder.file(name)) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritable(fmt.Errorf("the stored session cannot be removed: %w", err))
	}
	_ = os.Remove(l.file.path)
	return nil
}

// mayReplace returns an error when the session file must stay: when it is not
// ours, when a newer version of the provider has written it, and when it cannot
// be told.
func (l *lock) mayReplace(ctx context.Context, name string) error {
	text, err := l.store.folder.read(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		err = sealed.CheckFormat(text)
	}
	if err != nil {
		return fmt.Errorf("the session cannot be stored: %w", err)
	}
	return nil
}

// Release implements [session.Lock].
func (l *lock) Release(context.Context) error {
	if l.pending != nil {
		l.pending.discard()
	}
	return l.file.release()
}

const (
	// saltName is the file that holds the folder's salt, and the name of its
	// lock.
	saltName = "salt"
	// saltWait bounds the wait for another process that makes the salt.
	saltWait = 10 * time.Second
)

// folderSalt returns the salt of all sessions in the folder, so that those of
// one password share a key. The first process that needs a salt makes it. Each
// session file holds the salt that it was made with, so a file from another folder
// opens, too.
func (s *Store) folderSalt(ctx context.Context) ([]byte, error) {
	s.saltMu.Lock()
	defer s.saltMu.Unlock()
	if s.salt != nil {
		return s.salt, nil
	}
	salt, err := s.readSalt(ctx)
	if err != nil {
		salt, err = s.makeSalt(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("the salt for session keys cannot be had: %w", err)
	}
	s.salt = salt
	return salt, nil
}

// makeSalt makes the salt unless another process has made it meanwhile.
func (s *Store) makeSalt(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, saltWait)
	defer cancel()
	held, err := s.folder.lock(ctx, saltName, "prepare the folder")
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.release() }()
	salt, err := s.readSalt(ctx)
	var unusable *sealed.UnusableError
	switch {
	case err == nil:
		return salt, nil
	case errors.As(err, &unusable):
		s.log.WarnContext(ctx, "the salt for session keys cannot be used and is replaced", "file", saltName, "reason", unusable.Reason)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	salt = sealed.NewSalt()
	return salt, s.folder.replace(saltName, salt)
}

func (s *Store) readSalt(ctx context.Context) ([]byte, error) {
	salt, err := s.folder.read(ctx, saltName)
	if err != nil {
		return nil, err
	}
	if len(salt) != sealed.SaltSize {
		return nil, &sealed.UnusableError{Reason: "it has the wrong size"}
	}
	return salt, nil
}
