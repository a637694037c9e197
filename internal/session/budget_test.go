package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const (
	somewhere = "https://platform.example"
	elsewhere = "https://another.example"
)

// perMinute is a budget of limit logins per minute for which logins wait two.
func perMinute(ledger session.Ledger, limit int) *session.Budget {
	return session.NewBudget(ledger, session.BudgetConfig{Limit: limit, Window: time.Minute, Wait: 2 * time.Minute})
}

// login asks for a place, is answered at once, and returns how long it waited
// for the place.
func login(t *testing.T, b *session.Budget, platform string) time.Duration {
	t.Helper()
	place, waited, err := b.Admit(t.Context(), platform)
	if err != nil {
		t.Errorf("Admit: %v", err)
		return 0
	}
	place.Answered()
	return waited
}

// wantRefused checks that b admits nobody, says so at once, and gives the time
// at which it will.
func wantRefused(t *testing.T, b *session.Budget, at time.Time, blocked bool) {
	t.Helper()
	started := time.Now()
	_, waited, err := b.Admit(t.Context(), somewhere)
	var refused *session.BudgetError
	if !errors.As(err, &refused) {
		t.Fatalf("Admit = %v, want a BudgetError", err)
	}
	if !refused.At.Equal(at) || refused.Blocked != blocked || refused.Platform != somewhere {
		t.Errorf("Admit = %+v, want it free at %s, blocked %t", refused, at, blocked)
	}
	if !strings.Contains(err.Error(), at.UTC().Format(time.RFC3339)) {
		t.Errorf("the error does not tell the time: %v", err)
	}
	if waited != 0 || !time.Now().Equal(started) {
		t.Errorf("the refusal took %s", time.Since(started))
	}
}

func TestAdmit_WithinTheLimitDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := perMinute(&session.MemoryLedger{}, 5)
		for range 5 {
			if waited := login(t, b, somewhere); waited != 0 {
				t.Errorf("waited %s", waited)
			}
		}
	})
}

func TestAdmit_OneLoginTooManyWaitsForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{
			Limit: 2, Window: time.Minute, Wait: 2 * time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		login(t, b, somewhere)
		time.Sleep(20 * time.Second)
		login(t, b, somewhere)
		if log.Len() != 0 {
			t.Errorf("the log tells of a wait where there is none: %s", &log)
		}
		until := time.Now().Add(40 * time.Second).UTC().Format(time.RFC3339)
		if waited := login(t, b, somewhere); waited != 40*time.Second {
			t.Errorf("waited %s, want until the first login is a minute old", waited)
		}
		if got := log.String(); strings.Count(got, "level=INFO") != 1 || !strings.Contains(got, "until="+until) {
			t.Errorf("the log is %q, want the wait, once, with its end", got)
		}
	})
}

func TestAdmit_EachPlatformHasItsOwnBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := perMinute(&session.MemoryLedger{}, 1)
		login(t, b, somewhere)
		if waited := login(t, b, elsewhere); waited != 0 {
			t.Errorf("waited %s for another platform's window", waited)
		}
	})
}

// Many ask at once, through budgets of their own as processes have. Then each
// window is looked at.
func TestAdmit_NeverMoreThanTheLimitInAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, callers = 5, 23
		ledger := &session.MemoryLedger{}
		var (
			mu      sync.Mutex
			arrived []time.Time
			all     sync.WaitGroup
		)
		for i := range callers {
			all.Go(func() {
				b := session.NewBudget(ledger, session.BudgetConfig{Limit: limit, Window: time.Minute, Wait: time.Hour})
				place, _, err := b.Admit(t.Context(), somewhere)
				if err != nil {
					t.Errorf("Admit: %v", err)
					return
				}
				defer place.Answered()
				// The platform may count a login when it is sent, when it is
				// answered, or in between.
				mu.Lock()
				arrived = append(arrived, time.Now())
				mu.Unlock()
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				mu.Lock()
				arrived = append(arrived, time.Now())
				mu.Unlock()
			})
		}
		all.Wait()
		if len(arrived) != 2*callers {
			t.Fatalf("%d times were noted, want %d", len(arrived), 2*callers)
		}
		// Windows that begin with an answer: what is sent and answered in one.
		for _, begin := range arrived {
			n := 0
			for _, at := range arrived {
				if !at.Before(begin) && at.Before(begin.Add(time.Minute)) {
					n++
				}
			}
			if n > 2*limit {
				t.Errorf("%d ends of logins lie in the minute from %s, want %d at the most", n, begin.Format(time.TimeOnly), 2*limit)
			}
		}
		if took := time.Since(arrived[0]); took > 5*time.Minute {
			t.Errorf("%d logins took %s, want little more than a minute per %d", callers, took, limit)
		}
	})
}

// A place is free a window after the answer, which comes
// sooner than the request's timeout.
func TestAdmit_PlaceIsFreeAWindowAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := perMinute(&session.MemoryLedger{}, 1)
		place, _, err := b.Admit(t.Context(), somewhere)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, place.Answered)
		if waited := login(t, b, somewhere); waited < 65*time.Second || waited > 66*time.Second {
			t.Errorf("waited %s, want a minute from the answer", waited)
		}
	})
}

// One whose end is never written down may have been answered
// up to the timeout.
func TestAdmit_KilledLoginCountsUntilItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &session.MemoryLedger{}
		killed := session.NewBudget(ledger, session.BudgetConfig{Limit: 1, Window: time.Minute, RequestTimeout: 20 * time.Second})
		if _, _, err := killed.Admit(t.Context(), somewhere); err != nil {
			t.Fatal(err)
		}
		if waited := login(t, perMinute(ledger, 1), somewhere); waited < 80*time.Second || waited > 81*time.Second {
			t.Errorf("waited %s, want the timeout and a window", waited)
		}
	})
}

func TestAdmit_PlaceThatComesTooLateIsRefusedAtOnce(t *testing.T) {
	for _, test := range []struct {
		name    string
		wait    time.Duration
		context time.Duration
		refused bool
	}{
		{name: "login_wait too short", wait: 59 * time.Second, refused: true},
		{name: "login_wait just enough", wait: time.Minute},
		{name: "no wait at all", wait: 0, refused: true},
		{name: "context too short", wait: time.Hour, context: 30 * time.Second, refused: true},
		{name: "context longer than wait", wait: 30 * time.Second, context: time.Hour, refused: true},
		{name: "both long enough", wait: 2 * time.Minute, context: 2 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{Limit: 1, Window: time.Minute, Wait: test.wait})
				login(t, b, somewhere)
				free, started := time.Now().Add(time.Minute), time.Now()
				ctx := t.Context()
				if test.context > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.context)
					defer cancel()
				}
				_, waited, err := b.Admit(ctx, somewhere)
				if !test.refused {
					if err != nil || waited != time.Minute {
						t.Errorf("Admit = %s, %v, want it to wait a minute", waited, err)
					}
					return
				}
				var refused *session.BudgetError
				if !errors.As(err, &refused) || refused.Blocked || !refused.At.Equal(free) || refused.Limit != 1 || refused.Window != time.Minute {
					t.Errorf("Admit = %v, want a refusal until %s", err, free)
				}
				if !time.Now().Equal(started) {
					t.Errorf("the refusal took %s", time.Since(started))
				}
			})
		})
	}
}

func TestAdmit_CancelledWaitTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := perMinute(&session.MemoryLedger{}, 1)
		login(t, b, somewhere)
		errGone := errors.New("the caller has gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { cancel(errGone) })
		_, waited, err := b.Admit(ctx, somewhere)
		if !errors.Is(err, errGone) || waited != 10*time.Second {
			t.Errorf("Admit = %s, %v, want the cause after 10s", waited, err)
		}
		// A caller that left took no place.
		if waited := login(t, b, somewhere); waited != 50*time.Second {
			t.Errorf("the next waited %s, want 50s", waited)
		}
		if _, _, err := b.Admit(ctx, elsewhere); !errors.Is(err, errGone) {
			t.Errorf("Admit with a context that has ended = %v, want its cause", err)
		}
	})
}

func TestBlock_LastsAsLongAsThePlatformSays(t *testing.T) {
	for _, test := range []struct {
		name  string
		said  []time.Duration
		lasts time.Duration
	}{
		{"with a time", []time.Duration{10 * time.Minute}, 10 * time.Minute},
		{"without one", []time.Duration{0}, time.Hour},
		{"the longer one stands", []time.Duration{30 * time.Minute, time.Minute}, 30 * time.Minute},
		{"a longer one extends it", []time.Duration{time.Minute, 30 * time.Minute}, 30 * time.Minute},
		{"beyond a day is not heard", []time.Duration{1000 * time.Hour}, 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ledger := &session.MemoryLedger{}
				until := time.Now().Add(test.lasts)
				for _, wait := range test.said {
					if err := perMinute(ledger, 5).Block(t.Context(), somewhere, wait); err != nil {
						t.Fatal(err)
					}
				}
				another := perMinute(ledger, 5)
				wantRefused(t, another, until, true)
				login(t, another, elsewhere)
				time.Sleep(test.lasts - time.Second)
				wantRefused(t, another, until, true)
				time.Sleep(time.Second)
				if waited := login(t, another, somewhere); waited != 0 {
					t.Errorf("waited %s after the block", waited)
				}
			})
		})
	}
}

// They do not wait to the end for a login that
// can only be refused.
func TestBlock_EndsTheWaitOfLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := perMinute(&session.MemoryLedger{}, 1)
		login(t, b, somewhere)
		time.AfterFunc(10*time.Second, func() { _ = b.Block(t.Context(), somewhere, 0) })
		_, waited, err := b.Admit(t.Context(), somewhere)
		var refused *session.BudgetError
		if !errors.As(err, &refused) || !refused.Blocked || waited > 12*time.Second {
			t.Errorf("Admit = %v after %s, want a refusal soon after the block", err, waited)
		}
	})
}

// What the ledger holds of a time to come was written by a clock that was wrong:
// it counts as now, and locks nobody out for longer than a window.
func TestAdmit_TakesLoginsOfTheFutureAsNow(t *testing.T) {
	for _, test := range []struct {
		name   string
		ahead  time.Duration
		block  bool
		waited time.Duration
	}{
		{name: "logins, hours", ahead: 3 * time.Hour, waited: time.Minute},
		{name: "logins, seconds", ahead: 10 * time.Second, waited: 70 * time.Second},
		{name: "block, minutes", ahead: 10 * time.Minute, block: true, waited: time.Minute},
		{name: "block, years", ahead: 3 * 365 * 24 * time.Hour, block: true, waited: time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ledger := &session.MemoryLedger{}
				ahead := session.NewBudget(ledger, session.BudgetConfig{
					Limit: 1, Window: time.Minute, Now: func() time.Time { return time.Now().Add(test.ahead) },
				})
				login(t, ahead, somewhere)
				if test.block {
					if err := ahead.Block(t.Context(), somewhere, 0); err != nil {
						t.Fatal(err)
					}
				}
				if waited := login(t, perMinute(ledger, 1), somewhere); waited < test.waited || waited > test.waited+time.Second {
					t.Errorf("waited %s, want %s", waited, test.waited)
				}
			})
		})
	}
}

// A deadline is an instant of the real
// clock, even where the provider's own is wrong.
func TestAdmit_DeadlineCountsByTheRealClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{
			Limit: 1, Window: time.Minute, Wait: 2 * time.Minute, Now: func() time.Time { return time.Now().Add(10 * time.Minute) },
		})
		login(t, b, somewhere)
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		if _, waited, err := b.Admit(ctx, somewhere); err != nil || waited != time.Minute {
			t.Errorf("Admit = %s, %v, want a wait of a minute", waited, err)
		}
	})
}

// brokenLedger fails, or hangs for as long as it may.
type brokenLedger struct{ hangs bool }

func (l brokenLedger) Update(ctx context.Context, _ string, _ func(*session.LedgerEntry) error) error {
	if l.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("no space left on device")
}

// No login fails because of the ledger, and the process
// keeps within the limit by itself.
func TestBudget_FailingLedgerFailsNoLogin(t *testing.T) {
	for _, test := range []struct {
		name   string
		ledger brokenLedger
	}{{"fails", brokenLedger{}}, {"hangs", brokenLedger{hangs: true}}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				b := session.NewBudget(test.ledger, session.BudgetConfig{
					Limit: 1, Window: time.Minute, Wait: 2 * time.Minute, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				login(t, b, somewhere)
				if waited := login(t, b, somewhere); waited != time.Minute {
					t.Errorf("the second login waited %s, want a minute", waited)
				}
				if err := b.Block(t.Context(), somewhere, 0); err != nil {
					t.Errorf("Block: %v", err)
				}
				wantRefused(t, b, time.Now().Add(time.Hour), true)
				if got := strings.Count(log.String(), "level=WARN"); got != 1 {
					t.Errorf("%d warnings, want one: %s", got, &log)
				}
			})
		})
	}
}

func TestBudget_DefaultsAreThePlatformsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{})
		for range session.DefaultLoginLimit {
			login(t, b, somewhere)
		}
		wantRefused(t, b, time.Now().Add(session.DefaultLoginWindow), false)
	})
}

// TestBudgets_DoNotPruneEachOther: a stack with a longer window counts what one
// with a shorter has long forgotten.
func TestBudgets_DoNotPruneEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &session.MemoryLedger{}
		hourly := session.NewBudget(ledger, session.BudgetConfig{Limit: 5, Window: time.Hour})
		for range 5 {
			login(t, hourly, somewhere)
		}
		full := time.Now().Add(time.Hour)
		time.Sleep(2 * time.Minute)
		login(t, perMinute(ledger, 5), somewhere)
		wantRefused(t, hourly, full, false)
		// The other's login counts as well.
		time.Sleep(58*time.Minute + time.Second)
		for range 4 {
			login(t, hourly, somewhere)
		}
		wantRefused(t, hourly, full.Add(2*time.Minute), false)
	})
}

// A stack whose clock is wrong neither forgets nor rewrites what the others count.
func TestBudgets_WithOtherClocksDoNotPruneEachOther(t *testing.T) {
	for _, test := range []struct {
		name string
		off  time.Duration
		more bool // its login is long past for the others, which have one more
		free time.Duration
	}{
		{"a day behind", -24 * time.Hour, true, time.Hour},
		{"years behind", -10 * 365 * 24 * time.Hour, true, time.Hour},
		{"minutes behind", -10 * time.Minute, false, 51 * time.Minute},
		{"hours ahead", 12 * time.Hour, false, time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ledger := &session.MemoryLedger{}
				hourly := session.NewBudget(ledger, session.BudgetConfig{Limit: 3, Window: time.Hour})
				wrong := session.NewBudget(ledger, session.BudgetConfig{
					Limit: 6, Window: time.Minute, Wait: time.Hour, Now: func() time.Time { return time.Now().Add(test.off) },
				})
				login(t, hourly, somewhere)
				login(t, hourly, somewhere)
				full := time.Now().Add(time.Hour)
				time.Sleep(time.Minute)
				login(t, wrong, somewhere)
				if test.more {
					login(t, hourly, somewhere)
				}
				wantRefused(t, hourly, full.Add(test.free-time.Hour), false)
				time.Sleep(30 * time.Minute)
				login(t, wrong, somewhere)
				wantRefused(t, hourly, full, false)
				// A block is known on, too.
				if err := hourly.Block(t.Context(), somewhere, 2*time.Hour); err != nil {
					t.Fatal(err)
				}
				until := time.Now().Add(2 * time.Hour)
				if _, _, err := wrong.Admit(t.Context(), somewhere); err != nil && test.off != -10*time.Minute {
					t.Errorf("Admit: %v", err)
				}
				wantRefused(t, hourly, until, true)
			})
		})
	}
}

// TestLedger_ForgetsAfterADay bounds what it holds.
func TestLedger_ForgetsAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := &session.MemoryLedger{}
		held := func() (n int) {
			_ = ledger.Update(t.Context(), somewhere, func(e *session.LedgerEntry) error {
				n = len(e.Logins)
				return nil
			})
			return n
		}
		login(t, perMinute(ledger, 5), somewhere)
		time.Sleep(24*time.Hour - time.Second)
		login(t, perMinute(ledger, 5), somewhere)
		if got := held(); got != 2 {
			t.Errorf("%d logins are kept within a day, want both", got)
		}
		time.Sleep(time.Second)
		login(t, perMinute(ledger, 5), somewhere)
		if got := held(); got != 2 {
			t.Errorf("%d logins are kept, want those of a day", got)
		}
	})
}

// unreadableLedger is one whose entry cannot be read the first time.
type unreadableLedger struct {
	session.MemoryLedger
	wasRead bool
}

func (l *unreadableLedger) Update(ctx context.Context, platform string, change func(*session.LedgerEntry) error) error {
	return l.MemoryLedger.Update(ctx, platform, func(e *session.LedgerEntry) error {
		e.Unreadable = !l.wasRead
		l.wasRead = true
		return change(e)
	})
}

// What an open asks the ledger first is not for a place, and must not make it
// readable by forgetting what it held.
func TestOpen_UnreadableLedgerCountsAsFullForAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ledger, full := newPlatform(), &unreadableLedger{}, time.Now().Add(time.Minute)
		open := func() error {
			budget := session.NewBudget(ledger, session.BudgetConfig{Limit: 3})
			_, err := session.NewManager(session.Config{Budget: budget}).Open(t.Context(), session.Request{Account: admin, Authorizer: p})
			return err
		}
		for range 2 {
			var held *session.BudgetError
			if err := open(); !errors.As(err, &held) || !held.At.Equal(full) || held.Blocked {
				t.Errorf("error = %v, want a login to be free at %s", err, full)
			}
			time.Sleep(30 * time.Second)
		}
		if err := open(); err != nil || p.counts() != (counts{logins: 1}) {
			t.Errorf("a window later: %v, requests %+v, want a login", err, p.counts())
		}
	})
}

// What is not known is not known to a stack with another limit or window either.
func TestAdmit_UnreadableLedgerIsFullForEveryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger, found := &unreadableLedger{}, time.Now()
		wantRefused(t, session.NewBudget(ledger, session.BudgetConfig{Limit: 3}), found.Add(time.Minute), false)
		wantRefused(t, session.NewBudget(ledger, session.BudgetConfig{Limit: 10_000, Window: time.Hour}), found.Add(time.Hour), false)
		time.Sleep(time.Minute)
		login(t, session.NewBudget(ledger, session.BudgetConfig{Limit: 1}), somewhere)
		wantRefused(t, session.NewBudget(ledger, session.BudgetConfig{Limit: 10_000, Window: time.Hour}), found.Add(time.Hour), false)
		// A limit that is high leaves no entry that is too large to be read.
		_ = ledger.Update(t.Context(), somewhere, func(e *session.LedgerEntry) error {
			if len(e.Logins) != 1 {
				t.Errorf("%d logins are kept, want the one that was made", len(e.Logins))
			}
			return nil
		})
	})
}

// New identities of one run get their places in the order in which they ask, and
// none is passed over until it has waited too long.
func TestAdmit_ManyNewIdentitiesWaitInTurn(t *testing.T) {
	const users, parallel = 200, 10
	synctest.Test(t, func(t *testing.T) {
		b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{Limit: 5, Window: time.Minute, Wait: 40 * time.Minute})
		started := time.Now()
		var (
			mu      sync.Mutex
			longest time.Duration
			all     sync.WaitGroup
		)
		slots := make(chan struct{}, parallel)
		for range users {
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				waited := login(t, b, somewhere)
				mu.Lock()
				defer mu.Unlock()
				longest = max(longest, waited)
			})
		}
		all.Wait()
		if took := time.Since(started).Round(time.Minute); took != (users/5-1)*time.Minute {
			t.Errorf("%d logins took %s", users, took)
		}
		if longest > parallel/5*time.Minute {
			t.Errorf("one of them waited %s, want no longer than those before it took", longest)
		}
	})
}

// A CLI opens a few of many tokens at a time. The wait of all of them is bounded, and
// what cannot have its place within that is told at once, with how long the whole
// would take.
func TestAdmit_ManyThatAskAFewAtATimeAreToldToo(t *testing.T) {
	const users = 200
	for _, parallel := range []int{1, 3, 10, 50} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := perMinute(&session.MemoryLedger{}, 5)
				started := time.Now()
				var (
					mu      sync.Mutex
					served  int
					longest time.Duration
					all     sync.WaitGroup
				)
				slots := make(chan struct{}, parallel)
				for range users {
					slots <- struct{}{}
					all.Go(func() {
						defer func() { <-slots }()
						time.Sleep(200 * time.Millisecond) // what else an open takes
						place, _, err := b.Admit(t.Context(), somewhere)
						mu.Lock()
						defer mu.Unlock()
						var held *session.BudgetError
						switch {
						case err == nil:
							place.Answered()
							served++
						case errors.As(err, &held):
							longest = max(longest, held.Wait)
						default:
							t.Errorf("Admit: %v", err)
						}
					})
				}
				all.Wait()
				if served < 10 || served > 20 {
					t.Errorf("%d logins were sent, want those that have a place within two minutes", served)
				}
				// The opens themselves take their time as well.
				if took := time.Since(started); took > 2*time.Minute+users*200*time.Millisecond {
					t.Errorf("the whole took %s, want two minutes of waiting", took)
				}
				if want := (users/5 - 3) * time.Minute; longest < want || longest > want+5*time.Minute {
					t.Errorf("the longest wait that is told is %s, want about %s", longest, want)
				}
				// Neither waits that are over nor logins that stood in a queue for a moment
				// count. Later logins of a long run have their own time.
				time.Sleep(time.Hour)
				for range 6 {
					var three sync.WaitGroup
					for range 3 {
						three.Go(func() { login(t, b, somewhere) })
					}
					three.Wait()
					time.Sleep(50 * time.Second)
				}
				for range 4 {
					login(t, b, somewhere)
				}
			})
		})
	}
}

// A login that may not wait takes a place that is free, though others that ask at the
// same moment are before it and time goes on meanwhile.
func TestAdmit_WithoutAWaitTakesThePlacesThatAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ticks atomic.Int64
		began := time.Now()
		b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{
			Limit: 5, Window: time.Hour,
			Now: func() time.Time { return began.Add(time.Duration(ticks.Add(1)) * time.Millisecond) },
		})
		var (
			served atomic.Int64
			all    sync.WaitGroup
		)
		for range 12 {
			all.Go(func() {
				place, _, err := b.Admit(t.Context(), somewhere)
				var held *session.BudgetError
				switch {
				case err == nil:
					served.Add(1)
					place.Answered()
				case !errors.As(err, &held) || !held.At.After(began.Add(30*time.Minute)):
					t.Errorf("Admit = %v, want a refusal until the window has passed", err)
				}
			})
		}
		all.Wait()
		if got := served.Load(); got != 5 {
			t.Errorf("%d logins were sent, want the 5 that fit", got)
		}
	})
}

// Those that ask at once and cannot all have a place in time are told at once:
// when their place is free, and how long that takes.
func TestAdmit_WhatCannotHaveItsPlaceInTimeFailsAtOnce(t *testing.T) {
	const users = 200
	for _, test := range []struct {
		name   string
		wait   time.Duration
		served int
	}{
		{"two minutes", 2 * time.Minute, 15},
		{"raised", 40 * time.Minute, users},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{Limit: 5, Window: time.Minute, Wait: test.wait})
				started := time.Now()
				var (
					mu      sync.Mutex
					served  int
					last    time.Time
					longest time.Duration
					all     sync.WaitGroup
				)
				for range users {
					all.Go(func() {
						place, waited, err := b.Admit(t.Context(), somewhere)
						mu.Lock()
						defer mu.Unlock()
						var held *session.BudgetError
						switch {
						case err == nil:
							place.Answered()
							served++
							last = time.Now()
						case !errors.As(err, &held) || waited != 0 || !held.At.Equal(started.Add(held.Wait)) || held.Ahead == 0:
							t.Errorf("Admit = %#v after %s, want a refusal at once that says when the place is free", err, waited)
						default:
							longest = max(longest, held.Wait)
						}
					})
				}
				all.Wait()
				if served != test.served {
					t.Errorf("%d of %d logins were sent, want %d", served, users, test.served)
				}
				if want := time.Duration(test.served/5-1) * time.Minute; last.Sub(started) != want {
					t.Errorf("the last was sent after %s, want %s", last.Sub(started), want)
				}
				// Where it is too short, one of them tells how long the whole takes.
				if want := (users/5 - 1) * time.Minute; test.served < users && longest != want {
					t.Errorf("the longest wait that is told is %s, want %s", longest, want)
				}
			})
		})
	}
}
