package userservice_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// It does not bound the operation.
func TestRequestTimeout_BoundsEachRequest(t *testing.T) {
	tests := []struct {
		name    string
		timeout time.Duration
		each    time.Duration
		want    string
	}{
		{"as set", 2 * time.Second, 2 * time.Second, "no whole answer within 2s (request_timeout)"},
		{"by default", 0, 30 * time.Second, "no whole answer within 30s (request_timeout)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				always(p, emulator.Login, emulator.Hang())
				c := newClient(platformInMemory(t, p), userservice.Config{RequestTimeout: test.timeout})
				started := time.Now()
				_, err := login(t.Context(), c, admin())
				took := time.Since(started)
				failed := failureOf(t, err)
				if !errors.Is(err, context.DeadlineExceeded) || !failed.Temporary() || failed.Refused() || failed.Code() != 0 {
					t.Errorf("error = %+v, want a deadline that was exceeded", failed)
				}
				if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("error = %+v, want a timeout as net has it", failed)
				}
				contains(t, err.Error(), test.want, "(3 attempts)")
				if least, most := 3*test.each, 3*test.each+3*time.Second; took < least || took > most {
					t.Errorf("it took %s, want %s to %s", took, least, most)
				}
			})
		})
	}
}

// The context ends while the platform is silent, or before the request.
func TestContext_EndIsTheError(t *testing.T) {
	errStop := errors.New("the CLI asked to stop")
	afterFive := func(cancel func()) { time.AfterFunc(5*time.Second, cancel) }
	type contextOf func(context.Context) (context.Context, context.CancelFunc)
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		afterFive(cancel)
		return ctx, cancel
	}
	withCause := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		afterFive(func() { cancel(errStop) })
		return ctx, func() { cancel(nil) }
	}
	deadline := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 5*time.Second)
	}
	before := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	tests := []struct {
		name     string
		fault    emulator.Fault
		context  contextOf
		took     time.Duration
		requests int
		cause    error
		words    []string
	}{
		{"cancelled while it waits", emulator.Hang(), cancelled, 5 * time.Second, 1, context.Canceled, []string{"the operation was cancelled"}},
		{"for a reason", emulator.Hang(), withCause, 5 * time.Second, 1, errStop, []string{"the CLI asked to stop"}},
		{"deadline while it waits", emulator.Hang(), deadline, 5 * time.Second, 1, context.DeadlineExceeded, []string{"the operation's deadline passed at 2000-01-01T00:00:05Z"}},
		{"cancelled before", emulator.Status(503), before, 0, 0, context.Canceled, []string{"the operation was cancelled"}},
	}
	for _, test := range tests {
		for _, e := range []emulator.Endpoint{emulator.Login, emulator.Refresh} {
			t.Run(string(e)+" "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newPlatform()
					c := newClient(platformInMemory(t, p), userservice.Config{})
					first := mustLogin(t, c)
					p.ResetCounts()
					always(p, e, test.fault)
					ctx, cancel := test.context(t.Context())
					defer cancel()
					started := time.Now()
					var err error
					if e == emulator.Login {
						_, err = c.Authorizer(admin()).Login(ctx, session.FormObject)
					} else {
						_, err = c.Authorizer(admin()).Refresh(ctx, first)
					}
					if took := time.Since(started); took != test.took {
						t.Errorf("it took %s, want %s", took, test.took)
					}
					failed := failureOf(t, err, p.Secrets()...)
					if !errors.Is(err, test.cause) {
						t.Errorf("error = %+v, want %v", failed, test.cause)
					}
					contains(t, err.Error(), test.words...)
					if counts := p.Counts(); counts.Login+counts.Refresh != test.requests {
						t.Errorf("counts = %+v, want %d requests", counts, test.requests)
					}
				})
			})
		}
	}
}
