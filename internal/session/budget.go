package session

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// The platform's limit of logins (PLATFORM-API.md §6, K).
const (
	// DefaultLoginLimit is how many logins fit into a window.
	DefaultLoginLimit = 5
	// DefaultLoginWindow is the window.
	DefaultLoginWindow = time.Minute
	// DefaultBlock is how long the platform blocks an address that logged in
	// too often.
	DefaultBlock = time.Hour
	// DefaultLoginWait is how long a login waits for its place.
	DefaultLoginWait = 2 * time.Minute
	// DefaultRequestTimeout is how long the platform may take to answer.
	DefaultRequestTimeout = 30 * time.Second
)

// BudgetConfig is what a [Budget] goes by.
type BudgetConfig struct {
	// Limit is how many logins fit into a Window; zero means
	// [DefaultLoginLimit] in [DefaultLoginWindow].
	Limit  int
	Window time.Duration
	// Wait bounds how long a login waits for its place; zero means not at
	// all.
	Wait time.Duration
	// RequestTimeout is how long a login may take to be answered; zero means
	// [DefaultRequestTimeout]. A login whose process was killed counts from its end.
	RequestTimeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is told when a login waits; nil discards.
	Logger *slog.Logger
}

// A Budget holds logins back, so that all processes that share a ledger stay
// within the platform's limit together: one login more than the limit blocks
// the address for an hour (PLATFORM-API.md §6).
//
// A ledger that fails fails no login (DESIGN.md, rule 6): from then on the
// budget counts the logins of its own process.
type Budget struct {
	shared  Ledger
	own     MemoryLedger
	useOwn  atomic.Bool
	limit   int
	window  time.Duration
	wait    time.Duration
	timeout time.Duration
	now     func() time.Time
	log     *slog.Logger
}

// NewBudget returns a budget that is kept in ledger.
func NewBudget(ledger Ledger, config BudgetConfig) *Budget {
	b := &Budget{
		shared:  ledger,
		limit:   config.Limit,
		window:  config.Window,
		wait:    config.Wait,
		timeout: config.RequestTimeout,
		now:     config.Now,
		log:     config.Logger,
	}
	if b.limit <= 0 {
		b.limit = DefaultLoginLimit
	}
	if b.window <= 0 {
		b.window = DefaultLoginWindow
	}
	if b.timeout <= 0 {
		b.timeout = DefaultRequestTimeout
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	return b
}

// A BudgetError is a login that was not sent, because it could only have been
// refused.
type BudgetError struct {
	// Platform is the URL of the user-service.
	Platform string
	// At is when the login can succeed.
	At time.Time
	// Blocked means that the platform has blocked this address; otherwise
	// the limit is used up, and the wait is longer than allowed.
	Blocked bool
	Limit   int
	Window  time.Duration
}

// Error tells when a login can succeed.
func (e *BudgetError) Error() string {
	at := e.At.UTC().Format(time.RFC3339)
	if e.Blocked {
		return fmt.Sprintf("no login was sent: %s has blocked logins from this address until %s", e.Platform, at)
	}
	return fmt.Sprintf("no login was sent: this machine has used up its %d logins per %s at %s, and the next is free at %s",
		e.Limit, e.Window, e.Platform, at)
}

// Admit waits for a place among the logins to platform and takes it. It
// returns a function to call when the login has been answered or has failed,
// and how long it waited. A place that cannot be free in time is a
// [*BudgetError] at once; when ctx ends first, the error is its cause. A nil
// budget admits every login.
func (b *Budget) Admit(ctx context.Context, platform string) (done func(), waited time.Duration, err error) {
	if b == nil {
		return func() {}, 0, nil
	}
	patience := b.wait
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end))
	}
	started := b.now()
	for told := false; ; told = true {
		taken, next, err := b.take(ctx, platform)
		waited = max(0, b.now().Sub(started))
		switch {
		case err != nil:
			return nil, waited, err
		case !taken.IsZero():
			return b.answered(context.WithoutCancel(ctx), platform, taken), waited, nil
		case next.blocked || next.free.After(started.Add(patience)):
			return nil, waited, &BudgetError{Platform: platform, At: next.free, Blocked: next.blocked, Limit: b.limit, Window: b.window}
		}
		if !told {
			b.log.InfoContext(ctx, "the login waits to keep within the platform's limit",
				"until", next.free.UTC().Format(time.RFC3339), "limit", b.limit, "window", b.window.String())
		}
		// The place may come free sooner than it seems, or the platform may
		// block this address meanwhile: look again before the time.
		timer := time.NewTimer(min(next.free.Sub(b.now()), lookAgain))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, max(0, b.now().Sub(started)), context.Cause(ctx)
		}
	}
}

// lookAgain is how often one who waits for a place looks into the ledger.
const lookAgain = time.Second

// take takes a place if one is free, and returns the time that stands for it
// in the ledger; else it returns when the next is.
func (b *Budget) take(ctx context.Context, platform string) (taken time.Time, next nextPlace, err error) {
	err = b.update(ctx, platform, func(e *LedgerEntry) error {
		now := b.now()
		b.forget(e, now)
		taken, next = time.Time{}, b.nextFree(e, now)
		if !next.free.After(now) {
			taken = now.Add(b.timeout)
			e.Logins = append(e.Logins, taken)
		}
		return nil
	})
	return taken, next, err
}

// answered returns the function that puts the time of the answer in place of
// the time by which there would have been one.
func (b *Budget) answered(ctx context.Context, platform string, taken time.Time) func() {
	return func() {
		// The only error is that of a context that cannot end.
		_ = b.update(ctx, platform, func(e *LedgerEntry) error {
			if i := slices.IndexFunc(e.Logins, taken.Equal); i >= 0 {
				e.Logins[i] = b.now()
			}
			return nil
		})
	}
}

// Block writes down that the platform has blocked this address for wait, or
// for an hour if it did not say how long (PLATFORM-API.md §6). Until then no
// login is admitted; after a day at the latest, one is tried again. The error
// is the cause of ctx's end.
func (b *Budget) Block(ctx context.Context, platform string, wait time.Duration) error {
	if b == nil {
		return nil
	}
	if wait <= 0 {
		wait = DefaultBlock
	}
	return b.update(ctx, platform, func(e *LedgerEntry) error {
		now := b.now()
		b.forget(e, now)
		e.BlockedAt = now
		if until := now.Add(min(wait, longestBlock)); until.After(e.BlockedUntil) {
			e.BlockedUntil = until
		}
		return nil
	})
}

// ledgerPatience bounds the wait for the ledger, which nobody holds for longer
// than it takes to write a small file.
const ledgerPatience = 15 * time.Second

// update alters the entry of a platform in the shared ledger, or in that of
// this process once the shared one has failed. Its error is the cause of
// ctx's end. It may call change twice.
func (b *Budget) update(ctx context.Context, platform string, change func(*LedgerEntry) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if !b.useOwn.Load() {
		bounded, cancel := context.WithTimeout(ctx, ledgerPatience)
		err := b.shared.Update(bounded, platform, change)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if !b.useOwn.Swap(true) {
			b.log.WarnContext(ctx, "the login ledger cannot be used; the logins of this process alone are counted", "error", err)
		}
	}
	return b.own.Update(ctx, platform, change)
}

// Bounds of what is believed of a ledger that was written while the clock was
// wrong.
const (
	longestBlock = 24 * time.Hour
	clockSlack   = time.Minute
)

// forget drops what is over, and what lies too far ahead to have been written
// by a clock that agrees with now: nobody is locked out by a clock that was
// put back.
func (b *Budget) forget(e *LedgerEntry, now time.Time) {
	farthest := now.Add(max(b.window, b.timeout))
	e.Logins = slices.DeleteFunc(e.Logins, func(t time.Time) bool {
		return !t.Add(b.window).After(now) || t.After(farthest)
	})
	if !e.BlockedUntil.After(now) || e.BlockedAt.After(now.Add(clockSlack)) || e.BlockedUntil.Sub(e.BlockedAt) > longestBlock {
		e.BlockedAt, e.BlockedUntil = time.Time{}, time.Time{}
	}
}

// nextPlace is when there is a place for a login.
type nextPlace struct {
	free    time.Time
	blocked bool
}

// nextFree returns the earliest time at which a login may have a place. A
// login that is under way may be answered any moment, so it counts as if it
// had been answered now.
func (b *Budget) nextFree(e *LedgerEntry, now time.Time) nextPlace {
	if e.BlockedUntil.After(now) {
		return nextPlace{free: e.BlockedUntil, blocked: true}
	}
	if len(e.Logins) < b.limit {
		return nextPlace{free: now}
	}
	slices.SortFunc(e.Logins, time.Time.Compare)
	last := e.Logins[len(e.Logins)-b.limit]
	if last.After(now) {
		last = now
	}
	return nextPlace{free: last.Add(b.window)}
}
