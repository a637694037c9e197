package session_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// state is the state of the budget, which must be had.
func state(t *testing.T, b *session.Budget) session.BudgetState {
	t.Helper()
	got, err := b.State(t.Context(), somewhere)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBudgetState_CountsTheWindowAndTellsTheNextPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := perMinute(&session.MemoryLedger{}, 2)
		want := session.BudgetState{Limit: 2, Window: time.Minute}
		if got := state(t, b); got != want {
			t.Errorf("state = %+v, want %+v", got, want)
		}
		first := time.Now()
		login(t, b, somewhere)
		time.Sleep(20 * time.Second)
		login(t, b, somewhere)
		login(t, b, elsewhere)
		want.Logins, want.Next = 2, first.Add(time.Minute)
		if got := state(t, b); got != want {
			t.Errorf("state = %+v, want %+v", got, want)
		}
		time.Sleep(45 * time.Second)
		want.Logins, want.Next = 1, time.Time{}
		if got := state(t, b); got != want {
			t.Errorf("state = %+v, want %+v", got, want)
		}
	})
}

func TestUnblock_LetsTheNextLoginBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &session.MemoryLedger{}
		b := perMinute(ledger, 1)
		login(t, b, somewhere)
		end := time.Now().Add(time.Hour)
		if err := b.Block(t.Context(), somewhere, time.Hour); err != nil {
			t.Fatal(err)
		}
		want := session.BudgetState{Logins: 1, Limit: 1, Window: time.Minute, Next: end, BlockedUntil: end}
		if got := state(t, b); got != want {
			t.Errorf("state = %+v, want %+v", got, want)
		}
		wantRefused(t, b, end, true)
		// Another process of the machine clears it.
		other := perMinute(ledger, 1)
		if until, err := other.Unblock(t.Context(), somewhere); err != nil || !until.Equal(end) {
			t.Errorf("Unblock = %s, %v, want %s", until, err, end)
		}
		if until, err := other.Unblock(t.Context(), somewhere); err != nil || !until.IsZero() {
			t.Errorf("the second Unblock = %s, %v, want that none is known", until, err)
		}
		// The limit holds on.
		if waited := login(t, b, somewhere); waited != time.Minute {
			t.Errorf("the next login waited %s", waited)
		}
	})
}

func TestBudgetState_OfABrokenLedgerIsAnError(t *testing.T) {
	t.Parallel()
	b := perMinute(brokenLedger{}, 1)
	if _, err := b.State(t.Context(), somewhere); err == nil {
		t.Errorf("State = %v", err)
	}
	if _, err := b.Unblock(t.Context(), somewhere); err == nil {
		t.Errorf("Unblock = %v", err)
	}
}
