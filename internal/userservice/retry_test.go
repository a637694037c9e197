package userservice_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// always is a fault that happens to every request of an operation.
func always(p *emulator.Platform, e emulator.Endpoint, fault emulator.Fault) {
	p.Inject(e, fault, fault, fault, fault, fault, fault)
}

func TestRetry_PausesGrow(t *testing.T) {
	// Each pause is within half of its middle; the middles double.
	const refreshLeast, refreshMost = (500 + 1000 + 2000) / 2 * time.Millisecond, (500 + 1000 + 2000) * 3 / 2 * time.Millisecond
	const loginLeast, loginMost = (500 + 1000) / 2 * time.Millisecond, (500 + 1000) * 3 / 2 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		c := newClient(platformInMemory(t, p), userservice.Config{})
		first := mustLogin(t, c)
		always(p, emulator.Refresh, emulator.Status(503))
		always(p, emulator.Login, emulator.Status(503))

		started := time.Now()
		_, err := refresh(t.Context(), c, first)
		mustFail(t, err)
		if took := time.Since(started); took < refreshLeast || took > refreshMost {
			t.Errorf("four attempts of a refresh took %s, want %s to %s", took, refreshLeast, refreshMost)
		}
		contains(t, err.Error(), "(4 attempts)")

		started = time.Now()
		_, err = login(t.Context(), c, admin())
		mustFail(t, err)
		if took := time.Since(started); took < loginLeast || took > loginMost {
			t.Errorf("three attempts of a login took %s, want %s to %s", took, loginLeast, loginMost)
		}
		contains(t, err.Error(), "(3 attempts)")
	})
}

// TestRefresh_WaitsAsLongAsThePlatformAsks, if that is not too long.
func TestRefresh_WaitsAsLongAsThePlatformAsks(t *testing.T) {
	for _, test := range []struct {
		asks string
		took time.Duration
		sent int
	}{{"7", 7 * time.Second, 2}, {"3600", 0, 1}} {
		t.Run(test.asks, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				c := newClient(platformInMemory(t, p), userservice.Config{})
				first := mustLogin(t, c)
				p.Inject(emulator.Refresh, emulator.StatusWithRetryAfter(429, test.asks))
				started := time.Now()
				_, err := refresh(t.Context(), c, first)
				if took := time.Since(started); took < test.took || took > test.took+time.Second || p.Counts().Refresh != test.sent {
					t.Errorf("it took %s and %d requests, want %s and %d: %v", took, p.Counts().Refresh, test.took, test.sent, err)
				}
				if (err == nil) != (test.sent == 2) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// The emulator blocks by its own limit.
func TestLogin_BlockTellsHowLong(t *testing.T) {
	for _, test := range []struct {
		name string
		omit bool
	}{{"with Retry-After", false}, {"without", true}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := emulator.New(emulator.Options{OmitRetryAfter: test.omit})
				p.AddAdmin(emulator.Admin{Email: email, Password: password})
				c := newClient(platformInMemory(t, p), userservice.Config{})
				for range 5 {
					mustLogin(t, c)
				}
				_, err := login(t.Context(), c, admin())
				want := time.Hour
				if test.omit {
					want = 0
				}
				failed := failureOf(t, err)
				if wait, blocked := failed.Blocked(); wait != want || !blocked || failed.Refused() || !failed.Temporary() {
					t.Errorf("Blocked = %s, %t, want %s", wait, blocked, want)
				}
				if counts := p.Counts(); counts.Login != 6 {
					t.Errorf("counts = %+v, want 6 logins: none is sent again", counts)
				}
			})
		})
	}
}

func TestRetry_NoTimeForAnotherAttemptIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		c := newClient(platformInMemory(t, p), userservice.Config{})
		first := mustLogin(t, c)
		always(p, emulator.Refresh, emulator.StatusWithRetryAfter(503, "20"))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		started := time.Now()
		_, err := refresh(ctx, c, first)
		failed := failureOf(t, err)
		if took := time.Since(started); took != 0 || attempts(err) != 1 || failed.Code() != 503 {
			t.Errorf("it ended after %s and %d attempts: %v", took, attempts(err), err)
		}
		contains(t, err.Error(), "HTTP 503", "there is no time for another attempt before the operation's deadline at 2000-01-01T00:00:20Z")

		// What was wrong before is told as well.
		always(p, emulator.Login, emulator.HTMLPage(502))
		soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = login(soon, c, admin())
		mustFail(t, err)
		contains(t, err.Error(), "HTTP 502", "answered with a web page", "; there is no time for another attempt")
	})
}
