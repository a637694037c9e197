package session

import (
	"context"
	"errors"
	"time"
)

// A BudgetState is how many logins a [Budget] has seen, and what it would say to
// the next one.
type BudgetState struct {
	// Logins is how many logins count in the last Window, which allows Limit.
	Logins int
	Limit  int
	Window time.Duration
	// Next is when the next login may be sent; the zero time means now.
	Next time.Time
	// BlockedUntil is when the platform's block of this address ends; the zero time
	// means that none is known.
	BlockedUntil time.Time
}

// errOnlyRead ends an Update of a ledger without a change.
var errOnlyRead = errors.New("the ledger was only read")

// State returns what the ledger knows of the logins to platform, and changes
// nothing. Its error is that of a ledger that cannot be used.
func (b *Budget) State(ctx context.Context, platform string) (BudgetState, error) {
	state := BudgetState{Limit: b.limit, Window: b.window}
	bounded, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	err := b.shared.Update(bounded, platform, func(e *LedgerEntry) error {
		now := b.now()
		b.clean(ctx, e, now)
		state.Logins = len(b.counted(e, now))
		next := b.nextFree(e, now, 0)
		if state.Next = (time.Time{}); next.free.After(now) {
			state.Next = next.free
		}
		if state.BlockedUntil = (time.Time{}); next.blocked {
			state.BlockedUntil = next.free
		}
		return errOnlyRead
	})
	if !errors.Is(err, errOnlyRead) {
		return BudgetState{}, err
	}
	return state, nil
}

// Unblock forgets that the platform has blocked this address, for all processes of
// the machine. It returns when the block was to end; the zero time means that none
// was known. The logins of the last window still count. Its error is that of a
// ledger that cannot be used.
func (b *Budget) Unblock(ctx context.Context, platform string) (until time.Time, err error) {
	bounded, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	err = b.shared.Update(bounded, platform, func(e *LedgerEntry) error {
		if until = (time.Time{}); isBlocked(e, b.now()) {
			until = e.BlockedUntil
		}
		e.BlockedAt, e.BlockedUntil = time.Time{}, time.Time{}
		return nil
	})
	return until, err
}
