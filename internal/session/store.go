package session

import (
	"context"
	"errors"
)

// ErrNoSession is returned by Load when the store holds no session that the
// account can use: none was saved, or what is there cannot be read with the
// account's password, is damaged, or comes from a version that is not
// understood. All of these mean the same to a caller: start anew.
var ErrNoSession = errors.New("no stored session")

// ErrNewerFormat is returned by Load for a session that a newer version of the
// provider has stored, and by Save in its place: it is not overwritten
// (ARCHITECTURE.md, rule 12).
var ErrNewerFormat = errors.New("the stored session is of a newer format than this version of the provider knows; " +
	"use that version, or let this one keep its sessions elsewhere")

// ErrForeign is wrapped by the errors of Load, Acquire and Save that are about
// one identity: what stands in the place of its session is not ours. It is left
// alone.
var ErrForeign = errors.New("what is stored there is not the provider's")

// ErrNotWritable is wrapped by the errors of Acquire and Prepare when the store
// can be read and not written.
var ErrNotWritable = errors.New("the session store cannot be written")

// ErrLockLost is returned by [Lock.Save] when the lock has ended and another
// process may have saved in the meantime. Nothing was written.
var ErrLockLost = errors.New("the lock on the stored session was lost")

// A Store keeps one session per account, for every process that opens the
// same store. Its methods are safe for concurrent use. An error that has a
// method Temporary which returns true may pass by itself.
//
// Every implementation passes the suite in package storetest.
type Store interface {
	// Load returns the stored session of account without waiting for a lock.
	// It sees either the session before a concurrent Save or the one after
	// it, never a mixture. It returns an error that wraps [ErrNoSession] when
	// there is none; any other error means that the store cannot be read.
	Load(ctx context.Context, account Account) (Session, error)

	// Acquire takes the lock on account's identity. It waits for another
	// holder, in this process or elsewhere, until ctx is done, and then
	// returns ctx's error. The lock of a holder that was killed ends by
	// itself: at once where the operating system can tell, else when its
	// lease expires. Different identities do not wait for each other.
	Acquire(ctx context.Context, account Account) (Lock, error)
}

// A Lock lets one holder at a time replace the session of one identity. It is
// used by one goroutine at a time.
type Lock interface {
	// Load is [Store.Load] for the account of the lock, as of now.
	Load(ctx context.Context) (Session, error)

	// Prepare makes sure, as far as it can be known before, that a Save will
	// succeed: a refresh token that is spent must not be lost for a full disk
	// (ARCHITECTURE.md, rule 6). It may be left out, and called again.
	Prepare(ctx context.Context) error

	// Save replaces the stored session, wholly or not at all: a process that
	// is killed in Save leaves the old session or the new one. When Save
	// returns nil, every later Load by any process sees the session. It
	// returns [ErrLockLost] when the lock has ended and another process may
	// hold it.
	Save(ctx context.Context, s Session) error

	// Remove takes the stored session away, and all that was kept for the
	// identity as far as the store lets it. It spares what Save would not replace,
	// with the same errors. Nothing follows it but Release.
	Remove(ctx context.Context) error

	// Release ends the lock. It is called exactly once, also after a failed
	// Save. An error means that others may have to wait until the lock ends
	// by itself.
	Release(ctx context.Context) error
}
