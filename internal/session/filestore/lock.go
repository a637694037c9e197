package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const (
	// lockSuffix ends the names of the lock files. They are empty: a lock is
	// the operating system's, on a file that is never replaced.
	lockSuffix = ".lock"
	// firstPoll is how soon a lock is tried for again; the pauses grow to
	// lastPoll.
	firstPoll = 4 * time.Millisecond
	lastPoll  = 100 * time.Millisecond
)

// A fileLock is a lock on one file, against other processes and against other
// goroutines of this one. The operating system releases it when its holder ends,
// in whatever way.
type fileLock struct {
	file *flock.Flock
	path string
}

// lock waits until ctx is done for the lock of that name, and makes the folder if
// there is none. The purpose is what the log says the holder does.
func (f *folder) lock(ctx context.Context, name, purpose string) (*fileLock, error) {
	if err := f.prepare(ctx, false); err != nil {
		return nil, err
	}
	path := f.file(name + lockSuffix)
	poll := session.Poll{First: firstPoll, Last: lastPoll, LongWait: func(waited time.Duration) {
		f.log.InfoContext(ctx, "waiting for another process that is to "+purpose,
			"lock", name+lockSuffix, "waited", waited.Round(time.Second).String())
	}}
	var held *fileLock
	remade := false
	err := poll.Until(ctx, func() (bool, error) {
		var err error
		held, err = tryLock(path)
		if errors.Is(err, fs.ErrNotExist) && !remade {
			// The folder has vanished while the process runs.
			remade = true
			return false, f.prepare(ctx, true)
		}
		if err != nil {
			return false, fmt.Errorf("the lock on stored sessions cannot be taken: %w", err)
		}
		return held != nil, nil
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// tryLock returns nil and no error when another process holds the lock.
func tryLock(path string) (*fileLock, error) {
	if info, err := os.Lstat(path); err == nil {
		if err := ours(path, info); err != nil {
			return nil, err
		}
	}
	file := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|openFlags), flock.SetPermissions(0o600))
	var ok bool
	err := persist(func() (err error) {
		ok, err = file.TryLock()
		return err
	})
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	if !ok {
		return nil, file.Close()
	}
	info, err := file.Stat()
	if err == nil {
		err = ours(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	held := &fileLock{file: file, path: path}
	// A sweep may have removed the file between its opening and the lock on
	// it; a lock on a file that is gone excludes no process.
	if held.stillThere() {
		return held, nil
	}
	return nil, file.Close()
}

// stillThere reports whether the locked file is the one at its path. Where it
// is not, another process may hold the lock as well.
func (l *fileLock) stillThere() bool {
	locked, err := l.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(l.path)
	return err == nil && os.SameFile(locked, there)
}

// release ends the lock.
func (l *fileLock) release() error { return l.file.Close() }
