package session

import (
	"context"
	"errors"
)

// ErrReadOnlyRun is returned by Refresh and Forget of a [Manager] that is
// read-only by its configuration.
var ErrReadOnlyRun = errors.New("a read-only run changes no session")

// Refresh trades the newest session that is known of the account for a new one,
// also where it is fresh. It makes one refresh at the most and never a login. The
// answer is stored before it is returned, and later requests get it (ARCHITECTURE.md,
// rules 6 and 7). When the refresh token is spent and another process has stored
// a newer session that is alive, that one is returned, as [Reused].
//
// The request's Resume is left out: what the caller keeps elsewhere would be spent.
// A wait ends with ctx; a request that is under way then is seen through.
//
// Errors are [ErrNoSession], [ErrReadOnlyRun], one that wraps [ErrNotWritable],
// an [*OpenError] without a Login, an [*OwnerError], a [*StoreError], [ErrForeign],
// [ErrNewerFormat], or the cause of ctx's end.
func (m *Manager) Refresh(ctx context.Context, req Request) (Result, error) {
	var result Result
	err := m.order(ctx, req.Account, func(state *accountState, lock Lock) error {
		req.work = &work{begin: m.config.Begin}
		// It lasts until the answer is stored.
		defer req.work.stop()
		traded, err := m.refreshOnce(ctx, req, state, lock)
		if err == nil {
			result = state.handOut(req.MinLifetime, traded, m.now())
		}
		return err
	})
	return result, err
}

// refreshOnce refreshes under the store's lock.
func (m *Manager) refreshOnce(ctx context.Context, req Request, state *accountState, lock Lock) (Result, error) {
	known, err := m.knownUnder(ctx, state, lock)
	if err != nil {
		return Result{}, err
	}
	if len(known) == 0 {
		return Result{}, ErrNoSession
	}
	newest := known[0]
	if newest.RefreshToken.IsEmpty() {
		return Result{}, &OpenError{Refresh: errNothingToRefresh}
	}
	if err := failedUnderLock(ctx, m.store.repeat(ctx, func() error { return lock.Prepare(ctx) })); err != nil {
		return Result{}, err
	}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	answer, err := m.refresh(ctx, req, newest)
	if err == nil {
		kept := m.keep(ctx, req.Account, lock, answer.Session, []Session{newest})
		return m.result(req, kept, Refreshed, answer.ClockSkew), nil
	}
	if refused(err) {
		// Another machine may have refreshed it: one that shares no lock.
		if known, lookup := m.knownUnder(ctx, state, lock); lookup == nil {
			if other, ok := firstUntried(known, []Session{newest}); ok && other.Newer(newest) && other.LivesFor(0, m.now()) {
				return m.result(req, other, Reused, 0), nil
			}
		}
	}
	return Result{}, &OpenError{Refresh: err}
}

// knownUnder returns the sessions that are known of an account, from the newest.
func (m *Manager) knownUnder(ctx context.Context, state *accountState, lock Lock) ([]Session, error) {
	var stored Session
	err := m.store.repeat(ctx, func() (err error) {
		stored, err = lock.Load(context.WithoutCancel(ctx))
		return err
	})
	if err != nil && !errors.Is(err, ErrNoSession) {
		return nil, failedUnderLock(ctx, err)
	}
	return newestFirst(stored, state.resume(Session{})), nil
}

// Forget drops the session of an account in the store and in this process. It asks
// nothing of the platform: the tokens live on there until they end. It reports
// whether there was a session that the account can use; what else is stored in its
// place, such as a session of another password, goes as well.
//
// Errors are those of [Manager.Refresh] that are about the store.
func (m *Manager) Forget(ctx context.Context, account Account) (found bool, err error) {
	err = m.order(ctx, account, func(state *accountState, lock Lock) error {
		known, err := m.knownUnder(ctx, state, lock)
		if err != nil {
			return err
		}
		if err := failedUnderLock(ctx, m.store.repeat(ctx, func() error { return lock.Remove(ctx) })); err != nil {
			return err
		}
		found = len(known) > 0
		m.store.remember(context.WithoutCancel(ctx), account, Session{}, lock)
		state.forget()
		m.log.InfoContext(ctx, "the stored session is forgotten", "identity", account.Key(), "found", found)
		return nil
	})
	return found, err
}

// order does what somebody has asked for under the locks of an account. It does
// not go on in memory where the store fails: what is to be done is done there, or
// not at all.
func (m *Manager) order(ctx context.Context, account Account, do func(*accountState, Lock) error) error {
	if m.config.ReadOnly {
		return ErrReadOnlyRun
	}
	state := m.accounts.of(account)
	if err := state.acquire(ctx); err != nil {
		return err
	}
	defer state.release()
	lock, err := m.acquire(ctx, account)
	if err != nil {
		return err
	}
	defer func() {
		if err := lock.Release(context.WithoutCancel(ctx)); err != nil {
			m.log.WarnContext(ctx, "the lock on the stored session could not be released; it ends by itself", "error", err)
		}
	}()
	if cause := m.store.givenUp(account.Identity); cause != nil {
		return &StoreError{Err: cause}
	}
	return do(state, lock)
}
