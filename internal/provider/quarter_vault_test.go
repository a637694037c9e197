//go:build vault

package provider_test

import (
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/vaulttest"
)

// A run an hour keeps a fresh token in a real Vault: it makes the refreshes
// that the lifetimes demand and no other, one login in all, and at every minute
// the token in Vault is accepted.
func TestVaultHoldsAFreshTokenForAQuarter(t *testing.T) {
	const quarter = 90 * 24 // runs, one an hour
	for _, test := range []struct {
		name                  string
		lifetime, minLifetime time.Duration
		runs                  int
		refreshes             int
	}{
		// The first run that finds less than two hours left is the 23rd.
		{"tokens of a day, a quarter", 24 * time.Hour, 2 * time.Hour, quarter, (quarter - 1) / 23},
		// Each run finds an hour left, which is too little.
		{"tokens of two hours, a week", 2 * time.Hour, 75 * time.Minute, 7 * 24, 7*24 - 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, err := vaulttest.Start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Stop)
			secrets := server.Root.KVv2("secret")

			p := newPlatformWith(t, emulator.Options{AccessTokenLifetime: test.lifetime})
			env := p.environment(t).admin().onDisk().with("TELEMATICS_SESSION_MIN_LIFETIME", test.minLifetime.String())
			var state int64 // the version that was written
			writes := 0
			for run := range test.runs {
				// Plan and apply are processes of their own.
				plan := configured(t, p, env, nil)
				version := plan.mustReadSession().version
				plan.mustOpen(nil)
				if version != state {
					token := configured(t, p, env, nil).mustOpen(nil)["access_token"]
					if _, err := secrets.Put(t.Context(), "telematics/admin", map[string]any{"access_token": token}); err != nil {
						t.Fatal(err)
					}
					state, writes = version, writes+1
				}
				stored, err := secrets.Get(t.Context(), "telematics/admin")
				if err != nil {
					t.Fatal(err)
				}
				for minute := range 60 {
					if token, _ := stored.Data["access_token"].(string); !p.Accepts(token) {
						t.Fatalf("the token in Vault is not accepted %d minutes after run %d", minute, run)
					}
					p.clock.Advance(time.Minute)
				}
			}
			p.wantIssued(t, 1, test.refreshes)
			if writes != 1+test.refreshes {
				t.Errorf("%d writes, want one for the login and one for each of %d refreshes", writes, test.refreshes)
			}
			t.Logf("%d runs: 1 login, %d refreshes, %d writes", test.runs, test.refreshes, writes)
		})
	}
}
