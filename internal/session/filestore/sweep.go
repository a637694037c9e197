package filestore

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"time"
)

// Ages at which files are swept. A refresh token lives for three months
// (PLATFORM-API.md §5), and no write takes an hour.
const (
	sessionAge  = 100 * 24 * time.Hour
	leftoverAge = time.Hour
)

// The names of our files, matched whole: there may be other files in the folder.
var (
	entryName = regexp.MustCompile(`^([0-9a-f]{64})\.(session|lock)$`)
	tempName  = regexp.MustCompile(`^([0-9a-f]{64}\.(session|ledger\.json)|salt)\.[0-9]+\.tmp$`)
	otherName = regexp.MustCompile(`^([0-9a-f]{64}\.ledger\.json(\.lock)?|salt(\.lock)?|CACHEDIR\.TAG)$`)
)

// isOurName reports whether a file of that name is ours.
func isOurName(name string) bool {
	return entryName.MatchString(name) || tempName.MatchString(name) || otherName.MatchString(name)
}

// sweep removes the sessions that are too old to use, the locks without a
// session, and what killed writers left behind. What it cannot remove it leaves
// to the next sweep.
func (f *folder) sweep() {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return
	}
	for _, entry := range entries {
		path := f.file(entry.Name())
		if tempName.MatchString(entry.Name()) {
			if older(path, leftoverAge) {
				_ = os.Remove(path)
			}
			continue
		}
		parts := entryName.FindStringSubmatch(entry.Name())
		if parts == nil || !older(path, sessionAge) {
			continue
		}
		if stem := f.file(parts[1]); parts[2] == "session" || missing(stem+sessionSuffix) {
			removeOld(stem)
		}
	}
}

// removeOld removes an old session with its lock, or a lock that has none,
// unless another process holds the lock.
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
