package filestore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Ages at which files are swept. A refresh token lives for three months
// (PLATFORM-API.md §5), and no write takes an hour.
const (
	sessionAge  = 100 * 24 * time.Hour
	leftoverAge = time.Hour
)

// sweep removes the sessions that nobody can use any more, the locks that go
// with none, and what killed writers left behind. What it cannot remove it leaves to the
// next sweep.
func (s *Store) sweep() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := filepath.Join(s.dir, entry.Name())
		switch {
		case strings.HasSuffix(name, tempSuffix):
			if older(name, leftoverAge) {
				_ = os.Remove(name)
			}
		case strings.HasSuffix(name, sessionSuffix):
			if older(name, sessionAge) {
				removeOld(strings.TrimSuffix(name, sessionSuffix))
			}
		case strings.HasSuffix(name, lockSuffix):
			stem := strings.TrimSuffix(name, lockSuffix)
			if older(name, sessionAge) && missing(stem+sessionSuffix) {
				removeOld(stem)
			}
		}
	}
}

// removeOld removes an old session with its lock, or a lock that has none,
// unless somebody is at it.
func removeOld(stem string) {
	held, err := tryLock(stem + lockSuffix)
	if err != nil || held == nil {
		return
	}
	defer func() { _ = held.release() }()
	// The session may have been replaced before the lock was taken.
	if name := stem + sessionSuffix; older(name, sessionAge) {
		_ = os.Remove(name)
	}
	if missing(stem + sessionSuffix) {
		_ = os.Remove(stem + lockSuffix)
	}
}

// missing reports whether there is no such file.
func missing(name string) bool {
	_, err := os.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// older reports whether a regular file was last written more than age ago.
func older(name string, age time.Duration) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&fs.ModeType == 0 && time.Since(info.ModTime()) > age
}
