package vaultstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const (
	// firstPoll is how soon a right that somebody else has is asked for
	// again; the pauses grow to lastPoll.
	firstPoll = 25 * time.Millisecond
	lastPoll  = 500 * time.Millisecond
	// patience is how long a wait may be before the log tells of it.
	patience = 5 * time.Second
)

// Acquire implements [session.Store]. The right is a lease in the secret
// itself, taken by check-and-set and renewed while it is held. That of a holder
// that was killed ends by itself after the lease's time.
func (s *Store) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	client, err := s.connect()
	if err != nil {
		return nil, err
	}
	path := s.secretPath(account)
	leave, err := s.turns.take(ctx, path)
	if err != nil {
		return nil, err
	}
	l, err := s.acquire(ctx, client, path, leave)
	if err != nil {
		leave()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	l.account = account
	return l, nil
}

// acquire waits for the right until ctx is done.
func (s *Store) acquire(ctx context.Context, client *client, path string, leave func()) (*lease, error) {
	var others watch
	started, told := s.now(), false
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		found, err := client.read(ctx, path)
		if err != nil {
			return nil, err
		}
		if !others.stands(found, s.now()) {
			l, err := s.take(ctx, client, path, found, leave)
			if !errors.Is(err, errConflict) {
				return l, err
			}
		}
		if waited := s.now().Sub(started); waited >= patience && !told {
			told = true
			s.log.InfoContext(ctx, "waiting for another runner that is to get a session of the same identity",
				"secret", found.path, "waited", waited.Round(time.Second).String())
		}
		// The share of chance keeps those who wait from asking in step.
		timer := time.NewTimer(pause/2 + mathrand.N(pause)) //nolint:gosec // nobody gains by guessing when
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// take writes a lease over what was found. When ctx ends meanwhile, the write
// is seen through and undone, so that nobody waits for one who has gone.
func (s *Store) take(ctx context.Context, client *client, path string, found secretVersion, leave func()) (*lease, error) {
	if found.version == 0 {
		if err := client.keepOneVersion(ctx, path); err != nil {
			s.log.DebugContext(ctx, "Vault keeps old versions of the session, as the token may not set max_versions", "secret", found.path)
		}
	}
	l := &lease{
		store:   s,
		client:  client,
		path:    path,
		holder:  rand.Text(),
		version: found.version,
		session: found.document.Session,
		leave:   func() {}, // the turn is still the caller's
		stop:    make(chan struct{}),
	}
	if found.document.damage != "" {
		l.session = ""
	}
	lasting := context.WithoutCancel(ctx)
	taken := make(chan error, 1)
	go func() { taken <- l.write(lasting, true) }()
	select {
	case err := <-taken:
		if errors.Is(err, session.ErrLockLost) {
			return nil, errConflict
		}
		if err != nil {
			return nil, err
		}
		l.leave = leave
		go l.renew() //nolint:gosec // the lease outlasts the request for it
		return l, nil
	case <-ctx.Done():
		go func() {
			if err := <-taken; err == nil {
				_ = l.Release(lasting)
			}
		}()
		return nil, ctx.Err()
	}
}

// lease implements [session.Lock].
type lease struct {
	store   *Store
	client  *client
	account session.Account
	path    string
	holder  string
	leave   func()

	stop     chan struct{}
	stopOnce sync.Once

	// mu is held while the secret is written, by the holder or by the renewal.
	mu      sync.Mutex
	version int
	session string
	lost    bool
}

// Load implements [session.Lock].
func (l *lease) Load(ctx context.Context) (session.Session, error) {
	return l.store.Load(ctx, l.account)
}

// Prepare implements [session.Lock]: the lease was written, so that the session
// can be, too. What is left is the key.
func (l *lease) Prepare(context.Context) error {
	if !l.account.Password.IsEmpty() {
		l.store.box.Prepare(l.account.Password, l.store.box.Salt(l.account.Password))
	}
	return nil
}

// Save implements [session.Lock]. It renews the lease.
func (l *lease) Save(ctx context.Context, s session.Session) error {
	text, err := l.store.box.Seal(s, l.account, l.store.box.Salt(l.account.Password))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return session.ErrLockLost
	}
	// From here on, whatever is written next carries the new session, also
	// when the answer to this write is lost.
	l.session = base64.StdEncoding.EncodeToString(text)
	return l.write(ctx, true)
}

// Release implements [session.Lock].
func (l *lease) Release(ctx context.Context) error {
	l.endRenewal()
	defer l.leave()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return nil
	}
	err := l.write(ctx, false)
	if errors.Is(err, session.ErrLockLost) {
		return nil
	}
	return err
}

func (l *lease) endRenewal() { l.stopOnce.Do(func() { close(l.stop) }) }

// renewals is how often a lease is renewed in its time: one that lives loses
// it only when all of them fail.
const renewals = 3

// renew writes the lease anew from time to time, until it ends.
func (l *lease) renew() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-l.stop
		cancel()
	}()
	ticker := time.NewTicker(l.store.leaseTime / renewals)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		l.mu.Lock()
		var err error
		if !l.lost && ctx.Err() == nil {
			err = l.write(ctx, true)
		}
		l.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			l.store.log.WarnContext(ctx, "the exclusive right to the stored session could not be renewed", "secret", l.path, "error", err)
		}
	}
}

// write replaces the secret with the session that the lease knows, and with
// the lease or without. It returns [session.ErrLockLost] when somebody else
// has written. The lock is held.
func (l *lease) write(ctx context.Context, held bool) error {
	d := document{Format: formatVersion, Session: l.session}
	if held {
		stands := l.store.leaseTime
		d.Lease = &leaseNote{Holder: l.holder, For: duration(stands), Until: l.store.now().Add(stands).UTC().Round(time.Second)}
	}
	for range writeAttempts {
		version, err := l.client.replace(ctx, l.path, l.version, d)
		var conflict *conflictError
		switch {
		case err == nil:
			l.version = version
			return nil
		case !errors.As(err, &conflict):
			return err
		case !conflict.found.document.heldBy(l.holder):
			return l.lose()
		}
		// It was this lease's own write that came between, one whose answer
		// was lost.
		l.version = conflict.found.version
	}
	return l.lose()
}

// lose ends a lease that somebody else has taken. Whoever wants the right
// anew, such as the holder of this one, need not wait for its release.
func (l *lease) lose() error {
	l.lost = true
	l.endRenewal()
	l.leave()
	return session.ErrLockLost
}
