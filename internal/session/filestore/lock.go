package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockSuffix ends the names of the lock files. They are empty: a lock is
	// the operating system's, on a file that is never replaced.
	lockSuffix = ".lock"
	// firstPoll is how soon a lock is tried for again; the pauses grow to
	// lastPoll.
	firstPoll = 4 * time.Millisecond
	lastPoll  = 100 * time.Millisecond
	// lockPatience is how long a wait may be before the log tells of it.
	lockPatience = 5 * time.Second
)

// A lock is held on one file, against other processes and against the other
// goroutines of this one. The operating system releases it when its holder
// dies, however it does.
type lock struct{ file *flock.Flock }

// lock waits until ctx is done for the lock of that name, which is held to do
// what purpose says. It calls meanwhile once when it has to wait.
func (s *Store) lock(ctx context.Context, name, purpose string, meanwhile func()) (*lock, error) {
	path := filepath.Join(s.dir, name+lockSuffix)
	started, told := time.Now(), false
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		held, err := tryLock(path)
		if err != nil {
			return nil, fmt.Errorf("the lock on stored sessions cannot be taken: %w", err)
		}
		if held != nil {
			return held, nil
		}
		if pause == firstPoll {
			meanwhile()
		}
		if waited := time.Since(started); waited >= lockPatience && !told {
			told = true
			s.log.InfoContext(ctx, "waiting for another process that is to "+purpose,
				"lock", filepath.Base(path), "waited", waited.Round(time.Second).String())
		}
		// The share of chance keeps those who wait from trying in step.
		timer := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // nobody gains by guessing when
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// tryLock returns nil and no error when somebody else holds the lock.
func tryLock(path string) (*lock, error) {
	file := flock.New(path, flock.SetPermissions(0o600))
	ok, err := file.TryLock()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	if !ok {
		return nil, file.Close()
	}
	// A sweep may have removed the file between its opening and the lock on
	// it; a lock on a file that is gone excludes nobody.
	held, err := file.Stat()
	if err == nil {
		var there os.FileInfo
		if there, err = os.Stat(path); err == nil && os.SameFile(held, there) {
			return &lock{file: file}, nil
		}
	}
	_ = file.Close()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, nil
}

// release gives the lock up.
func (l *lock) release() error { return l.file.Close() }
