//go:build vault

package vaultstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

// rawJSON is JSON as it is.
type rawJSON = json.RawMessage

// attempts is how often the client of Vault's sends a request that fails.
const attempts = 3

// A write whose answer was lost is recognised as one's own.
func TestNetwork_FaultsCostNothingButTime(t *testing.T) {
	server := vault(t)
	for _, test := range []struct {
		name   string
		method string
		what   fate
		times  int
	}{
		{"a read is lost", http.MethodGet, lost, 1},
		{"the answer to a read is lost", http.MethodGet, unanswered, 1},
		{"a write is lost", http.MethodPut, lost, 1},
		{"a write is lost for good", http.MethodPut, lost, attempts},
		{"the answer to a write is lost", http.MethodPut, unanswered, 1},
		{"the answers to all attempts of a write are lost", http.MethodPut, unanswered, attempts},
	} {
		for _, at := range []string{"Acquire", "Save", "Release"} {
			t.Run(test.name+" in "+at, func(t *testing.T) {
				config := server.config(t)
				wire := newWire(t, server)
				config.Address = wire.address
				store := open(t, config)
				save(t, store, admin, numbered(1))
				if at == "Acquire" {
					wire.next(test.method, test.times, test.what)
				}
				lease := acquire(t, store, admin)
				if at == "Save" {
					wire.next(test.method, test.times, test.what)
				}
				if err := lease.Save(t.Context(), numbered(2)); err != nil {
					t.Errorf("Save = %v", err)
				}
				if at == "Release" {
					wire.next(test.method, test.times, test.what)
				}
				if err := lease.Release(t.Context()); err != nil {
					t.Errorf("Release = %v", err)
				}
				wantVersion(t, store, admin, 2)
				if data, version := server.document(t, store); data["lease"] != nil || version != 6 {
					t.Errorf("version %d is %v, want version 6 without a lease: three for each lease", version, data)
				}
			})
		}
	}
}

// What does not come back is an error that says so, and the lease ends by
// itself.
func TestNetwork_CutLeavesTheOldSessionOrTheNew(t *testing.T) {
	server := vault(t)
	t.Setenv("VAULT_MAX_RETRIES", "0")
	for _, test := range []struct {
		name string
		cut  func(*wire)
		// during is where the cut is noticed.
		during string
		// after is the version that is stored then.
		after int64
	}{
		{"before Acquire", (*wire).cut, "Acquire", 1},
		{"when the lease was written", cutAfterWrite, "Acquire", 1},
		{"before Save", (*wire).cut, "Save", 1},
		{"when the session was written", cutAfterWrite, "Save", 2},
		{"before Release", (*wire).cut, "Release", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := server.config(t)
			// To the other, leases are over at first sight.
			later := newWire(t, server)
			later.setAhead(vaultstore.DefaultLeaseTime + time.Hour)
			config.Address = later.address
			other := open(t, config)
			save(t, other, admin, numbered(1))
			wire := newWire(t, server)
			config.Address = wire.address
			store := open(t, config)

			errs := map[string]error{}
			if test.during == "Acquire" {
				test.cut(wire)
			}
			lease, err := store.Acquire(t.Context(), admin)
			errs["Acquire"] = err
			if err == nil {
				if test.during == "Save" {
					test.cut(wire)
				}
				errs["Save"] = lease.Save(t.Context(), numbered(2))
				if test.during == "Release" {
					test.cut(wire)
				}
				errs["Release"] = lease.Release(t.Context())
			}
			wantReason(t, test.during, errs[test.during], vaultstore.Unreachable, wire.address)
			wantVersion(t, other, admin, test.after)
			save(t, other, admin, numbered(3))
			wantVersion(t, other, admin, 3)
		})
	}
}

// cutAfterWrite cuts the network when the next write has been done.
func cutAfterWrite(w *wire) {
	done := false
	w.each(func(r *http.Request) fate {
		switch {
		case done:
			return lost
		case r.Method == http.MethodPut:
			done = true
			return unanswered
		default:
			return arrives
		}
	})
}

func TestSave_ThatFailsIsRepeatedWithTheRenewal(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	wire := newWire(t, server)
	config.Address = wire.address
	store := open(t, config)
	lease := acquire(t, store, admin)
	wire.cut()
	wantReason(t, "Save", lease.Save(t.Context(), numbered(1)), vaultstore.Unreachable)
	wire.mend()
	if err := lease.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantVersion(t, store, admin, 1)
}

// It is given up while its lease is being written.
func TestAcquire_GivenUpLeavesNoLease(t *testing.T) {
	server := vault(t)
	config := server.config(t)
	wire := newWire(t, server)
	other := open(t, config)
	save(t, other, admin, numbered(1))
	config.Address = wire.address
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := make(chan struct{})
	wire.each(func(r *http.Request) fate {
		if r.Method == http.MethodPut {
			cancel()
			<-written
		}
		return arrives
	})
	_, err := open(t, config).Acquire(ctx, admin)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Acquire = %v, want context.Canceled", err)
	}
	close(written)
	// Far less than a lease's time.
	soon, giveUp := context.WithTimeout(t.Context(), vaultstore.DefaultLeaseTime/3)
	defer giveUp()
	for {
		lease, err := other.Acquire(soon, admin)
		if err != nil {
			t.Fatalf("Acquire = %v after the other has given up", err)
		}
		_, version := server.document(t, other)
		if err := lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if version > 5 { // after the two writes of the one that was given up
			break
		}
	}
}

// loginOnly is a platform that logs everybody in. It implements
// [session.Authorizer].
type loginOnly struct{ meanwhile func() }

// Refresh implements [session.Authorizer].
func (loginOnly) Refresh(context.Context, session.Session) (session.Answer, error) {
	return session.Answer{}, errors.New("there is nothing to refresh")
}

// Verify implements [session.Authorizer].
func (loginOnly) Verify(context.Context, session.Session) session.Verdict { return session.NotKnown }

// Login implements [session.Authorizer].
func (l loginOnly) Login(context.Context, session.LoginForm) (session.Answer, error) {
	if l.meanwhile != nil {
		l.meanwhile()
	}
	now := time.Now()
	return session.Answer{Session: session.Session{
		AccessToken:  secret.New("access-of-the-login"),
		RefreshToken: secret.New("refresh-of-the-login"),
		IssuedAt:     now,
		ExpiresAt:    now.Add(time.Hour),
	}}, nil
}
