package vaultstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const (
	// firstPoll and lastPoll bound the pauses between two tries to take a
	// lease.
	firstPoll = 25 * time.Millisecond
	lastPoll  = 500 * time.Millisecond
	// shortestLease leaves time to renew a lease.
	shortestLease = 100 * time.Millisecond
	// longestLease bounds what is believed of a lease in Vault.
	longestLease = 5 * time.Minute
	// renewals is how often a lease is renewed in its time. It is lost only
	// when all of them fail.
	renewals = 3
	// serverSlack is how much longer than its time a lease must have been in
	// Vault, by the server's clock, to count as expired when it is first seen.
	// The time of a version and that of an answer may come from two servers,
	// whose clocks differ.
	serverSlack = time.Minute
	// writeAttempts bounds how often a write is tried after a failure that
	// leaves open whether it has happened. The client's own retries come on
	// top.
	writeAttempts = 3
)

// Acquire implements [session.Store]. The lock is a lease in the secret itself,
// taken by check-and-set and renewed while it is held. The lease of a process
// that was killed expires.
func (s *Store) Acquire(ctx context.Context, account session.Account) (session.Lock, error) {
	client, err := s.connect()
	if err != nil {
		return nil, err
	}
	path := s.secretPath(account)
	var (
		others watch
		l      *lease
	)
	poll := session.Poll{First: firstPoll, Last: lastPoll, Now: s.now, LongWait: func(waited time.Duration) {
		s.log.InfoContext(ctx, "waiting for another runner that is to get a session of the same identity",
			"secret", client.shownPath(path), "waited", waited.Round(time.Second).String())
	}}
	err = poll.Until(ctx, func() (bool, error) {
		found, err := client.read(ctx, path)
		if err != nil || others.held(found, s.now()) {
			return false, err
		}
		l, err = s.take(ctx, client, account, found)
		if errors.Is(err, session.ErrLockLost) {
			return false, nil // somebody else took it first
		}
		return true, err
	})
	switch {
	case err == nil:
		return l, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, err
	}
}

// take writes a lease over what was found. It returns [session.ErrLockLost] when
// somebody else has written since. When ctx ends during the write, the write is
// finished and undone, so that nobody waits for a process that has given up.
func (s *Store) take(ctx context.Context, client *client, account session.Account, found secretVersion) (*lease, error) {
	path := s.secretPath(account)
	if found.version == 0 {
		if err := client.keepOneVersion(ctx, path); err != nil {
			s.log.DebugContext(ctx, "Vault keeps old versions of the session, as the token may not set max_versions", "secret", found.path)
		}
	}
	uncancelled := context.WithoutCancel(ctx)
	renewing, endRenewal := context.WithCancel(uncancelled)
	l := &lease{
		store:      s,
		client:     client,
		account:    account,
		path:       path,
		holder:     rand.Text(),
		endRenewal: endRenewal,
		version:    found.version,
		session:    found.document.Session,
	}
	if found.document.damage != "" {
		l.session = ""
	}
	taken := make(chan error, 1)
	go func() { taken <- l.write(uncancelled, true) }()
	select {
	case err := <-taken:
		if err != nil {
			endRenewal()
			return nil, err
		}
		go l.renew(renewing)
		return l, nil
	case <-ctx.Done():
		go func() {
			if err := <-taken; err == nil {
				_ = l.Release(uncancelled)
			}
		}()
		return nil, ctx.Err()
	}
}

// A watch tells whether somebody else holds a lease. Machine clocks differ, so
// only local time counts: a lease is expired when it was not renewed for its
// full duration after the watch first saw it. Its holder wrote it before that
// and so knows, too, that it is expired.
type watch struct {
	version int
	write   string
	since   time.Time
}

// held reports whether the lease in found, read at now, must be respected.
func (w *watch) held(found secretVersion, now time.Time) bool {
	lease := found.document.Lease
	if lease == nil {
		return false
	}
	if w.since.IsZero() || w.version != found.version || w.write != found.document.Write {
		*w = watch{version: found.version, write: found.document.Write, since: now}
	}
	duration := min(time.Duration(lease.For), longestLease)
	return found.age < duration+serverSlack && now.Sub(w.since) < duration
}

// lease implements [session.Lock].
type lease struct {
	store   *Store
	client  *client
	account session.Account
	path    string
	holder  string
	// endRenewal may be called more than once.
	endRenewal context.CancelFunc

	// mu is held while the secret is written, by a method or by the renewal.
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
// can be, too, unless it was lost since. What is left is the key.
func (l *lease) Prepare(context.Context) error {
	l.mu.Lock()
	lost := l.lost
	l.mu.Unlock()
	if lost {
		return session.ErrLockLost
	}
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
	// From here on, every write carries the new session, also when the answer
	// to this one is lost.
	l.session = base64.StdEncoding.EncodeToString(text)
	return l.write(ctx, true)
}

// Remove implements [session.Lock]. A secret is deleted without check-and-set, so
// that its session is taken out before, with it. That is all that happens
// where the policy does not allow more.
func (l *lease) Remove(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return session.ErrLockLost
	}
	l.session = ""
	if err := l.write(ctx, true); err != nil {
		return err
	}
	if err := l.client.remove(ctx, l.path); err != nil {
		l.store.log.DebugContext(ctx, "Vault keeps a secret without a session, as the token may not delete it",
			"secret", l.client.shownPath(l.path), "error", err)
		return nil
	}
	_ = l.lose() // the lease has gone with it
	return nil
}

// Release implements [session.Lock].
func (l *lease) Release(ctx context.Context) error {
	l.endRenewal()
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

// renew writes the lease anew from time to time, until ctx ends.
func (l *lease) renew(ctx context.Context) {
	ticker := time.NewTicker(l.store.leaseTime / renewals)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		l.mu.Lock()
		var err error
		if ctx.Err() == nil {
			err = l.write(ctx, true)
		}
		l.mu.Unlock()
		if err != nil && !errors.Is(err, context.Canceled) {
			l.store.log.WarnContext(ctx, "the lock on the stored session could not be renewed", "secret", l.client.shownPath(l.path), "error", err)
		}
	}
}

// write replaces the secret with the session that the lease knows, and with
// the lease or without. Each write has a random name: when its answer is lost,
// or an attempt is refused because an earlier one has written, it reads what
// is there. It returns [session.ErrLockLost] when somebody else has written.
// l.mu is held, or l is not shared yet.
func (l *lease) write(ctx context.Context, held bool) error {
	d := document{Format: formatVersion, Session: l.session, Write: rand.Text()}
	if held {
		duration := l.store.leaseTime
		d.Lease = &leaseNote{Holder: l.holder, For: leaseTime(duration), Until: l.store.now().Add(duration).UTC().Round(time.Second)}
	}
	var err error
	for range writeAttempts {
		var version int
		version, err = l.client.write(ctx, l.path, l.version, d)
		conflict := errors.Is(err, session.ErrLockLost)
		switch {
		case err == nil:
			l.version = version
			return nil
		case !conflict && !passes(err):
			return err
		}
		found, unread := l.client.read(ctx, l.path)
		switch {
		case errors.Is(unread, session.ErrForeign), errors.Is(unread, session.ErrNewerFormat):
			return l.lose()
		case unread != nil:
			return unread
		case found.document.Write == d.Write:
			l.version = found.version
			return nil
		case found.document.heldBy(l.holder):
			// An earlier write of this lease came between, one whose answer was
			// lost.
			l.version = found.version
		case conflict || found.version != l.version:
			return l.lose()
		}
		// This write has not happened, so it is tried again. Should the attempt
		// whose answer was lost arrive after all, check-and-set lets one of the
		// two through.
	}
	if errors.Is(err, session.ErrLockLost) {
		return l.lose()
	}
	return err
}

// lose ends a lease that is no more.
func (l *lease) lose() error {
	l.lost = true
	l.endRenewal()
	return session.ErrLockLost
}
