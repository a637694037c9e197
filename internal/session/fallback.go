package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// fallbackStore is a store that does not fail a run: when the one behind it
// does, it goes on in memory for the rest of the process (DESIGN.md, rule 6).
type fallbackStore struct {
	kept   Store
	memory *Memory
	log    *slog.Logger

	mu    sync.Mutex
	cause error
	told  bool
}

func newFallbackStore(kept Store, log *slog.Logger) *fallbackStore {
	return &fallbackStore{kept: kept, memory: NewMemory(), log: log}
}

// usable returns the store behind, or nil when there is none or it failed.
func (r *fallbackStore) usable() Store {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cause != nil {
		return nil
	}
	return r.kept
}

// fail gives the store behind up.
func (r *fallbackStore) fail(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cause == nil {
		r.cause = err
		r.log.WarnContext(ctx, "the session store cannot be used; sessions are kept in memory for this run", "error", err)
	}
}

// newlyUnavailable returns the error that the store behind was given up for,
// the first time that it is asked.
func (r *fallbackStore) newlyUnavailable() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cause == nil || r.told {
		return nil
	}
	r.told = true
	return r.cause
}

// load returns the stored session of account, or the zero Session.
func (r *fallbackStore) load(ctx context.Context, account Account) Session {
	s, err := r.Load(ctx, account)
	if err != nil {
		return Session{}
	}
	return s
}

// Load implements [Store]. What was read is remembered, so that it is not
// lost with a store that can be read and not written.
func (r *fallbackStore) Load(ctx context.Context, account Account) (Session, error) {
	kept := r.usable()
	if kept == nil {
		return r.memory.Load(ctx, account)
	}
	s, err := kept.Load(ctx, account)
	switch {
	case err == nil:
		r.remember(ctx, account, s)
	case !errors.Is(err, ErrNoSession) && ctx.Err() == nil:
		r.fail(ctx, err)
		return r.memory.Load(ctx, account)
	}
	return s, err
}

// Acquire implements [Store].
func (r *fallbackStore) Acquire(ctx context.Context, account Account) (Lock, error) {
	kept := r.usable()
	if kept != nil {
		lock, err := kept.Acquire(ctx, account)
		if err == nil {
			return &fallbackLock{store: r, account: account, kept: lock}, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		r.fail(ctx, err)
	}
	return r.memory.Acquire(ctx, account)
}

// remember keeps a session in memory. The memory store cannot fail but by
// ctx, and nobody else holds its lock for longer than a moment.
func (r *fallbackStore) remember(ctx context.Context, account Account, s Session) {
	lock, err := r.memory.Acquire(ctx, account)
	if err != nil {
		return
	}
	_ = lock.Save(ctx, s)
	_ = lock.Release(ctx)
}

// fallbackLock is a lock of the store behind, whose failures are made up
// for in memory.
type fallbackLock struct {
	store   *fallbackStore
	account Account
	kept    Lock
}

// Load implements [Lock].
func (l *fallbackLock) Load(ctx context.Context) (Session, error) {
	s, err := l.kept.Load(ctx)
	if err != nil && !errors.Is(err, ErrNoSession) && ctx.Err() == nil {
		l.store.fail(ctx, err)
		return l.store.memory.Load(ctx, l.account)
	}
	return s, err
}

// Save implements [Lock].
func (l *fallbackLock) Save(ctx context.Context, s Session) error {
	l.store.remember(ctx, l.account, s)
	err := l.kept.Save(ctx, s)
	if err == nil || errors.Is(err, ErrLockLost) {
		return err
	}
	l.store.fail(ctx, err)
	return nil
}

// Release implements [Lock].
func (l *fallbackLock) Release(ctx context.Context) error { return l.kept.Release(ctx) }

// Unavailable returns a store that cannot be used for the reason cause: a
// [Manager] that is given one works in memory and says why.
func Unavailable(cause error) Store { return unavailable{cause} }

type unavailable struct{ cause error }

func (u unavailable) Load(context.Context, Account) (Session, error) { return Session{}, u.cause }
func (u unavailable) Acquire(context.Context, Account) (Lock, error) { return nil, u.cause }
