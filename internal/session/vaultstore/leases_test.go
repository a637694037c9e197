//go:build vault

package vaultstore_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

// brief is a lease's time in tests that see one end.
const brief = 2 * time.Second

// wantHeld checks that nobody else gets the lease for a time that is a lot
// longer than a lease.
func wantHeld(t *testing.T, store session.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*brief/2)
	defer cancel()
	lease, err := store.Acquire(ctx, admin)
	if err == nil {
		_ = lease.Release(t.Context())
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Acquire of what is held = %v, want context.DeadlineExceeded", err)
	}
}

// The lease of a process that lives does not.
func TestLease_OfAKilledProcessEndsWithItsTime(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	config.LeaseTime = brief
	store := open(t, config)
	save(t, store, admin, numbered(1))

	holder := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHolderProcess$")
	holder.Env = append(os.Environ(), holderVariable+"="+config.Prefix, "VAULT_ADDR="+server.Address)
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("the holder said %q, %v", line, err)
	}
	wantHeld(t, store)
	wantVersion(t, store, admin, 1)

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	killed := time.Now()
	lease := acquire(t, store, admin)
	waited := time.Since(killed)
	t.Logf("with a lease of %s, the next has one %s after the holder was killed", brief, waited.Round(time.Millisecond))
	if waited < brief {
		t.Errorf("the lease was taken %s after the holder was killed, want not before %s", waited, brief)
	}
	if err := errors.Join(lease.Save(t.Context(), numbered(2)), lease.Release(t.Context())); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, store, admin, 2)
}

// TestHolderProcess is the process that a test kills.
func TestHolderProcess(t *testing.T) {
	prefix := os.Getenv(holderVariable)
	if prefix == "" {
		t.Skip("it is a part of TestLease_OfAKilledProcessEndsWithItsTime")
	}
	acquire(t, open(t, vaultstore.Config{Prefix: prefix, LeaseTime: brief}), admin)
	if _, err := os.Stdout.WriteString("held\n"); err != nil {
		t.Fatal(err)
	}
	select {}
}

// The holder cannot renew its lease, so another takes it.
func TestLease_SlowHolderLosesItAndWritesNothing(t *testing.T) {
	server := vault(t)
	for _, test := range []struct {
		name string
		// released says whether the other has, before the slow one is back.
		released bool
	}{{"the other has stored and gone", true}, {"the other is at it", false}} {
		t.Run(test.name, func(t *testing.T) {
			config := server.config(t)
			config.LeaseTime = brief
			other := open(t, config)
			wire := newWire(t, server)
			config.Address = wire.address
			slow := open(t, config)

			held := acquire(t, slow, admin)
			wire.cut()
			taken := acquire(t, other, admin)
			if err := taken.Save(t.Context(), numbered(2)); err != nil {
				t.Fatal(err)
			}
			if test.released {
				if err := taken.Release(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			wire.mend()
			before, version := server.document(t, other)
			for range 2 {
				if err := held.Save(t.Context(), numbered(1)); !errors.Is(err, session.ErrLockLost) {
					t.Errorf("Save by the slow one = %v, want ErrLockLost", err)
				}
			}
			if got, err := held.Load(t.Context()); err != nil || got.Version != 2 {
				t.Errorf("Load by the slow one = %+v, %v, want what the other has stored", got, err)
			}
			if test.released {
				// The slow one wants a lease anew before it has released the
				// one that it lost.
				again := acquire(t, slow, admin)
				if err := errors.Join(again.Save(t.Context(), numbered(3)), again.Release(t.Context())); err != nil {
					t.Errorf("Save and Release with a new lease = %v", err)
				}
			} else if after, now := server.document(t, other); now != version && after["session"] != before["session"] {
				t.Errorf("the secret has changed from %v to %v", before, after)
			}
			if err := held.Release(t.Context()); err != nil {
				t.Errorf("Release of what was lost = %v", err)
			}
			if !test.released {
				if err := errors.Join(taken.Save(t.Context(), numbered(3)), taken.Release(t.Context())); err != nil {
					t.Errorf("Save and Release by the other = %v", err)
				}
			}
			wantVersion(t, slow, admin, 3)
		})
	}
}

// The other holder has stored an older session meanwhile.
func TestLease_SessionOfASlowHolderIsKeptIfNewer(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	store := open(t, config)
	login := func() {
		// Somebody takes the lease as if it had expired.
		server.do(t, http.MethodDelete, "secret/metadata/"+vaultstore.SecretPath(store, admin), nil)
		save(t, open(t, config), admin, numbered(1))
	}
	manager := session.NewManager(session.Config{Store: store})
	result, err := manager.Open(t.Context(), session.Request{Account: admin, Authorizer: loginOnly{meanwhile: login}})
	if err != nil || result.Source != session.LoggedIn || len(result.Notices) != 0 {
		t.Fatalf("Open = %+v, %v, want a login without notices", result, err)
	}
	if got, err := store.Load(t.Context(), admin); err != nil || !got.AccessToken.Equal(result.AccessToken) {
		t.Errorf("Load = %+v, %v, want the session of the login", got, err)
	}
}

// Long is by the server's clock. A lease that has not stood for that long is
// watched.
func TestLease_AbandonedForLongIsTakenAtOnce(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	wire := newWire(t, server)
	config.Address = wire.address
	acquire(t, open(t, config), admin)
	late := open(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	wire.setAhead(vaultstore.DefaultLeaseTime + 30*time.Second)
	if _, err := late.Acquire(ctx, admin); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Acquire = %v while the holder may live, want context.DeadlineExceeded", err)
	}
	wire.setAhead(vaultstore.DefaultLeaseTime + 2*time.Minute)
	wire.requests()
	lease := acquire(t, late, admin)
	if got := strings.Join(wire.requests(), " "); got != "GET PUT" {
		t.Errorf("Acquire of what was abandoned took %q, want no wait", got)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// A lease is measured by the clock of the process that waits, whatever its
// holder wrote.
func TestLease_ClocksOfOthersDoNotCount(t *testing.T) {
	server := vault(t)
	for _, test := range []struct {
		name string
		skew time.Duration
	}{{"ahead", 24 * time.Hour}, {"behind", -24 * time.Hour}} {
		t.Run(test.name, func(t *testing.T) {
			config := server.config(t)
			config.Now = func() time.Time { return time.Now().Add(test.skew) }
			acquire(t, open(t, config), admin)

			config.Now = nil
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := open(t, config).Acquire(ctx, admin); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Acquire of what is held = %v, want context.DeadlineExceeded", err)
			}
			// This clock goes on by ten seconds each time that it is read.
			var reads atomic.Int64
			began := time.Now()
			config.Now = func() time.Time { return began.Add(time.Duration(reads.Add(1)) * 10 * time.Second) }
			lease := acquire(t, open(t, config), admin)
			if n := reads.Load(); n < int64(vaultstore.DefaultLeaseTime/(10*time.Second)) {
				t.Errorf("the lease was taken when the clock had been read %d times, before it had expired", n)
			}
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLease_LongWaitIsToldOnce: the log tells what is waited for, once.
func TestLease_LongWaitIsToldOnce(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	held := acquire(t, open(t, config), admin)
	var (
		told *logText
		late atomic.Bool
	)
	wire := newWire(t, server)
	config.Address = wire.address
	config.Logger, told = logged()
	config.Now = func() time.Time {
		if late.Load() {
			return time.Now().Add(6 * time.Second)
		}
		return time.Now()
	}
	waiting := open(t, config)
	in := make(chan session.Lock)
	go func() {
		lease, _ := waiting.Acquire(t.Context(), admin)
		in <- lease
	}()
	polls := make(chan struct{})
	wire.each(func(*http.Request) fate {
		select {
		case polls <- struct{}{}:
		default:
		}
		return arrives
	})
	<-polls
	<-polls
	if got := told.String(); strings.Contains(got, "waiting") {
		t.Errorf("the log tells of a short wait: %s", got)
	}
	late.Store(true)
	for range 3 {
		<-polls
	}
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lease := <-in; lease == nil {
		t.Error("Acquire failed")
	} else if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
	got := told.String()
	if strings.Count(got, "level=INFO") != 1 || !strings.Contains(got, "waiting for another runner") || !strings.Contains(got, vaultstore.SecretPath(waiting, admin)) {
		t.Errorf("the log is %q, want the wait, once, with the path", got)
	}
	wantNoSecret(t, got)
}

func TestSave_WritePastAllLeasesIsNoticed(t *testing.T) {
	server := vault(t)
	store := open(t, server.config(t))
	lease := acquire(t, store, admin)
	data, err := vaultstore.Encode("", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	server.write(t, store, rawJSON(data))
	before, version := server.document(t, store)
	if err := lease.Save(t.Context(), numbered(1)); !errors.Is(err, session.ErrLockLost) {
		t.Errorf("Save = %v, want ErrLockLost", err)
	}
	if after, now := server.document(t, store); now != version || after["write"] != before["write"] {
		t.Errorf("version %d is %v, want version %d as it was", now, after, version)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Errorf("Release = %v", err)
	}
}
