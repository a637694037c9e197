package vaultstore

import (
	"context"
	"sync"
)

// turns lets those who share a store take turns at a secret, so that one of
// them at a time asks Vault for the right.
type turns struct {
	mu     sync.Mutex
	places map[string]chan struct{}
}

// take waits until ctx is done. The function that it returns gives the turn to
// the next, once, however often it is called.
func (ts *turns) take(ctx context.Context, path string) (leave func(), err error) {
	ts.mu.Lock()
	if ts.places == nil {
		ts.places = make(map[string]chan struct{})
	}
	place, ok := ts.places[path]
	if !ok {
		place = make(chan struct{}, 1)
		ts.places[path] = place
	}
	ts.mu.Unlock()
	select {
	case place <- struct{}{}:
		return sync.OnceFunc(func() { <-place }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
