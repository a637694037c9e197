package session

import (
	"context"
	"sync"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// Memory is a [Store] that lasts as long as the process. It compares
// passwords as they are and derives no keys. The zero value is not ready for
// use; see [NewMemory].
type Memory struct {
	mu    sync.Mutex
	slots map[Identity]*memorySlot
}

// memorySlot holds the session of one identity, with the password that it
// was saved with.
type memorySlot struct {
	lock chan struct{}

	mu       sync.Mutex
	session  Session
	password secret.String
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{slots: make(map[Identity]*memorySlot)} }

// slot returns the place of id.
func (m *Memory) slot(id Identity) *memorySlot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.slots[id]
	if !ok {
		s = &memorySlot{lock: make(chan struct{}, 1)}
		m.slots[id] = s
	}
	return s
}

// Load implements [Store].
func (m *Memory) Load(_ context.Context, account Account) (Session, error) {
	return m.slot(account.Identity).load(account)
}

// Acquire implements [Store].
func (m *Memory) Acquire(ctx context.Context, account Account) (Lock, error) {
	s := m.slot(account.Identity)
	select {
	case s.lock <- struct{}{}:
		return &memoryLock{slot: s, account: account}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *memorySlot) load(account Account) (Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session.IsZero() || !s.password.Equal(account.Password) {
		return Session{}, ErrNoSession
	}
	return s.session, nil
}

// memoryLock implements [Lock].
type memoryLock struct {
	slot    *memorySlot
	account Account
}

// Load implements [Lock].
func (l *memoryLock) Load(context.Context) (Session, error) { return l.slot.load(l.account) }

// Prepare implements [Lock].
func (l *memoryLock) Prepare(context.Context) error { return nil }

// Save implements [Lock].
func (l *memoryLock) Save(_ context.Context, s Session) error {
	l.slot.mu.Lock()
	defer l.slot.mu.Unlock()
	l.slot.session, l.slot.password = s, l.account.Password
	return nil
}

// Remove implements [Lock].
func (l *memoryLock) Remove(ctx context.Context) error { return l.Save(ctx, Session{}) }

// Release implements [Lock].
func (l *memoryLock) Release(context.Context) error {
	<-l.slot.lock
	return nil
}
