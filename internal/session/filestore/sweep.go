package filestore

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"
)

// Ages at which files are swept. A refresh token lives for three months
// (PLATFORM-API.md §5), and no write takes an hour.
const (
	entryAge    = 100 * 24 * time.Hour
	leftoverAge = time.Hour
)

// The names of our files, matched whole: there may be other files in the folder.
var (
	entryName = regexp.MustCompile(`^([0-9a-f]{64})\.(session|lock|ledger\.json|ledger\.json\.lock)$`)
	tempName  = regexp.MustCompile(`^([0-9a-f]{64}\.(session|ledger\.json|key)|salt)\.[0-9]+\.tmp$`)
	keyName   = regexp.MustCompile(`^[0-9a-f]{64}\.key$`)
	otherName = regexp.MustCompile(`^(salt(\.lock)?|CACHEDIR\.TAG)$`)
)

// isOurName reports whether a file of that name is ours.
func isOurName(name string) bool {
	return entryName.MatchString(name) || tempName.MatchString(name) || keyName.MatchString(name) || otherName.MatchString(name)
}

// sweep removes the sessions that are too old to use, the ledgers of platforms
// that nobody logs in to any more, the locks of neither, and what killed writers
// left behind. What it cannot remove it leaves to the next sweep.
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
		if parts == nil || !older(path, entryAge) {
			continue
		}
		file, lock := f.file(parts[1]+sessionSuffix), f.file(parts[1]+lockSuffix)
		if strings.HasPrefix("."+parts[2], ledgerSuffix) {
			file, lock = f.file(parts[1]+ledgerSuffix), f.file(parts[1]+ledgerSuffix+lockSuffix)
		}
		if path == file || missing(file) {
			removeOld(file, lock)
		}
	}
}

// removeOld removes an old file with its lock, or a lock that has none, unless
// another process holds the lock.
func removeOld(file, lock string) {
	held, err := tryLock(lock)
	if err != nil || held == nil {
		return
	}
	defer func() { _ = held.release() }()
	// The file may have been replaced before the lock was taken.
	if older(file, entryAge) {
		_ = os.Remove(file)
	}
	if !missing(file) {
		return
	}
	if openFilesStay {
		// Another process may take the lock before the file is removed. Then it
		// has opened it, and it stays.
		_ = held.release()
	}
	_ = os.Remove(lock)
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
