// Package session decides which session to hand out: reuse one that is still
// good, else refresh, else log in. A login is the last resort, because the
// platform counts logins and each may revoke the tokens issued before it
// (PLATFORM-API.md §6).
//
// A [Manager] makes the decision, a [Store] keeps the sessions, a [Budget]
// holds logins back, and an [Authorizer] talks to the platform.
package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// Config is what a [Manager] works with.
type Config struct {
	// Store keeps the sessions; nil means in memory, for this process.
	Store Store
	// Fallback lets the manager go on in memory when the store fails, and say
	// so in a [Notice]. Otherwise a store that fails for a minute fails the
	// run: nobody knows what is in it, and a login could revoke it
	// (ARCHITECTURE.md, rule 6).
	Fallback bool
	// Budget holds logins back; nil admits every login.
	Budget *Budget
	// LockWait bounds the wait for the store's lock. Zero means that the
	// caller's context is the only bound.
	LockWait time.Duration
	// VerifyAfter is how old the last proof of a session's life may be when it
	// is reused; zero means that none is asked for (ARCHITECTURE.md, rule 5).
	VerifyAfter time.Duration
	// Renew does not reuse what was there before the run: [Refreshed] refreshes
	// it, [LoggedIn] logs in. Empty means neither.
	Renew Source
	// Run names the run that the process belongs to: one that consists of several
	// processes renews a session once. Empty means that the process is the run.
	Run string
	// LoginForm is the form of logins; empty means the one that is known to
	// work, else [FormObject], and after a refusal [FormString].
	LoginForm LoginForm
	// ReadOnly hands out what is known while it is alive, and asks nothing of
	// the platform: see [ReadOnlyError].
	ReadOnly bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is told of each decision, never of a secret; nil discards.
	Logger *slog.Logger
	// Begin, where it is not nil, is called before something is asked of the
	// platform whose answer must be stored, and what it returns once the answer is
	// stored, or there is none. A process should not end in between
	// (ARCHITECTURE.md, rule 7).
	Begin func() (end func())
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
	config   Config
	store    *steadyStore
	now      func() time.Time
	log      *slog.Logger
	accounts accountStates
}

// NewManager returns a manager of the sessions in config.Store.
func NewManager(config Config) *Manager {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Hook == nil {
		config.Hook = func(string) {}
	}
	if config.Run == "" {
		config.Run = rand.Text()
	}
	if config.Begin == nil {
		config.Begin = func() func() { return func() {} }
	}
	return &Manager{
		config: config, store: newSteadyStore(config, config.Logger), now: config.Now, log: config.Logger,
	}
}

// A Request asks for a session.
type Request struct {
	// Account is whose session it is. Without a password there is nothing to
	// log in with, and Resume is all there is.
	Account Account
	// Authorizer asks the platform for the account's sessions.
	Authorizer Authorizer
	// Resume is a session that the caller keeps elsewhere, or the zero
	// Session. Where its Owner proves that it is the account's, it and the
	// stored one are tried from the newer to the older, and it is known to the
	// later requests of the account that give none. One that nothing is known
	// of is for this caller alone (ARCHITECTURE.md, rule 2).
	Resume Session
	// MinLifetime is how long the access token is to live at the least. When
	// the platform's tokens live shorter than that, one is replaced in the
	// second half of its life, and a [Notice] tells.
	MinLifetime time.Duration
	// Insist means that a token which lives shorter is of no use to the
	// caller. Otherwise one that is alive is handed out when it cannot be
	// refreshed.
	Insist bool
	// Refused is an access token that the platform has just answered with 401,
	// or empty. It is not handed out again: its session is replaced as one that
	// a proof of life has called revoked (ARCHITECTURE.md, rule 5).
	Refused secret.String

	// unproven marks the request for a pair that nobody can say the owner of.
	unproven bool
	// work is what a process should not end in the middle of.
	work *work
	// lineage is what becomes of the slots of a resumed pair.
	lineage *lineage
}

// work is a request to the platform and what is done with its answer.
type work struct {
	begin func() (end func())
	end   func()
}

// start is called before a request.
func (w *work) start() { w.end = w.begin() }

// stop is called when the request has failed, and when its answer is stored.
func (w *work) stop() {
	if w.end != nil {
		w.end()
		w.end = nil
	}
}

// refuses reports whether the request is to replace s.
func (req Request) refuses(s Session) bool {
	return !req.Refused.IsEmpty() && req.Refused.Equal(s.AccessToken)
}

// Open returns a session for the request: the newest known one if it is alive
// and lives long enough, else what a refresh of it answers, else what a login
// answers. New sessions are stored before they are returned.
//
// A wait ends with ctx. A request that is under way then is seen through, and
// its answer stored, as the platform has acted on it.
//
// Errors are an [*OwnerError], an [*OpenError], a [*ReadOnlyError], a
// [*RevokedError], a
// [*StoreError], those of one stored session ([ErrForeign], [ErrNewerFormat]),
// or the cause of ctx's end.
func (m *Manager) Open(ctx context.Context, req Request) (Result, error) {
	if req.Resume.IsZero() {
		return m.open(ctx, req)
	}
	proven, err := req.Account.check(req.Resume.Owner)
	if err != nil {
		return Result{}, err
	}
	if proven && !req.Account.Password.IsEmpty() {
		return m.open(ctx, req)
	}
	// A slot of its own. The refresh of somebody else's pair must not end up
	// in the account's.
	own := req
	own.unproven = !req.Account.Password.IsEmpty()
	own.Account = resumedAccount(req.Account.UserServiceURL, req.Resume.RefreshToken)
	own.Account.checked = req.Account.Identity
	result, err := m.open(ctx, own)
	var failed *OpenError
	if !own.unproven || !errors.As(err, &failed) || failed.Login != nil || !refused(failed.Refresh) {
		return result, err
	}
	refused := failed.Refresh
	req.Resume = Session{}
	result, err = m.open(ctx, req)
	switch {
	case err == nil:
		result.notice(Notice{Kind: ResumeSpent, Err: refused})
	case errors.As(err, &failed) && failed.Refresh == nil:
		err = &OpenError{Refresh: refused, Login: failed.Login}
	}
	return result, err
}

// open is Open for a request whose pair is the account's.
func (m *Manager) open(ctx context.Context, req Request) (Result, error) {
	state := m.accounts.of(req.Account)
	req.Resume = state.resume(req.Resume)
	if h, ok := state.handedOut(req.MinLifetime, m.now()); ok && !req.refuses(h.session) {
		return m.result(req, h.session, Reused, h.skew), nil
	}
	stored, err := m.store.Load(ctx, req.Account)
	if err != nil && !errors.Is(err, ErrNoSession) {
		return Result{}, err
	}
	known := newestFirst(stored, req.Resume)
	switch {
	case len(known) > 0 && m.fresh(known[0], req) && (m.config.ReadOnly || !m.wantsProof(known[0])):
		m.log.DebugContext(ctx, "the session is good as it is", "identity", req.Account.Key(), "expires_at", known[0].ExpiresAt)
		return state.handOut(req.MinLifetime, m.result(req, known[0], Reused, 0), m.now()), nil
	case m.config.ReadOnly:
		return m.readOnlyResult(ctx, req, known, nil)
	}

	failuresBefore := state.failedLogins()
	if err := state.acquire(ctx); err != nil {
		return Result{}, err
	}
	defer state.release()
	if h, ok := state.handedOut(req.MinLifetime, m.now()); ok && !req.refuses(h.session) {
		// Another object of this process has got it meanwhile. By a clock that is
		// hours ahead, the stored one is over as soon as it is issued.
		return m.result(req, h.session, Reused, h.skew), nil
	}
	// It lasts until the lock is released: others need not wait for its end.
	req.work = &work{begin: m.config.Begin}
	defer req.work.stop()
	req.lineage = new(lineage)
	defer m.tidy(ctx, req.Account, req.lineage)
	lock, err := m.acquire(ctx, req.Account)
	switch {
	case errors.Is(err, ErrNotWritable):
		return m.withoutStore(ctx, req, known, err, failuresBefore)
	case errors.Is(err, errLockWait) && len(known) > 0 && m.fresh(known[0], req) && m.ask(ctx, req, known[0]) != Revoked:
		// Only the check was to be made under the lock, and it fails no run.
		return state.handOut(req.MinLifetime, m.result(req, known[0], Reused, 0), m.now()), nil
	case err != nil:
		return Result{}, err
	}
	// What the platform has answered is stored even when the caller has gone.
	defer func() {
		if err := lock.Release(context.WithoutCancel(ctx)); err != nil {
			m.log.WarnContext(ctx, "the lock on the stored session could not be released; it ends by itself", "error", err)
		}
	}()
	result, err := m.obtain(ctx, req, state, lock, failuresBefore)
	if errors.Is(err, ErrNotWritable) {
		return m.withoutStore(ctx, req, known, err, failuresBefore)
	}
	if err != nil {
		return Result{}, err
	}
	return state.handOut(req.MinLifetime, result, m.now()), nil
}

// withoutStore is what becomes of a request when the store can be read and not
// written: it acts as read-only, and keeps a proof of life in memory. Only where
// nothing is known, and the manager may go on in memory, it does.
func (m *Manager) withoutStore(ctx context.Context, req Request, known []Session, cause error, failuresBefore int) (Result, error) {
	if len(known) > 0 && m.fresh(known[0], req) {
		if m.wantsProof(known[0]) && m.ask(ctx, req, known[0]) == Revoked {
			return Result{}, &ReadOnlyError{Would: Refreshed, Revoked: true, Err: cause}
		}
		return m.accounts.of(req.Account).handOut(req.MinLifetime, m.result(req, known[0], Reused, 0), m.now()), nil
	}
	if len(known) > 0 || !m.config.Fallback {
		result, err := m.readOnlyResult(ctx, req, known, cause)
		if err != nil {
			return Result{}, err
		}
		return m.accounts.of(req.Account).handOut(req.MinLifetime, result, m.now()), nil
	}
	m.store.giveUp(ctx, cause)
	lock, err := m.acquire(ctx, req.Account)
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = lock.Release(ctx) }()
	state := m.accounts.of(req.Account)
	result, err := m.obtain(ctx, req, state, lock, failuresBefore)
	if err != nil {
		return Result{}, err
	}
	return state.handOut(req.MinLifetime, result, m.now()), nil
}

// obtain decides under the store's lock: reuse what is alive, else refresh,
// else log in.
func (m *Manager) obtain(ctx context.Context, req Request, state *accountState, lock Lock, failuresBefore int) (Result, error) {
	var (
		tried     []Session
		refreshed error // why a known session could not be refreshed
		revoked   Session
	)
	for {
		// Read again each time: another process may have stored a newer
		// session while this one waited for the lock, or refreshed the same
		// one on a machine that shares no lock with this one.
		var stored Session
		err := m.store.repeat(ctx, func() (err error) {
			stored, err = lock.Load(context.WithoutCancel(ctx))
			return err
		})
		if err != nil && !errors.Is(err, ErrNoSession) {
			if err := m.storeFailed(ctx, err); err != nil {
				return Result{}, err
			}
			stored, _ = m.store.memory.Load(ctx, req.Account)
		}
		candidate, ok := firstUntried(newestFirst(stored, req.Resume), tried)
		if !ok {
			break
		}
		if m.fresh(candidate, req) && !candidate.AccessToken.Equal(revoked.AccessToken) {
			alive, err := m.verify(ctx, req, candidate, lock)
			if err != nil {
				return Result{}, err
			}
			if !alive.IsZero() {
				return m.result(req, alive, Reused, 0), nil
			}
			revoked = candidate
			continue
		}
		if err := ctx.Err(); err != nil {
			return Result{}, context.Cause(ctx)
		}
		tried = append(tried, candidate)
		if req.refuses(candidate) && candidate.LivesFor(0, m.now()) {
			revoked = candidate
		}
		if candidate.RefreshToken.IsEmpty() || m.config.Renew == LoggedIn && !req.unproven && m.mustRenew(candidate) {
			continue
		}
		if err := m.storeFailed(ctx, lock.Prepare(ctx)); err != nil {
			return Result{}, err
		}
		answer, err := m.refresh(ctx, req, candidate)
		switch {
		case err == nil:
			kept := m.keep(ctx, req.Account, lock, answer.Session, tried)
			kept = m.provenAfter(ctx, req, kept, revoked, lock)
			req.lineage.traded(req.Account, stored, candidate, kept)
			result := m.result(req, kept, Refreshed, answer.ClockSkew)
			m.noticeRevoked(&result, revoked)
			return result, nil
		case !refused(err):
			if req.Insist || !revoked.IsZero() || !candidate.LivesFor(0, m.now()) {
				return Result{}, &OpenError{Refresh: err, Revoked: !revoked.IsZero()}
			}
			alive, over := m.verify(ctx, req, candidate, lock)
			switch {
			case over != nil:
				return Result{}, over
			case alive.IsZero():
				return Result{}, &OpenError{Refresh: err, Revoked: true}
			}
			result := m.result(req, alive, Reused, 0)
			result.notice(Notice{Kind: RefreshFailed, Duration: alive.ExpiresAt.Sub(m.now()), Err: err})
			return result, nil
		}
		m.log.InfoContext(ctx, "the session cannot be refreshed", "error", err)
		refreshed = cmp.Or(refreshed, err)
	}
	if req.unproven {
		return Result{}, &OpenError{Refresh: cmp.Or(refreshed, errNothingToRefresh)}
	}

	recent := m.recentRevocations(tried)
	if !revoked.IsZero() && len(recent) >= maxRevocations {
		return Result{}, &RevokedError{Times: len(recent) + 1}
	}
	if err := m.storeFailed(ctx, lock.Prepare(ctx)); err != nil {
		return Result{}, err
	}
	answer, waited, err := m.login(ctx, req, state, tried, failuresBefore)
	if err != nil {
		return Result{}, &OpenError{Refresh: refreshed, Login: err}
	}
	if !revoked.IsZero() {
		recent = append(recent, m.now())
	}
	answer.Revocations = recent
	kept := m.keep(ctx, req.Account, lock, answer.Session, tried)
	kept = m.provenAfter(ctx, req, kept, revoked, lock)
	result := m.result(req, kept, LoggedIn, answer.ClockSkew)
	if waited >= noticeableWait {
		result.notice(Notice{Kind: WaitedToLogin, Duration: waited})
	}
	if answer.formFound {
		result.notice(Notice{Kind: FormFound})
	}
	m.noticeRevoked(&result, revoked)
	switch {
	case refreshed == nil || !revoked.IsZero():
	case !req.Resume.IsZero():
		result.notice(Notice{Kind: ResumeSpent, Err: refreshed})
	default:
		result.notice(Notice{Kind: SessionReplaced, Err: refreshed})
	}
	return result, nil
}

// errNothingToRefresh is a resumed pair without a refresh token.
var errNothingToRefresh = errors.New("the resumed session has no refresh token")

// storeFailed returns the error of a store that failed under its lock, or nil
// where the manager goes on in memory.
func (m *Manager) storeFailed(ctx context.Context, err error) error {
	err = failedUnderLock(ctx, err)
	var failed *StoreError
	if m.config.Fallback && errors.As(err, &failed) {
		m.store.giveUp(ctx, failed.Err)
		return nil
	}
	return err
}

// failedUnderLock says what the store's error under its lock means: that of one
// identity's entry, the end of ctx, or a [*StoreError].
func failedUnderLock(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, ErrNotWritable), errors.Is(err, ErrForeign), errors.Is(err, ErrNewerFormat):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return &StoreError{Err: err}
	}
}

// acquire waits for the store's lock within the manager's bound.
func (m *Manager) acquire(ctx context.Context, account Account) (Lock, error) {
	if m.config.LockWait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, m.config.LockWait, errLockWait)
		defer cancel()
	}
	lock, err := m.store.Acquire(ctx, account)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return lock, err
}

// result puts together what the caller gets, with the notices that follow
// from the session, the store and the clock. No token is issued in the future,
// so one that is tells that the local clock is behind. What a token has left goes by
// the platform's clock, where that is known.
func (m *Manager) result(req Request, s Session, source Source, skew time.Duration) Result {
	result := Result{Session: s, Source: source, skew: skew}
	now := m.now().Add(skew)
	if left := s.ExpiresAt.Sub(now); !m.config.ReadOnly && !s.LivesFor(req.MinLifetime, now) {
		result.notice(Notice{Kind: ShortLived, Duration: left})
	}
	if slack := s.Lifetime() - req.MinLifetime; source == Refreshed && slack > 0 && slack < s.Lifetime()/noticeablePart {
		result.notice(Notice{Kind: RefreshedOften, Duration: slack})
	}
	if err := m.store.newlyGivenUp(); err != nil {
		result.notice(Notice{Kind: StoreUnavailable, Err: err})
	}
	result.noticeSkew(cmp.Or(skew, max(0, s.IssuedAt.Sub(m.now()))))
	if result.Version == 0 {
		result.Version = s.IssuedAt.Unix()
	}
	return result
}

// readOnlyResult hands out the newest of the known sessions that is alive,
// though another run would replace it. The cause is why the store cannot be
// written, where it is not the configuration that says so; a check is made then.
func (m *Manager) readOnlyResult(ctx context.Context, req Request, known []Session, cause error) (Result, error) {
	would, revoked := LoggedIn, false
	for _, s := range known {
		if !req.refuses(s) && s.LivesFor(0, m.now()) && (cause == nil || !req.Insist || s.LivesFor(req.MinLifetime, m.now())) {
			if cause != nil && m.wantsProof(s) && m.ask(ctx, req, s) == Revoked {
				would, revoked = Refreshed, true
				continue
			}
			result := Result{Session: s, Source: Reused}
			if result.Version == 0 {
				result.Version = s.IssuedAt.Unix()
			}
			if cause != nil {
				result.notice(Notice{Kind: StoreNotWritable, Duration: s.ExpiresAt.Sub(m.now()), Err: cause})
			} else {
				result.notice(Notice{Kind: WouldRefresh, Duration: s.ExpiresAt.Sub(m.now())})
			}
			return result, nil
		}
		if !s.RefreshToken.IsEmpty() {
			would = Refreshed
		}
	}
	return Result{}, &ReadOnlyError{Would: would, Revoked: revoked, Err: cause}
}

// keep numbers the answer and stores it. It returns the session to hand out:
// the answer, or a newer one that another process stored while the lock was
// lost.
func (m *Manager) keep(ctx context.Context, account Account, lock Lock, answer Session, replaced []Session) Session {
	ctx = context.WithoutCancel(ctx)
	m.config.Hook(Answered)
	defer m.config.Hook(Stored)
	if m.config.Renew != "" {
		answer.RenewedBy = m.config.Run
	}
	answer.Version = answer.IssuedAt.Unix()
	for _, old := range replaced {
		answer.Version = max(answer.Version, old.Version+1)
	}
	m.store.remember(ctx, account, answer, lock)
	err := m.store.repeat(ctx, func() error { return lock.Save(ctx, answer) })
	switch {
	case errors.Is(err, ErrLockLost):
		return m.keepWithoutLock(ctx, account, answer, err)
	case err != nil:
		// It was made as sure as can be before the request that this cannot
		// happen. The answer is there, and must not be lost for this run.
		m.store.giveUpFor(ctx, account.Identity, err)
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
	if err := m.config.Budget.Block(context.WithoutCancel(ctx), platform, wait); err != nil {
		m.log.WarnContext(ctx, "the block could not be written into the login ledger", "error", err)
	}
}

// fresh reports whether s may be handed out for the request as it is.
func (m *Manager) fresh(s Session, req Request) bool {
	if req.refuses(s) || m.mustRenew(s) && !m.config.ReadOnly {
		return false
	}
	return s.LivesFor(attainable(s, req.MinLifetime), m.now())
}

// mustRenew reports whether s was there before a run that is to renew it.
func (m *Manager) mustRenew(s Session) bool {
	return m.config.Renew != "" && s.RenewedBy != m.config.Run
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
