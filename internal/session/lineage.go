package session

import (
	"context"
	"errors"
	"slices"
	"time"
)

// lineageWait bounds what is done for the slots of a resumed pair after its
// session is known. It is tidying up, and fails no run.
const lineageWait = 5 * time.Second

// A lineage is a resumed pair and those that it was traded for. Each pair names
// a slot of its own, because the next run may resume either: the apply the one
// that its plan has traded, and the next plan the one that it got. So that no slot
// is left behind with each refresh, the slot of a new pair tells its predecessor,
// which goes as soon as the new pair is resumed.
type lineage struct {
	gone []string // Logins of identities that are resumed no more
	next Session  // a pair that was traded for the resumed one
}

// movedOn notes that the caller has resumed s, and not what it was traded for. It
// returns s without a predecessor.
func (l *lineage) movedOn(s Session) Session {
	l.leave(s.Predecessor)
	s.Predecessor = ""
	return s
}

// leave notes that nobody resumes the pair of that Login any more.
func (l *lineage) leave(login string) {
	if login != "" && !slices.Contains(l.gone, login) {
		l.gone = append(l.gone, login)
	}
}

// traded notes that what is stored for the account, with the refresh token of
// spent, was traded for next.
func (l *lineage) traded(account Account, stored, spent, next Session) {
	if account.Kind != Resumed {
		return
	}
	l.movedOn(stored)
	if login := fingerprint(spent.RefreshToken); login != account.Login {
		l.leave(login)
	}
	l.next = next
	l.next.Predecessor = account.Login
}

// tidy lets the slots follow. No lock is held, so that runs which resume both
// ends of a lineage do not wait for each other.
func (m *Manager) tidy(ctx context.Context, account Account, l *lineage) {
	if len(l.gone) == 0 && l.next.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lineageWait)
	defer cancel()
	under := func(of Account, do func(Lock) error) {
		lock, err := m.store.store(of.Identity).Acquire(ctx, of)
		if err == nil {
			err = errors.Join(do(lock), lock.Release(ctx))
		}
		if err != nil {
			m.log.DebugContext(ctx, "a slot of a resumed session is left as it is", "identity", of.Key(), "error", err)
		}
	}
	if !l.next.IsZero() {
		under(resumedAccount(account.UserServiceURL, l.next.RefreshToken), func(lock Lock) error {
			if _, err := lock.Load(ctx); !errors.Is(err, ErrNoSession) {
				return err // it is resumed by now
			}
			return lock.Save(ctx, l.next)
		})
	}
	for _, login := range l.gone {
		of := Account{Identity: Identity{UserServiceURL: account.UserServiceURL, Kind: Resumed, Login: login}}
		under(of, func(lock Lock) error { return lock.Remove(ctx) })
	}
}
