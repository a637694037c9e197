package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

func TestPoll_PausesGrowToTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const first, last = 10 * time.Millisecond, 80 * time.Millisecond
		var tries []time.Time
		err := session.Poll{First: first, Last: last}.Until(t.Context(), func() (bool, error) {
			tries = append(tries, time.Now())
			return len(tries) == 9, nil
		})
		if err != nil || len(tries) != 9 {
			t.Fatalf("Until = %v after %d tries, want nil after 9", err, len(tries))
		}
		for i, base := 0, first; i < len(tries)-1; i, base = i+1, min(2*base, last) {
			if pause := tries[i+1].Sub(tries[i]); pause < base/2 || pause > base+base/2+1 {
				t.Errorf("pause %d is %v, want between half and one and a half of %v", i+1, pause, base)
			}
		}
	})
}

func TestPoll_EndsWithTheErrorOfATry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed, tries := errors.New("failed"), 0
		err := session.Poll{First: time.Second, Last: time.Second}.Until(t.Context(), func() (bool, error) {
			if tries++; tries == 2 {
				return false, failed
			}
			return false, nil
		})
		if !errors.Is(err, failed) || tries != 2 {
			t.Errorf("Until = %v after %d tries, want the error of the second", err, tries)
		}
	})
}

func TestPoll_EndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		started := time.Now()
		err := session.Poll{First: time.Hour, Last: time.Hour}.Until(ctx, func() (bool, error) { return false, nil })
		if waited := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || waited != time.Minute {
			t.Errorf("Until = %v after %v, want DeadlineExceeded after a minute", err, waited)
		}
		done := session.Poll{First: time.Hour, Last: time.Hour}.Until(ctx, func() (bool, error) { return true, nil })
		if done != nil {
			t.Errorf("Until = %v for a first try that succeeds, want nil", done)
		}
	})
}

func TestPoll_TellsOfALongWaitOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			name  string
			waits time.Duration
			want  int
		}{
			{"short", 3 * time.Second, 0},
			{"long", 30 * time.Second, 1},
		} {
			var told []time.Duration
			poll := session.Poll{First: time.Second, Last: time.Second, LongWait: func(waited time.Duration) { told = append(told, waited) }}
			started := time.Now()
			if err := poll.Until(t.Context(), func() (bool, error) { return time.Since(started) >= test.waits, nil }); err != nil {
				t.Fatal(err)
			}
			if len(told) != test.want || test.want == 1 && told[0] < 5*time.Second {
				t.Errorf("%s: LongWait was called with %v, want %d calls after five seconds", test.name, told, test.want)
			}
		}
	})
}
