package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// RunLedger checks a ledger. The handles that open returns share their
// storage, as those of [Run] do.
func RunLedger(t *testing.T, open func(t *testing.T) session.Ledger) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, func(*testing.T) session.Ledger)
	}{
		{"what one handle writes another reads", writtenIsRead},
		{"a failed change writes nothing", failedChange},
		{"platforms are kept apart", platformsApart},
		{"one change at a time", oneChange},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// RunUnreadableLedger checks that a ledger whose entry was damaged says so once.
// The function damages the entry of a platform as it is stored.
func RunUnreadableLedger(t *testing.T, open func(t *testing.T) session.Ledger, damage func(t *testing.T, platform string)) {
	t.Helper()
	one, other, platform := open(t), open(t), newPlatform(t)
	update(t, one, platform, func(e *session.LedgerEntry) error {
		e.Logins = []time.Time{epoch}
		return nil
	})
	damage(t, platform)
	for _, unchanged := range []error{errors.New("changed its mind"), nil} {
		err := other.Update(t.Context(), platform, func(e *session.LedgerEntry) error {
			if !e.Unreadable || len(e.Logins) != 0 {
				t.Errorf("the entry is %+v, want it unreadable", *e)
			}
			e.Unreadable = false
			return unchanged
		})
		if !errors.Is(err, unchanged) {
			t.Errorf("Update = %v, want %v", err, unchanged)
		}
	}
	update(t, one, platform, func(e *session.LedgerEntry) error {
		if e.Unreadable {
			t.Error("the entry is unreadable although it was written anew")
		}
		return nil
	})
	wantEntry(t, one, platform, session.LedgerEntry{})
}

func writtenIsRead(t *testing.T, open func(*testing.T) session.Ledger) {
	one, other, platform := open(t), open(t), newPlatform(t)
	wantEntry(t, one, platform, session.LedgerEntry{})
	written := session.LedgerEntry{
		Logins:       []time.Time{epoch, epoch.Add(123456789), epoch.Add(time.Hour).In(time.FixedZone("", 3600))},
		FullAt:       epoch.Add(time.Second),
		Sightings:    []session.Sighting{{Of: epoch, At: epoch.Add(time.Minute + 1)}},
		BlockedAt:    epoch.Add(time.Minute),
		BlockedUntil: epoch.Add(time.Hour + 1),
	}
	update(t, one, platform, func(e *session.LedgerEntry) error { *e = written; return nil })
	wantEntry(t, one, platform, written)
	wantEntry(t, other, platform, written)
	update(t, other, platform, func(e *session.LedgerEntry) error { *e = session.LedgerEntry{}; return nil })
	wantEntry(t, one, platform, session.LedgerEntry{})
}

func failedChange(t *testing.T, open func(*testing.T) session.Ledger) {
	one, other, platform := open(t), open(t), newPlatform(t)
	before := session.LedgerEntry{Logins: []time.Time{epoch}}
	update(t, one, platform, func(e *session.LedgerEntry) error { *e = before; return nil })
	errChange := errors.New("changed its mind")
	err := other.Update(t.Context(), platform, func(e *session.LedgerEntry) error {
		e.Logins[0] = epoch.Add(time.Hour)
		e.Logins = append(e.Logins, epoch)
		e.BlockedUntil = epoch
		return errChange
	})
	if !errors.Is(err, errChange) {
		t.Errorf("Update = %v, want the error of the change", err)
	}
	wantEntry(t, one, platform, before)
	wantEntry(t, other, platform, before)
}

func platformsApart(t *testing.T, open func(*testing.T) session.Ledger) {
	ledger := open(t)
	for i := range 3 {
		update(t, ledger, newPlatform(t)+fmt.Sprint(i), func(e *session.LedgerEntry) error {
			e.Logins = append(e.Logins, epoch.Add(time.Duration(i)))
			return nil
		})
	}
	for i := range 3 {
		wantEntry(t, ledger, newPlatform(t)+fmt.Sprint(i), session.LedgerEntry{Logins: []time.Time{epoch.Add(time.Duration(i))}})
	}
}

// oneChange counts in the ledger: without exclusion, counts are lost.
func oneChange(t *testing.T, open func(*testing.T) session.Ledger) {
	const goroutines, rounds = 4, 5
	handles := []session.Ledger{open(t), open(t)}
	platform := newPlatform(t)
	var callers sync.WaitGroup
	for _, ledger := range handles {
		for range goroutines {
			callers.Go(func() {
				for range rounds {
					update(t, ledger, platform, func(e *session.LedgerEntry) error {
						e.Logins = append(e.Logins, epoch)
						return nil
					})
				}
			})
		}
	}
	callers.Wait()
	update(t, handles[0], platform, func(e *session.LedgerEntry) error {
		if want := len(handles) * goroutines * rounds; len(e.Logins) != want {
			t.Errorf("%d changes are left, want %d", len(e.Logins), want)
		}
		return nil
	})
}

// newPlatform returns a URL that no other test has.
func newPlatform(t *testing.T) string {
	t.Helper()
	return "https://user.storetest.example/" + t.Name()
}

func update(t *testing.T, ledger session.Ledger, platform string, change func(*session.LedgerEntry) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := ledger.Update(ctx, platform, change); err != nil {
		t.Errorf("Update: %v", err)
	}
}

func wantEntry(t *testing.T, ledger session.Ledger, platform string, want session.LedgerEntry) {
	t.Helper()
	update(t, ledger, platform, func(got *session.LedgerEntry) error {
		same := len(got.Logins) == len(want.Logins) && got.BlockedAt.Equal(want.BlockedAt) && got.BlockedUntil.Equal(want.BlockedUntil) &&
			got.FullAt.Equal(want.FullAt)
		same = same && len(got.Sightings) == len(want.Sightings)
		for i := range want.Sightings {
			same = same && got.Sightings[i].Of.Equal(want.Sightings[i].Of) && got.Sightings[i].At.Equal(want.Sightings[i].At)
		}
		for i := range want.Logins {
			same = same && got.Logins[i].Equal(want.Logins[i])
		}
		if !same {
			t.Errorf("the entry is %+v, want %+v", *got, want)
		}
		return nil
	})
}
