package session

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	// storePatience is how long a store that fails is tried, from its first
	// failure (ARCHITECTURE.md, rule 6).
	storePatience = time.Minute
	// firstStorePause is the pause before the second try; the pauses grow to
	// lastStorePause.
	firstStorePause = 250 * time.Millisecond
	lastStorePause  = 5 * time.Second
)

// A StoreError is a session store that failed for as long as it was tried.
type StoreError struct{ Err error }

// Error tells how the store failed.
func (e *StoreError) Error() string { return "the session store failed: " + e.Err.Error() }

// Unwrap returns the store's error.
func (e *StoreError) Unwrap() error { return e.Err }

// steadyStore is a store whose failures are waited for where they may pass. One
// that goes on failing fails the run, or is given up for memory where the
// manager may do so. One identity's session is kept in memory in any case when
// the platform has answered and the store does not take the answer.
type steadyStore struct {
	kept     Store
	fallback bool
	memory   *Memory
	log      *slog.Logger

	mu      sync.Mutex
	failing time.Time // since when; zero when the last try succeeded
	cause   error     // why memory is used; nil while it is not
	all     bool      // memory is used for all identities
	alone   map[Identity]bool
	told    bool
}

func newSteadyStore(config Config, log *slog.Logger) *steadyStore {
	return &steadyStore{kept: config.Store, fallback: config.Fallback, memory: NewMemory(), log: log}
}

// store returns the store to use for an identity now.
func (s *steadyStore) store(of Identity) Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || s.all || s.alone[of] {
		return s.memory
	}
	return s.kept
}

// newlyGivenUp returns the error that the store was given up for, the first
// time that it is asked.
func (s *steadyStore) newlyGivenUp() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == nil || s.told {
		return nil
	}
	s.told = true
	return s.cause
}

// givenUp returns the error that the store was given up for by an identity, or
// nil.
func (s *steadyStore) givenUp(of Identity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all || s.alone[of] {
		return s.cause
	}
	return nil
}

// Load implements [Store]. Its errors other than [ErrNoSession] are the end of
// ctx, [*StoreError], and those of one identity. What was read is remembered,
// so that it is not lost with a store that is given up.
func (s *steadyStore) Load(ctx context.Context, account Account) (found Session, err error) {
	err = s.try(ctx, account.Identity, func(store Store) error {
		found, err = store.Load(ctx, account)
		return err
	})
	if err == nil && s.store(account.Identity) != Store(s.memory) {
		s.remember(ctx, account, found, nil)
	}
	return found, err
}

// Acquire implements [Store], with the same errors and [ErrNotWritable].
func (s *steadyStore) Acquire(ctx context.Context, account Account) (lock Lock, err error) {
	err = s.try(ctx, account.Identity, func(store Store) error {
		lock, err = store.Acquire(ctx, account)
		return err
	})
	return lock, err
}

// remember keeps a session in memory, for a store that is given up. The memory
// store cannot fail but by ctx, and nobody holds its lock for longer than a
// moment but held, the lock that the caller has.
func (s *steadyStore) remember(ctx context.Context, account Account, found Session, held Lock) {
	if own, ok := held.(*memoryLock); ok && own.slot == s.memory.slot(account.Identity) {
		return
	}
	lock, err := s.memory.Acquire(ctx, account)
	if err != nil {
		return
	}
	_ = lock.Save(ctx, found)
	_ = lock.Release(ctx)
}

// try does something with the store until it succeeds, fails for good, or has
// failed for too long.
func (s *steadyStore) try(ctx context.Context, of Identity, do func(Store) error) error {
	last := s.repeat(ctx, func() error { return do(s.store(of)) })
	switch {
	case last == nil || concernsOneIdentity(last):
		return last
	case ctx.Err() != nil && errors.Is(last, ctx.Err()):
		return context.Cause(ctx)
	case ctx.Err() != nil || errors.Is(last, ErrNotWritable):
		return last
	case s.fallback:
		s.giveUp(ctx, last)
		return do(s.memory)
	default:
		return &StoreError{Err: last}
	}
}

// repeat does something with the store or a lock of it until it succeeds, fails
// for good, or has failed for too long. When ctx ends in a pause, it returns
// the cause.
func (s *steadyStore) repeat(ctx context.Context, do func() error) error {
	poll := Poll{First: firstStorePause, Last: lastStorePause}
	var last error
	err := poll.Until(ctx, func() (done bool, _ error) {
		last = do()
		if last == nil || concernsOneIdentity(last) {
			s.recovered()
			done = true
		} else {
			done = ctx.Err() != nil || !s.waits(ctx, last)
		}
		return done, nil
	})
	if err != nil {
		return context.Cause(ctx)
	}
	return last
}

// concernsOneIdentity reports whether a store that answers with err can be used
// for others.
func concernsOneIdentity(err error) bool {
	return errors.Is(err, ErrNoSession) || errors.Is(err, ErrForeign) || errors.Is(err, ErrNewerFormat)
}

// recovered notes that the store answers.
func (s *steadyStore) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = time.Time{}
}

// waits reports whether the failure may pass and is worth waiting for.
func (s *steadyStore) waits(ctx context.Context, err error) bool {
	var passing interface{ Temporary() bool }
	if !errors.As(err, &passing) || !passing.Temporary() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing.IsZero() {
		s.failing = time.Now()
		s.log.WarnContext(ctx, "the session store fails; it is tried again for a minute", "error", err)
	}
	return time.Since(s.failing) < storePatience
}

// giveUp goes on in memory for the rest of the process.
func (s *steadyStore) giveUp(ctx context.Context, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = true
	s.useMemory(ctx, err)
}

// giveUpFor goes on in memory for one identity, whose answer the store did not
// take. What is stored for others is known by the store alone, so they do so only
// where the manager may.
func (s *steadyStore) giveUpFor(ctx context.Context, of Identity, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = s.all || s.fallback
	if s.alone == nil {
		s.alone = make(map[Identity]bool)
	}
	s.alone[of] = true
	s.useMemory(ctx, err)
}

// useMemory notes and logs why memory is used, once. It is called with mu held.
func (s *steadyStore) useMemory(ctx context.Context, err error) {
	if s.cause == nil {
		s.cause = err
		s.log.WarnContext(ctx, "the session store cannot be used; sessions are kept in memory for this run", "error", err)
	}
}

// Unavailable returns a store that cannot be used for the reason cause.
func Unavailable(cause error) Store { return unavailable{cause} }

type unavailable struct{ cause error }

func (u unavailable) Load(context.Context, Account) (Session, error) { return Session{}, u.cause }
func (u unavailable) Acquire(context.Context, Account) (Lock, error) { return nil, u.cause }
