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
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Config is what a [Manager] works with.
type Config struct {
	// Store keeps the sessions; nil means in memory, for this process. When
	// it fails, the manager goes on in memory and says so in a [Notice].
	Store Store
	// Budget holds logins back; nil admits every login.
	Budget *Budget
	// LockWait bounds the wait for the store's lock. Zero means that the
	// caller's context is the only bound.
	LockWait time.Duration
	// ReadOnly hands out what is known while it is alive, and asks nothing of
	// the platform: see [ReadOnlyError].
	ReadOnly bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is told of each decision, never of a secret; nil discards.
	Logger *slog.Logger
	// Hook, where it is not nil, is called when a new session is [Answered]
	// and when it is [Stored]: for tests of what happens when a process ends
	// there.
	Hook func(point string)
}

// The points of a [Config]'s Hook.
const (
	// Answered: the platform has returned a new session, which is not stored
	// yet.
	Answered = "answered"
	// Stored: the session is stored, and not handed out yet.
	Stored = "stored"
)

// A Manager hands out sessions. It is safe for concurrent use: callers that
// want the same account's session wait for each other, so that one request
// serves them all. Callers of different accounts do not wait.
type Manager struct {
	store    *fallbackStore
	budget   *Budget
	lockWait time.Duration
	readOnly bool
	now      func() time.Time
	log      *slog.Logger
	hook     func(point string)
	accounts accountStates
}

// NewManager returns a manager of the sessions in config.Store.
func NewManager(config Config) *Manager {
	m := &Manager{
		budget:   config.Budget,
		lockWait: config.LockWait,
		readOnly: config.ReadOnly,
		now:      config.Now,
		log:      config.Logger,
		hook:     config.Hook,
	}
	if m.hook == nil {
		m.hook = func(string) {}
	}
	if m.now == nil {
		m.now = time.Now
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.store = newFallbackStore(config.Store, m.log)
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
	state := m.accounts.of(req.Account)
	req.Resume = state.resume(req.Resume)
	known := newestFirst(m.store.load(ctx, req.Account), req.Resume)
	switch {
	case len(known) > 0 && m.fresh(known[0], req.MinLifetime):
		m.log.DebugContext(ctx, "the session is good as it is", "expires_at", known[0].ExpiresAt)
		return m.reused(req, known[0]), nil
	case m.readOnly:
		return m.readOnlyResult(req, known)
	}

	failuresBefore := state.failedLogins()
	if err := state.acquire(ctx); err != nil {
		return Result{}, err
	}
	type outcome struct {
		result Result
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		defer state.release()
		result, err := m.obtain(ctx, req, state, failuresBefore)
		ended <- outcome{result, err}
	}()
	select {
	case o := <-ended:
		return o.result, o.err
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	}
}

// obtain decides under the store's lock: reuse what another process has stored
// meanwhile, else refresh, else log in.
func (m *Manager) obtain(ctx context.Context, req Request, state *accountState, failuresBefore int) (Result, error) {
	lock, err := m.acquire(ctx, req.Account)
	if err != nil {
		return Result{}, err
	}
	// What the platform has answered is stored even when the caller has gone.
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
		// Read again each time: another process may have stored a newer
		// session while this one waited for the lock, or refreshed the same
		// one on a machine that shares no lock with this one.
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
			return m.reused(req, candidate), nil
		}
		if err := ctx.Err(); err != nil {
			return Result{}, context.Cause(ctx)
		}
		tried = append(tried, candidate)
		if candidate.RefreshToken.IsEmpty() {
			continue
		}
		answer, err := m.refresh(ctx, req, candidate)
		if err == nil {
			kept := m.keep(lasting, req.Account, lock, answer.Session, tried)
			return m.result(req, kept, Refreshed, answer.ClockSkew), nil
		}
		if mayPass(err) {
			return Result{}, &OpenError{Refresh: err}
		}
		m.log.InfoContext(ctx, "the session cannot be refreshed", "error", err)
		refreshed = cmp.Or(refreshed, err)
	}

	answer, waited, err := m.login(ctx, req, state, failuresBefore)
	if err != nil {
		return Result{}, &OpenError{Refresh: refreshed, Login: err}
	}
	result := m.result(req, m.keep(lasting, req.Account, lock, answer.Session, tried), LoggedIn, answer.ClockSkew)
	if waited >= noticeableWait {
		result.notice(Notice{Kind: WaitedToLogin, Duration: waited})
	}
	if refreshed != nil && !req.Resume.IsZero() {
		result.notice(Notice{Kind: ResumeSpent, Err: refreshed})
	}
	return result, nil
}

// acquire waits for the store's lock within the manager's bound.
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

// The requests that one refresh or one login may take. Each request of a login
// counts against the platform's limit, those of a refresh do not.
const (
	maxRefreshRequests = 4
	maxLoginRequests   = 3
)

// refresh trades a session for a new one.
func (m *Manager) refresh(ctx context.Context, req Request, s Session) (Answer, error) {
	m.log.InfoContext(ctx, "refreshing the session", "expires_at", s.ExpiresAt)
	answer, err := m.repeat(ctx, maxRefreshRequests, func(lasting context.Context) (Answer, error) {
		return req.Authorizer.Refresh(lasting, s)
	})
	if err == nil {
		err = req.Account.checkRefreshed(s, answer.Session)
	}
	return answer, err
}

// login asks for a session with the account's credentials, unless another
// caller's login has just failed in a way that this one's would as well. It
// returns how long it waited for its place in the budget.
func (m *Manager) login(ctx context.Context, req Request, state *accountState, failuresBefore int) (Answer, time.Duration, error) {
	if err := state.failureSince(failuresBefore); err != nil {
		return Answer{}, 0, err
	}
	m.log.InfoContext(ctx, "logging in; tokens issued before are revoked by it")
	platform, waited := req.Account.UserServiceURL, time.Duration(0)
	answer, err := m.repeat(ctx, maxLoginRequests, func(lasting context.Context) (Answer, error) {
		// The wait for a place ends with the caller; the request does not.
		answered, d, err := m.budget.Admit(ctx, platform)
		waited += d
		if err != nil {
			return Answer{}, err
		}
		defer answered()
		return req.Authorizer.Login(lasting)
	})
	if err == nil {
		err = req.Account.check(answer.Session)
	}
	if err != nil {
		m.noteBlock(ctx, platform, err)
		state.loginFailed(err)
	}
	return answer, waited, err
}

// repeat sends a request, and sends it again after a pause as long as its error
// says that this is worth it. A request that is under way is seen through, for
// the platform has acted on it; no new one is begun once ctx is over.
func (m *Manager) repeat(ctx context.Context, most int, send func(context.Context) (Answer, error)) (Answer, error) {
	// The pauses have jitter, so that machines that failed together do not
	// come back together.
	pauses := backoff.NewExponentialBackOff()
	pauses.Multiplier, pauses.MaxInterval = 2, 8*time.Second
	var last error
	for sent := 1; ; sent++ {
		if ctx.Err() != nil {
			return Answer{}, repeated(context.Cause(ctx), sent, last)
		}
		answer, err := send(context.WithoutCancel(ctx))
		if err == nil {
			return answer, nil
		}
		wait, worthIt := retry(err)
		if !worthIt || sent == most {
			return Answer{}, repeated(err, sent, last)
		}
		pause := max(pauses.NextBackOff(), wait)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
			return Answer{}, fmt.Errorf("%w; there is no time for another attempt before the operation's deadline at %s",
				repeated(err, sent, last), deadline.UTC().Format(time.RFC3339))
		}
		last = err
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// repeated adds to the last error of a request how often it was sent, or what
// came before when the last attempt was not sent.
func repeated(err error, sent int, before error) error {
	var answer PlatformError
	switch {
	case before == nil:
		return err
	case errors.As(err, &answer):
		return fmt.Errorf("%w (%d attempts)", err, sent)
	default:
		return fmt.Errorf("%w (before that, %v)", err, before) //nolint:errorlint // what came before is told, and is not why it ended
	}
}

// reused is the result of a session that needed no request. No token is issued
// in the future, so one that is tells that the local clock is behind.
func (m *Manager) reused(req Request, s Session) Result { return m.result(req, s, Reused, 0) }

// result puts together what the caller gets, with the notices that follow
// from the session, the store and the clock.
func (m *Manager) result(req Request, s Session, source Source, skew time.Duration) Result {
	result := Result{Session: s, Source: source}
	if left := s.ExpiresAt.Sub(m.now()); !m.readOnly && !s.LivesFor(req.MinLifetime, m.now()) {
		result.notice(Notice{Kind: ShortLived, Duration: left})
	}
	if err := m.store.newlyUnavailable(); err != nil {
		result.notice(Notice{Kind: StoreUnavailable, Err: err})
	}
	result.noticeSkew(cmp.Or(skew, max(0, s.IssuedAt.Sub(m.now()))))
	if result.Version == 0 {
		result.Version = s.IssuedAt.Unix()
	}
	return result
}

// readOnlyResult hands out the newest of the known sessions that is alive,
// though another run would replace it.
func (m *Manager) readOnlyResult(req Request, known []Session) (Result, error) {
	would := LoggedIn
	for _, s := range known {
		if s.LivesFor(0, m.now()) {
			result := m.reused(req, s)
			result.notice(Notice{Kind: WouldRefresh, Duration: s.ExpiresAt.Sub(m.now())})
			return result, nil
		}
		if !s.RefreshToken.IsEmpty() {
			would = Refreshed
		}
	}
	return Result{}, &ReadOnlyError{Would: would}
}

// keep numbers the answer and stores it. It returns the session to hand out:
// the answer, or a newer one that another process stored while the lock was
// lost.
func (m *Manager) keep(ctx context.Context, account Account, lock Lock, answer Session, replaced []Session) Session {
	m.hook(Answered)
	defer m.hook(Stored)
	answer.Version = answer.IssuedAt.Unix()
	for _, old := range replaced {
		answer.Version = max(answer.Version, old.Version+1)
	}
	if err := lock.Save(ctx, answer); err != nil {
		return m.keepWithoutLock(ctx, account, answer, err)
	}
	return answer
}

// keepWithoutLock stores an answer that came after the lock was lost: it must
// not be lost itself, nor take the place of a newer session.
func (m *Manager) keepWithoutLock(ctx context.Context, account Account, answer Session, cause error) Session {
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
	if !blocked {
		return
	}
	if err := m.budget.Block(context.WithoutCancel(ctx), platform, wait); err != nil {
		m.log.WarnContext(ctx, "the block could not be written into the login ledger", "error", err)
	}
}

// fresh reports whether s may be handed out where it is to live for d.
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
