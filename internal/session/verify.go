package session

import (
	"context"
	"slices"
	"time"
)

const (
	// verifyWait bounds the check of a token's life.
	verifyWait = 3 * time.Second
	// verifyPause is how long a check is left off that is of no use.
	verifyPause = 24 * time.Hour
	// revocationWindow is how long a login counts that only replaced a revoked
	// session, and maxRevocations how many there may be in it.
	revocationWindow = time.Hour
	maxRevocations   = 2
)

// wantsProof reports whether the platform has to be asked whether s is alive
// before it is reused.
func (m *Manager) wantsProof(s Session) bool {
	if m.config.VerifyAfter <= 0 || s.NoVerifyUntil.After(m.now()) {
		return false
	}
	last := s.VerifiedAt
	if last.IsZero() {
		last = s.IssuedAt
	}
	age := m.now().Sub(last)
	return age >= m.config.VerifyAfter || age < -m.config.VerifyAfter
}

// verify asks for a proof of life where one is due, and stores when it did: a
// check that told nothing counts as made, unless the run has ended meanwhile, whose
// cause is the only error. It returns the session, or the zero Session when the
// platform calls the token dead (ARCHITECTURE.md, rule 5).
func (m *Manager) verify(ctx context.Context, req Request, s Session, lock Lock) (Session, error) {
	if !m.wantsProof(s) {
		return s, nil
	}
	switch verdict := m.ask(ctx, req, s); {
	case verdict == Revoked:
		m.log.WarnContext(ctx, "the platform calls the stored session revoked")
		return Session{}, nil
	case ctx.Err() != nil:
		return Session{}, context.Cause(ctx)
	}
	s = req.lineage.movedOn(s)
	s.VerifiedAt = m.now()
	m.saveProof(ctx, lock, s)
	return s, nil
}

// saveProof stores when a check was made. One that cannot be stored is made again.
func (m *Manager) saveProof(ctx context.Context, lock Lock, s Session) {
	if err := lock.Save(context.WithoutCancel(ctx), s); err != nil {
		m.log.DebugContext(ctx, "the proof of life is not stored", "error", err)
	}
}

// ask sends the check of a token's life, in bounded time.
func (m *Manager) ask(ctx context.Context, req Request, s Session) Verdict {
	ctx, cancel := context.WithTimeout(ctx, verifyWait)
	defer cancel()
	return req.Authorizer.Verify(ctx, s)
}

// provenAfter checks the session that replaces a revoked one, once that is stored.
// When the platform calls that dead, too, the check itself is of no use
// (PLATFORM-API.md §7).
func (m *Manager) provenAfter(ctx context.Context, req Request, s, revoked Session, lock Lock) Session {
	if revoked.IsZero() || m.config.VerifyAfter <= 0 {
		return s
	}
	if m.ask(ctx, req, s) == Revoked {
		s.NoVerifyUntil = m.now().Add(verifyPause)
		m.log.WarnContext(ctx, "the platform calls a token dead that it has just issued; it is not asked again for a day")
		m.saveProof(ctx, lock, s)
	}
	return s
}

// noticeRevoked tells that a revoked session was replaced.
func (m *Manager) noticeRevoked(result *Result, revoked Session) {
	switch {
	case revoked.IsZero():
	case result.NoVerifyUntil.After(m.now()):
		result.notice(Notice{Kind: VerifyUseless})
	default:
		result.notice(Notice{Kind: RevokedReplaced})
	}
}

// recentRevocations returns the logins of the last hour that only replaced a
// revoked session.
func (m *Manager) recentRevocations(known []Session) []time.Time {
	var recent []time.Time
	for _, s := range known {
		if len(s.Revocations) > len(recent) {
			recent = s.Revocations
		}
	}
	return slices.DeleteFunc(slices.Clone(recent), func(t time.Time) bool { return m.now().Sub(t) >= revocationWindow })
}
