package userservice_test

import (
	"context"
	"net/http"
	"strings"
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

func TestPausesGrow(t *testing.T) {
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

// TestRetryAfter reads what the emulator is ordered to say, in both forms.
func TestRetryAfter(t *testing.T) {
	// The date is the platform's: its clock is wrong by an hour.
	const ahead = time.Hour
	tests := []struct {
		name  string
		value string
		wait  time.Duration
	}{
		{"seconds", "7", 7 * time.Second},
		{"zero", "0", 0},
		{"nothing to be read", "soon", 0},
		{"negative", "-7", 0},
		{"a fraction", "1.5", 0},
		{"an hour", "3600", time.Hour},
		{"absurdly long", "99999999999999999999", 7 * 24 * time.Hour},
		{"longer than a week", "1000000", 7 * 24 * time.Hour},
		{"a date", "DATE+9s", 9 * time.Second},
		{"a date that is past", "DATE-9s", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				c := newClient(platformInMemory(t, p), userservice.Config{})
				first := mustLogin(t, c)
				p.Advance(ahead)
				value := test.value
				if offset, isDate := strings.CutPrefix(value, "DATE"); isDate {
					d, err := time.ParseDuration(offset)
					if err != nil {
						t.Fatal(err)
					}
					value = p.Now().Add(d).UTC().Format(http.TimeFormat)
				}
				p.Inject(emulator.Login, emulator.StatusWithRetryAfter(429, value))
				_, err := login(t.Context(), c, admin())
				failed := failureOf(t, err)
				if wait, blocked := failed.Blocked(); wait != test.wait || !blocked || failed.Wait != test.wait {
					t.Errorf("Blocked = %s, %t, want %s and true", wait, blocked, test.wait)
				}
				if strings.Contains(err.Error(), "asking to wait") != (test.wait > 0) {
					t.Errorf("error %q", err)
				}

				// A refresh waits that long, if it is not too long.
				p.Inject(emulator.Refresh, emulator.StatusWithRetryAfter(429, value))
				started := time.Now()
				_, err = refresh(t.Context(), c, first)
				took := time.Since(started)
				if test.wait > 30*time.Second {
					if wait, _ := failureOf(t, err).Blocked(); wait != test.wait || took != 0 {
						t.Errorf("Blocked for %s after %s, want %s at once", wait, took, test.wait)
					}
					return
				}
				if err != nil || took < test.wait || took > test.wait+time.Second {
					t.Errorf("the refresh took %s, error %v, want to wait for %s", took, err, test.wait)
				}
			})
		})
	}
}

func TestRetryAfterADateWithoutADateOfTheAnswer(t *testing.T) {
	r := &reply{status: 429, header: map[string]string{"Retry-After": here.Add(90 * time.Second).Format(http.TimeFormat)}}
	// A part of a second counts as a whole one: too early is a login too many.
	c := newClient(r, userservice.Config{Now: func() time.Time { return here.Add(500 * time.Millisecond) }})
	_, err := login(t.Context(), c, admin())
	if wait, blocked := failureOf(t, err).Blocked(); wait != 90*time.Second || !blocked {
		t.Errorf("Blocked = %s, %t, want 90s", wait, blocked)
	}
}

// TestLoginLimit is the emulator's own block rather than an ordered one.
func TestLoginLimit(t *testing.T) {
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

// roundTripper is a function that sends requests.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoTimeForAnotherAttempt(t *testing.T) {
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
