package session

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
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
	// Wait bounds how long the logins of a process wait for their places, from
	// when the first of them does; zero means not at all. Waits that follow upon
	// each other within a window count as one: a CLI opens a few of many tokens at
	// a time, and nobody could tell how long all of them take.
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
// A ledger that fails fails no login: from then on the budget counts the logins
// of its own process. One that cannot be read counts as full for a window
// (ARCHITECTURE.md, rule 8).
//
// Within a process, logins get their places in the order in which they asked.
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

	mu     sync.Mutex
	queues map[string][]chan struct{}
	// refused are the logins of this process that have just not been sent, since
	// they could not have a place in time.
	refused map[string]refusals
	// waits are those of this process.
	waits map[string]wait
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
	// Ahead is how many logins of this process were to have a place before this
	// one. They wait for it, or were refused as this one is; At counts them in, so
	// that the last error says how long the whole takes.
	Ahead int
	// Wait is how long the process would have had to wait by then, since the
	// first of its logins that did.
	Wait time.Duration
}

// Error tells when a login can succeed.
func (e *BudgetError) Error() string {
	at := e.At.UTC().Format(time.RFC3339)
	if e.Blocked {
		return fmt.Sprintf("no login was sent: %s has blocked logins from this address until %s", e.Platform, at)
	}
	if e.Ahead > 0 {
		return fmt.Sprintf("no login was sent: this machine has used up its %d logins per %s at %s, and with %d more of this run before this one, its place is free at %s",
			e.Limit, e.Window, e.Platform, e.Ahead, at)
	}
	return fmt.Sprintf("no login was sent: this machine has used up its %d logins per %s at %s, and the next is free at %s",
		e.Limit, e.Window, e.Platform, at)
}

// A Place is a login's among those that the limit allows. One of its methods is
// called when the login has ended.
type Place struct {
	budget   *Budget
	ctx      context.Context
	platform string
	taken    time.Time
}

// Answered notes that the platform has answered the login, or may have.
func (p Place) Answered() { p.replace(true) }

// GiveBack frees the place of a login that never reached the platform.
func (p Place) GiveBack() { p.replace(false) }

// replace puts the time of the answer in place of the time by which there would
// have been one, or nothing.
func (p Place) replace(answered bool) {
	if p.budget == nil {
		return
	}
	// The only error is that of a context that cannot end.
	_ = p.budget.update(p.ctx, p.platform, func(e *LedgerEntry, now time.Time) {
		i := slices.IndexFunc(e.Logins, p.taken.Equal)
		switch {
		case i >= 0 && answered:
			e.Logins[i] = now
		case i >= 0:
			e.Logins = slices.Delete(e.Logins, i, i+1)
		}
	})
}

// Admit waits for a place among the logins to platform and takes it. It returns
// the place and how long it waited. A place that cannot be free in time is a
// [*BudgetError] at once; when ctx ends first, the error is its cause. A nil
// budget admits every login.
func (b *Budget) Admit(ctx context.Context, platform string) (place Place, waited time.Duration, err error) {
	if b == nil {
		return Place{}, 0, nil
	}
	started := b.now()
	since := b.waitingSince(platform, started)
	patience := b.wait - started.Sub(since)
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end))
	}
	turn := b.join(platform)
	defer b.leave(platform, turn)
	for first := true; ; first = false {
		taken, ahead, next, err := b.take(ctx, platform, turn)
		now := b.now()
		waited = max(0, now.Sub(started))
		switch {
		case err != nil:
			return Place{}, waited, err
		case !taken.IsZero():
			return Place{budget: b, ctx: context.WithoutCancel(ctx), platform: platform, taken: taken}, waited, nil
		case next.blocked, next.free.After(now) && (waited > patience || first && next.free.After(started.Add(patience))):
			return Place{}, waited, b.refuse(ctx, platform, turn, since, next)
		}
		if next.free.After(now) {
			b.waiting(platform, since, now)
			if first {
				b.log.InfoContext(ctx, "the login waits to keep within the platform's limit",
					"until", next.free.UTC().Format(time.RFC3339), "wait", next.free.Sub(now).Round(time.Second).String(),
					"limit", b.limit, "window", b.window.String(), "ahead", ahead,
					"given_up", since.Add(b.wait).UTC().Format(time.RFC3339))
			}
		}
		var lookAgain <-chan time.Time
		becomesFirst := turn
		if ahead == 0 {
			becomesFirst = nil
			// The place may come free sooner than it seems, or the platform may
			// block this address meanwhile: look again before the time.
			lookAgain = time.After(min(max(next.free.Sub(now), 0), lookEvery))
		}
		select {
		case <-lookAgain:
		case <-becomesFirst:
		case <-ctx.Done():
			return Place{}, max(0, b.now().Sub(started)), context.Cause(ctx)
		}
	}
}

// A wait is the time in which logins of a process waited for their places.
type wait struct{ since, last time.Time }

// waitingSince returns since when logins of this process have been waiting, which is
// now if none has within the last window.
func (b *Budget) waitingSince(platform string, now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w, ok := b.waits[platform]; ok && now.Sub(w.last) <= b.window {
		return w.since
	}
	return now
}

// waiting notes that a login waits.
func (b *Budget) waiting(platform string, since, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits == nil {
		b.waits = make(map[string]wait)
	}
	b.waits[platform] = wait{since: since, last: now}
}

// refusals are logins that were not sent, each within a minute of the one before.
type refusals struct {
	count int
	last  time.Time
}

// refuse returns the error of a login that is not sent. Those that were refused
// before count as if they had waited: the last of many says how long all take.
func (b *Budget) refuse(ctx context.Context, platform string, turn chan struct{}, since time.Time, next nextPlace) error {
	ahead := 0
	if !next.blocked {
		count := sync.OnceFunc(func() { ahead = b.refusedBefore(platform, turn) })
		err := b.update(ctx, platform, func(e *LedgerEntry, now time.Time) {
			count()
			next = b.nextFree(e, now, ahead)
		})
		if err != nil {
			return err
		}
	}
	return &BudgetError{
		Platform: platform, At: next.free, Blocked: next.blocked, Limit: b.limit, Window: b.window,
		Ahead: ahead, Wait: next.free.Sub(since),
	}
}

// refusedBefore takes a login that is refused out of the queue and counts it. It
// returns how many logins come before it.
func (b *Budget) refusedBefore(platform string, turn chan struct{}) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refused == nil {
		b.refused = make(map[string]refusals)
	}
	before, now := b.refused[platform], b.now()
	if now.Sub(before.last) > time.Minute {
		before.count = 0
	}
	b.refused[platform] = refusals{count: before.count + 1, last: now}
	return before.count + b.remove(platform, turn)
}

// join queues a caller for a place. It returns a channel that is closed when the
// callers before it have gone.
func (b *Budget) join(platform string) (turn chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.queues == nil {
		b.queues = make(map[string][]chan struct{})
	}
	turn = make(chan struct{})
	b.queues[platform] = append(b.queues[platform], turn)
	return turn
}

// leave takes a caller out of the queue, unless it has its place or was refused.
func (b *Budget) leave(platform string, turn chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(platform, turn)
}

// remove takes a caller out of the queue, if it is in it, and returns how many
// were before it. It is called with mu held.
func (b *Budget) remove(platform string, turn chan struct{}) (ahead int) {
	i := slices.Index(b.queues[platform], turn)
	if i < 0 {
		return 0
	}
	queue := slices.Delete(b.queues[platform], i, i+1)
	b.queues[platform] = queue
	if i == 0 && len(queue) > 0 {
		close(queue[0])
	}
	return i
}

// lookEvery is how often the first login that waits looks into the ledger.
const lookEvery = time.Second

// take takes a place if one is free and nobody is ahead, and returns the time
// that stands for it in the ledger; else it returns when the caller's is.
//
// A caller that has its place is in the ledger and not in the queue any more, so
// that it counts once, for callers that ask at the same moment, too.
func (b *Budget) take(ctx context.Context, platform string, turn chan struct{}) (taken time.Time, ahead int, next nextPlace, err error) {
	left := false
	err = b.update(ctx, platform, func(e *LedgerEntry, now time.Time) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if !left {
			ahead = slices.Index(b.queues[platform], turn)
		}
		taken, next = time.Time{}, b.nextFree(e, now, ahead)
		if ahead == 0 && !next.free.After(now) {
			taken = now.Add(b.timeout)
			e.Logins = append(e.Logins, taken)
			b.remove(platform, turn)
			left = true
		}
	})
	return taken, ahead, next, err
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
	return b.update(ctx, platform, func(e *LedgerEntry, now time.Time) {
		until := now.Add(min(wait, longestBlock))
		if isBlocked(e, now) && e.BlockedUntil.After(until) {
			until = e.BlockedUntil
		}
		e.BlockedAt, e.BlockedUntil = now, until
	})
}

// ledgerPatience bounds the wait for the ledger, which nobody holds for longer
// than it takes to write a small file.
const ledgerPatience = 15 * time.Second

// update cleans the entry of a platform in the shared ledger and alters it, or
// that of this process once the shared one has failed. Its error is the cause
// of ctx's end. It may call change more than once.
func (b *Budget) update(ctx context.Context, platform string, change func(e *LedgerEntry, now time.Time)) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	cleanAndChange := func(e *LedgerEntry) error {
		now := b.now()
		b.clean(ctx, e, now)
		change(e, now)
		return nil
	}
	if !b.useOwn.Load() {
		bounded, cancel := context.WithTimeout(ctx, ledgerPatience)
		err := b.shared.Update(bounded, platform, cleanAndChange)
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
	return b.own.Update(ctx, platform, cleanAndChange)
}

const (
	// longestBlock bounds a block that the platform asks for.
	longestBlock = 24 * time.Hour
	// keptFor is how long logins stay in the ledger, whatever the window of
	// the budget that reads it: another may have a longer one.
	keptFor = 24 * time.Hour
	// clockSlack is how far a clock may be ahead of another.
	clockSlack = time.Minute
)

// clean drops what is older than a day, and notes when it has first seen what lies
// in the future: that counts as of then, and locks nobody out for longer than a
// window (ARCHITECTURE.md, rule 8). It stays as it was written, for those whose
// clock is right. A ledger that could not be read counts as full for one window:
// for the longer one of another budget, too.
func (b *Budget) clean(ctx context.Context, e *LedgerEntry, now time.Time) {
	if e.Unreadable {
		e.Unreadable = false
		e.FullAt = now
		b.log.WarnContext(ctx, "the login ledger could not be read and counts as full", "window", b.window.String())
	}
	for _, t := range append(slices.Clone(e.Logins), e.FullAt) {
		if b.isAhead(t, now) && b.seen(e, t, now).IsZero() {
			e.Sightings = append(e.Sightings, Sighting{Of: t, At: now})
		}
	}
	isOld := func(t time.Time) bool { return !b.countsFrom(e, t, now).Add(keptFor).After(now) }
	e.Logins = slices.DeleteFunc(e.Logins, isOld)
	if isOld(e.FullAt) {
		e.FullAt = time.Time{}
	}
	e.Sightings = slices.DeleteFunc(e.Sightings, func(s Sighting) bool {
		return !slices.ContainsFunc(e.Logins, s.Of.Equal) && !s.Of.Equal(e.FullAt)
	})
	maps.DeleteFunc(e.Failures, func(_ string, f Failure) bool { return !f.At.Add(keepFailures).After(now) })
	if !e.BlockedUntil.Add(keptFor).After(now) {
		e.BlockedAt, e.BlockedUntil = time.Time{}, time.Time{}
	}
}

// isAhead reports whether a time of the ledger lies in the future. A login that is
// under way does not: it counts from the end of its time.
func (b *Budget) isAhead(t, now time.Time) bool { return t.After(now.Add(max(b.timeout, clockSlack))) }

// seen is when a time that is ahead was first seen, by this clock; zero when it
// was not.
func (b *Budget) seen(e *LedgerEntry, t, now time.Time) (at time.Time) {
	for _, s := range e.Sightings {
		if s.Of.Equal(t) && !b.isAhead(s.At, now) && s.At.After(at) {
			at = s.At
		}
	}
	return at
}

// countsFrom is the time that a time of the ledger counts as.
func (b *Budget) countsFrom(e *LedgerEntry, t, now time.Time) time.Time {
	if b.isAhead(t, now) {
		return b.seen(e, t, now)
	}
	return t
}

// isBlocked reports whether the platform blocks this address. A block by a clock that
// is ahead is not believed, nor one of more than a day.
func isBlocked(e *LedgerEntry, now time.Time) bool {
	return e.BlockedUntil.After(now) && !e.BlockedAt.After(now.Add(clockSlack)) && e.BlockedUntil.Sub(e.BlockedAt) <= longestBlock
}

// nextPlace is when there is a place for a login.
type nextPlace struct {
	free    time.Time
	blocked bool
}

// nextFree returns the earliest time at which a login may have a place when so
// many others get theirs before, each as soon as it is free. A login that is
// under way may be answered any moment, so it counts as if it had been answered
// now.
func (b *Budget) nextFree(e *LedgerEntry, now time.Time, ahead int) nextPlace {
	if isBlocked(e, now) {
		return nextPlace{free: e.BlockedUntil, blocked: true}
	}
	counted := b.counted(e, now)
	free := now
	for range ahead + 1 {
		if n := len(counted); n >= b.limit {
			free = counted[n-b.limit].Add(b.window)
		}
		counted = append(counted, free)
	}
	return nextPlace{free: free}
}

// counted returns the logins that count in the window that ends now, from the
// earliest. One that is under way counts as answered now.
func (b *Budget) counted(e *LedgerEntry, now time.Time) []time.Time {
	var counted []time.Time
	if full := b.countsFrom(e, e.FullAt, now); full.Add(b.window).After(now) {
		counted = slices.Repeat([]time.Time{earlier(full, now)}, b.limit)
	}
	for _, t := range e.Logins {
		if t = b.countsFrom(e, t, now); t.Add(b.window).After(now) {
			counted = append(counted, earlier(t, now))
		}
	}
	slices.SortFunc(counted, time.Time.Compare)
	return counted
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}
