// Package session decides which session to hand out: reuse one that is still
// good, else refresh, else log in. A login is the last resort, because the
// platform counts logins and each revokes the tokens issued before it
// (PLATFORM-API.md §6).
//
// A [Manager] makes the decision, a [Store] keeps the sessions, a [Budget]
// holds logins back, and an [Authorizer] talks to the platform.
package session

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"
)

// Source says what it took to hand a session out.
type Source string

// The sources, from the cheapest to the dearest.
const (
	// Reused means that no request was sent.
	Reused Source = "reused"
	// Refreshed means that a refresh token was traded for a new session.
	Refreshed Source = "refreshed"
	// LoggedIn means that credentials were sent, and that tokens issued
	// before no longer work.
	LoggedIn Source = "logged_in"
)

// Config is what a [Manager] works with.
type Config struct {
	// Store keeps the sessions; nil means in memory, for this process. When
	// it fails, the manager goes on in memory and says so in a [Notice].
	Store Store
	// Budget holds logins back; nil admits every login.
	Budget *Budget
	// LockWait bounds the wait for the store's exclusive right. Zero means
	// that the caller's context is the only bound.
	LockWait time.Duration
	// ReadOnly hands out what is known while it is alive, and asks nothing of
	// the platform: see [ReadOnlyError].
	ReadOnly bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is told of each decision, never of a secret; nil discards.
	Logger *slog.Logger
}

// A Manager hands out sessions. It is safe for concurrent use: callers that
// want the same account's session take turns, so that one request serves them
// all, and those of different accounts do not wait for each other.
type Manager struct {
	store    *resilientStore
	budget   *Budget
	lockWait time.Duration
	readOnly bool
	now      func() time.Time
	log      *slog.Logger
	turns    turns
}

// NewManager returns a manager of the sessions in config.Store.
func NewManager(config Config) *Manager {
	m := &Manager{
		budget:   config.Budget,
		lockWait: config.LockWait,
		readOnly: config.ReadOnly,
		now:      config.Now,
		log:      config.Logger,
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.store = newResilientStore(config.Store, m.log)
	return m
}

// A Request asks for a session.
type Request struct {
	// Account is whose session it is.
	Account Account
	// Authorizer asks the platform for the account's sessions.
	Authorizer Authorizer
	// Resume is a session that the caller keeps elsewhere, or the zero
	// Session. It and the stored one are tried from the newer to the older.
	// Once it was given, it is known to the later requests of the account that
	// give none.
	Resume Session
	// MinLifetime is how long the access token is to live at the least. When
	// the platform's tokens live shorter than that, one is replaced in the
	// second half of its life, and a [Notice] tells.
	MinLifetime time.Duration
}

// A Result is a session, what it took, and what its user should know.
type Result struct {
	Session
	Source  Source
	Notices []Notice
}

// Open returns a session for the request: the newest known one if it lives
// long enough, else what a refresh of it answers, else what a login answers.
// New sessions are stored before they are returned.
//
// A caller whose ctx ends gets its error at once; a request that is under way
// then is seen through for the others, as the platform has acted on it.
//
// Other errors are an [*OpenError], a [*ReadOnlyError], or the store's when its
// lock could not be had in time.
func (m *Manager) Open(ctx context.Context, req Request) (Result, error) {
	turn := m.turns.of(req.Account)
	req.Resume = turn.offer(req.Resume)
	known := newestFirst(m.store.load(ctx, req.Account), req.Resume)
	switch {
	case len(known) > 0 && m.fresh(known[0], req.MinLifetime):
		m.log.DebugContext(ctx, "the session is good as it is", "expires_at", known[0].ExpiresAt)
		return m.result(req, known[0], Reused), nil
	case m.readOnly:
		return m.readOnlyResult(req, known)
	}

	failuresBefore := turn.failures()
	if err := turn.take(ctx); err != nil {
		return Result{}, err
	}
	type outcome struct {
		result Result
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		defer turn.leave()
		result, err := m.obtain(ctx, req, turn, failuresBefore)
		ended <- outcome{result, err}
	}()
	select {
	case o := <-ended:
		return o.result, o.err
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	}
}

// obtain decides under the store's exclusive right.
func (m *Manager) obtain(ctx context.Context, req Request, turn *turn, failuresBefore int) (Result, error) {
	lock, err := m.acquire(ctx, req.Account)
	if err != nil {
		return Result{}, err
	}
	// Whatever is asked of the platform from here on is seen through, and its
	// answer stored, even when the caller has gone.
	lasting := context.WithoutCancel(ctx)
	defer func() {
		if err := lock.Release(lasting); err != nil {
			m.log.WarnContext(lasting, "the lock on the stored session could not be released; it ends by itself", "error", err)
		}
	}()

	var (
		tried     []Session
		refreshed error
	)
	for {
		// Read again each time: somebody may have stored a newer session
		// while this one waited for the lock, or refreshed the same one on a
		// machine that shares no lock with this one.
		stored, err := lock.Load(lasting)
		if err != nil {
			stored = Session{}
		}
		candidate, ok := firstUntried(newestFirst(stored, req.Resume), tried)
		if !ok {
			break
		}
		if m.fresh(candidate, req.MinLifetime) {
			m.log.DebugContext(ctx, "a newer session was stored in the meantime", "expires_at", candidate.ExpiresAt)
			return m.result(req, candidate, Reused), nil
		}
		if err := ctx.Err(); err != nil {
			return Result{}, context.Cause(ctx)
		}
		tried = append(tried, candidate)
		if candidate.RefreshToken.IsEmpty() {
			continue
		}
		m.log.InfoContext(ctx, "refreshing the session", "expires_at", candidate.ExpiresAt)
		answer, err := req.Authorizer.Refresh(lasting, candidate)
		if err == nil {
			kept := m.keep(lasting, req.Account, lock, answer, tried)
			return m.result(req, kept, Refreshed), nil
		}
		if mayPass(err) {
			return Result{}, &OpenError{Refresh: err}
		}
		m.log.InfoContext(ctx, "the session cannot be refreshed", "error", err)
		refreshed = cmp.Or(refreshed, err)
	}

	answer, waited, err := m.login(ctx, req, turn, failuresBefore)
	if err != nil {
		return Result{}, &OpenError{Refresh: refreshed, Login: err}
	}
	result := m.result(req, m.keep(lasting, req.Account, lock, answer, tried), LoggedIn)
	if waited >= noticeableWait {
		result.Notices = append(result.Notices, Notice{Kind: WaitedToLogin, Duration: waited})
	}
	if refreshed != nil && !req.Resume.IsZero() {
		result.Notices = append(result.Notices, Notice{Kind: ResumeSpent, Err: refreshed})
	}
	return result, nil
}

// acquire waits for the store's exclusive right within the manager's bound.
func (m *Manager) acquire(ctx context.Context, account Account) (Lock, error) {
	if m.lockWait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, m.lockWait, errLockWait)
		defer cancel()
	}
	lock, err := m.store.Acquire(ctx, account)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return lock, err
}

// login asks for a session with the account's credentials, unless another
// caller's login has just failed in a way that this one's would as well.
func (m *Manager) login(ctx context.Context, req Request, turn *turn, failuresBefore int) (Session, time.Duration, error) {
	if err := turn.failureSince(failuresBefore); err != nil {
		return Session{}, 0, err
	}
	if err := ctx.Err(); err != nil {
		return Session{}, 0, context.Cause(ctx)
	}
	platform := req.Account.UserServiceURL
	var waited time.Duration
	// The wait for a place ends with the caller; the request itself does not.
	admit := func(context.Context) (func(), error) {
		if m.budget == nil {
			return func() {}, nil
		}
		done, d, err := m.budget.Admit(ctx, platform)
		waited += d
		return done, err
	}
	m.log.InfoContext(ctx, "logging in; tokens issued before are revoked by it")
	answer, err := req.Authorizer.Login(context.WithoutCancel(ctx), admit)
	if err != nil {
		m.noteBlock(ctx, platform, err)
		turn.failed(err)
		return Session{}, waited, err
	}
	return answer, waited, nil
}

// keep numbers the answer and stores it. It returns the session to hand out:
// the answer, or a newer one that somebody stored while the right was lost.
func (m *Manager) keep(ctx context.Context, account Account, lock Lock, answer Session, replaced []Session) Session {
	answer.Version = answer.IssuedAt.Unix()
	for _, old := range replaced {
		answer.Version = max(answer.Version, old.Version+1)
	}
	if err := lock.Save(ctx, answer); err != nil {
		return m.keepWithoutRight(ctx, account, answer, err)
	}
	return answer
}

// keepWithoutRight stores an answer that came after the exclusive right was
// lost: it must not be lost itself, nor take the place of a newer session.
func (m *Manager) keepWithoutRight(ctx context.Context, account Account, answer Session, cause error) Session {
	m.log.WarnContext(ctx, "the new session could not be stored at once", "error", cause)
	lock, err := m.acquire(ctx, account)
	if err != nil {
		m.log.WarnContext(ctx, "the new session is not stored", "error", err)
		return answer
	}
	defer func() { _ = lock.Release(ctx) }()
	if stored, err := lock.Load(ctx); err == nil && stored.Newer(answer) {
		return stored
	}
	if err := lock.Save(ctx, answer); err != nil {
		m.log.WarnContext(ctx, "the new session is not stored", "error", err)
	}
	return answer
}

// noteBlock writes down that the platform turned a login away for asking too
// often, so that no process asks again before the time.
func (m *Manager) noteBlock(ctx context.Context, platform string, err error) {
	wait, blocked := blockedFor(err)
	if !blocked || m.budget == nil {
		return
	}
	if err := m.budget.Block(context.WithoutCancel(ctx), platform, wait); err != nil {
		m.log.WarnContext(ctx, "the block could not be written into the login ledger", "error", err)
	}
}

// fresh reports whether s may be handed out to one who wants it to live for d.
func (m *Manager) fresh(s Session, d time.Duration) bool {
	return s.LivesFor(attainable(s, d), m.now())
}

// attainable is the share of d that a token like the one of s can give. A
// demand for more than a whole life would replace the token every time; half
// of a life is asked instead.
func attainable(s Session, d time.Duration) time.Duration {
	if life := s.Lifetime(); life > 0 && d >= life {
		return life / 2
	}
	return d
}

// newestFirst returns the sessions that there are, from the newest. What is
// stored goes before a resumed one of the same second.
func newestFirst(stored, resumed Session) []Session {
	known := slices.DeleteFunc([]Session{stored, resumed}, Session.IsZero)
	slices.SortStableFunc(known, func(a, b Session) int { return b.IssuedAt.Compare(a.IssuedAt) })
	return known
}

// firstUntried returns the first of known whose refresh token is not that of
// one in tried.
func firstUntried(known, tried []Session) (Session, bool) {
	for _, s := range known {
		same := func(t Session) bool { return t.RefreshToken.Equal(s.RefreshToken) }
		if !slices.ContainsFunc(tried, same) {
			return s, true
		}
	}
	return Session{}, false
}
