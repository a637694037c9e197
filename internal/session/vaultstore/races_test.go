//go:build vault

package vaultstore_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// A fleet is runners with one account and one Vault, and nothing else in common.
type fleet struct {
	platform *emulator.Platform
	base     *url.URL
	config   vaultstore.Config
	ahead    atomic.Int64
}

func newFleet(t *testing.T, server *server) *fleet {
	t.Helper()
	f := &fleet{config: server.config(t)}
	f.platform = emulator.New(emulator.Options{Now: f.now})
	f.platform.AddAdmin(emulator.Admin{Email: admin.Login, Password: admin.Password.Reveal()})
	service := httptest.NewServer(f.platform)
	t.Cleanup(service.Close)
	t.Cleanup(f.platform.Close)
	var err error
	if f.base, err = url.Parse(service.URL); err != nil {
		t.Fatal(err)
	}
	return f
}

// now is the time of the runners and of the platform.
func (f *fleet) now() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }

// open is one run of a runner, with a process of its own.
func (f *fleet) open(t *testing.T) (session.Result, error) {
	t.Helper()
	store, err := vaultstore.Open(f.config)
	if err != nil {
		return session.Result{}, err
	}
	manager := session.NewManager(session.Config{Store: store, Now: f.now})
	client := userservice.New(userservice.Config{BaseURL: f.base, Now: f.now})
	credentials := userservice.Credentials{Email: admin.Login, Password: admin.Password}
	return manager.Open(t.Context(), session.Request{
		Account: credentials.Account(f.base), Authorizer: client.Authorizer(credentials), MinLifetime: 15 * time.Minute,
	})
}

// race lets n runners go at the same moment and returns the token that all of
// them have at the end.
func (f *fleet) race(t *testing.T, n int) secret.String {
	t.Helper()
	var (
		runners sync.WaitGroup
		start   = make(chan struct{})
		results = make([]session.Result, n)
	)
	for i := range results {
		runners.Go(func() {
			<-start
			var err error
			if results[i], err = f.open(t); err != nil {
				t.Errorf("runner %d: %v", i, err)
			}
		})
	}
	began := time.Now()
	close(start)
	runners.Wait()
	t.Logf("%d runners took %s", n, time.Since(began).Round(time.Millisecond))
	for i, result := range results {
		if !result.AccessToken.Equal(results[0].AccessToken) || result.Version != results[0].Version || len(result.Notices) != 0 {
			t.Errorf("runner %d has version %d with the notices %+v, want what the others have", i, result.Version, result.Notices)
		}
	}
	if !f.platform.Accepts(results[0].AccessToken.Reveal()) {
		t.Error("the platform does not accept the token that the runners have")
	}
	return results[0].AccessToken
}

// Runners that start at the same moment log in and refresh no more often than
// they must, and use no refresh token twice.
func TestRaces_EndWithOneSession(t *testing.T) {
	server := vault(t)
	for _, n := range []int{2, 5, 20} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFleet(t, server)
			t.Log("nothing stored")
			first := f.race(t, n)
			if got, want := f.platform.Counts(), (emulator.Counts{Login: 1, LoggedIn: 1}); got != want {
				t.Errorf("with nothing stored the platform was asked %+v, want %+v", got, want)
			}
			for round := range 3 {
				f.ahead.Add(int64(3 * time.Hour))
				f.platform.ResetCounts()
				t.Log("stale")
				next := f.race(t, n)
				if got, want := f.platform.Counts(), (emulator.Counts{Refresh: 1, Refreshed: 1}); got != want {
					t.Errorf("round %d, with a stale session stored the platform was asked %+v, want %+v", round, got, want)
				}
				if next.Equal(first) {
					t.Error("the token is still the stale one")
				}
				first = next
			}
			f.platform.ResetCounts()
			t.Log("fresh")
			if !f.race(t, n).Equal(first) || f.platform.Counts() != (emulator.Counts{}) {
				t.Errorf("with a fresh session stored the platform was asked %+v, want nothing", f.platform.Counts())
			}
			store := open(t, f.config)
			account := admin
			account.UserServiceURL = f.base.String()
			if data, _ := server.documentOf(t, store, account); data["lease"] != nil {
				t.Errorf("the secret holds %v, want no lease when all have gone", data)
			}
		})
	}
}
