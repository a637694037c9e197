package session

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// longWait is how long a [Poll] goes on before it calls its LongWait.
const longWait = 5 * time.Second

// A Poll says how a store waits for a lock that tells nobody when it ends.
type Poll struct {
	// First is the pause after the first try. The pauses double up to Last,
	// and each is random between half and one and a half of that, so that
	// processes that wait for the same lock do not try in step.
	First, Last time.Duration
	// LongWait, where it is not nil, is called once, when the wait has taken
	// five seconds or more: a log should tell what a run waits for.
	LongWait func(waited time.Duration)
	// Now is the clock that LongWait goes by; nil means time.Now.
	Now func() time.Time
}

// Until calls try until it is done or fails, and returns its error. When ctx
// ends in a pause, it returns ctx's error. The first try is made in any case.
func (p Poll) Until(ctx context.Context, try func() (done bool, err error)) error {
	if p.Now == nil {
		p.Now = time.Now
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = p.First, p.Last, 2
	started := p.Now()
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		if waited := p.Now().Sub(started); waited >= longWait && p.LongWait != nil {
			p.LongWait(waited)
			p.LongWait = nil
		}
		timer := time.NewTimer(pauses.NextBackOff())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
