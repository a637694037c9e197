package provider_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// The session of an admin that is handed out first, at the start of a test's
// clock.
const (
	firstIssued  = "2026-03-04T05:06:07Z"
	firstExpires = "2026-03-04T07:06:07Z"
)

// wantToken fails the test unless the results are whole, of that source, and
// of an access token that the platform accepts. device is "" for an admin.
func (p *platform) wantToken(t *testing.T, got map[string]string, source, device string) {
	t.Helper()
	if !p.Accepts(got["access_token"]) {
		t.Error("the platform does not accept the token")
	}
	if got["authorization"] != "Bearer "+got["access_token"] {
		t.Error("authorization is not Bearer and the token")
	}
	if got["refresh_token"] == "" || got["refresh_token"] == got["access_token"] {
		t.Error("there is no refresh token")
	}
	if _, given := got["device_token"]; given != (device != "") || got["device_token"] != device {
		t.Errorf("device_token = %q (null: %t), want %q", got["device_token"], !given, device)
	}
	if got["source"] != source {
		t.Errorf("source = %q, want %q", got["source"], source)
	}
}

func TestEphemeral_AdminLogsInOnceAndReuses(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().onDisk()
	first := configured(t, p, env, nil).mustOpen(nil)
	p.wantToken(t, first, "logged_in", "")
	if first["issued_at"] != firstIssued || first["expires_at"] != firstExpires {
		t.Errorf("issued at %s, expires at %s, want %s and %s, in UTC", first["issued_at"], first["expires_at"], firstIssued, firstExpires)
	}
	p.clock.Advance(time.Hour)
	// Another run: a process of its own.
	again := configured(t, p, env, nil).mustOpen(nil)
	p.wantToken(t, again, "reused", "")
	again["source"] = first["source"]
	if !maps.Equal(first, again) {
		t.Errorf("the results of the next run differ in %v", differences(first, again))
	}
	p.wantIssued(t, 1, 0)
}

// differences names the keys whose values are not equal.
func differences(a, b map[string]string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if a[name] != b[name] {
			names = append(names, name)
		}
	}
	return names
}

func TestOpen_UsersOfTwoInstancesHaveTheirOwnTokens(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin().user(), nil)
	p.wantToken(t, c.mustOpen(nil), "logged_in", "")
	p.wantToken(t, c.mustOpen(config{"device_token": deviceToken}), "logged_in", deviceToken)
	other := config{"device_token": otherDevice, "instance_id": otherID, "instance_key": otherKey}
	p.wantToken(t, c.mustOpen(other), "logged_in", otherDevice)
	p.wantToken(t, c.mustOpen(other), "reused", otherDevice)
	p.wantIssued(t, 3, 0)
	sent := p.sent()
	for i, want := range []string{instanceID, instanceID, otherID} {
		if got := sent[i].header.Get("InstanceId"); got != want {
			t.Errorf("InstanceId of login %d = %q, want %q", i+1, got, want)
		}
	}
}

// A device token that came out empty does not turn into the admin's token. A value
// that is not known when the configuration is validated is looked at when the token
// is asked for, whatever the CLI has validated.
func TestOpen_ArgumentsThatDoNotFitAreAnError(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin().user(), nil)
	for _, test := range []struct {
		name string
		args config
		want said
	}{
		{"empty", config{"device_token": ""}, failure("device_token", "Empty device token", "an admin's token is not handed out in its place")},
		{"nothing but space", config{"device_token": "  "}, failure("device_token", "Empty device token")},
		{"empty beside admin", config{"device_token": "", "authorize_as": "admin"}, failure("device_token", "Empty device token")},
		{"of an admin", config{"device_token": deviceToken, "authorize_as": "admin"}, failure("device_token", "Device token of an admin")},
		{"missing for a user", config{"authorize_as": "user"}, failure("authorize_as", "Missing device token")},
		{"missing beside a key", config{"instance_key": instanceKey}, failure("instance_key", "Missing device token", `authorize_as = "admin"`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, got := range []diagnostics{c.validateEphemeral(test.args), c.open(test.args).diagnostics, c.validateData(test.args), c.read(test.args).diagnostics} {
				wantSaid(t, got.errors(), test.want)
			}
		})
	}
	p.wantIssued(t, 0, 0)
}

// No id has space around it; the configured text stays as it is.
func TestOpen_IDsAreTrimmed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).user(), config{"instance_id": "  " + instanceID, "instance_key": " " + instanceKey})
	opened := c.open(config{"device_token": " " + deviceToken + " ", "instance_id": instanceID + " ", "instance_key": instanceKey + " "})
	wantSaid(t, opened.diagnostics)
	p.wantToken(t, opened.results, "logged_in", " "+deviceToken+" ")
	if got := p.only(t).header.Get("InstanceId"); got != instanceID {
		t.Errorf("InstanceId = %q", got)
	}
	p.wantToken(t, c.mustOpen(config{"device_token": deviceToken, "min_lifetime": "119m"}), "reused", deviceToken)
	for _, attribute := range []string{"device_token", "instance_id"} {
		wantSaid(t, c.validateEphemeral(config{"device_token": deviceToken, attribute: " " + deviceToken}))
	}
}

func TestEphemeral_TokenLivesForMinLifetime(t *testing.T) {
	t.Parallel()
	// The platform's tokens live for two hours; what is opened after an hour
	// has one left.
	tests := []struct {
		name        string
		block, args config
		env         string
		source      string
	}{
		{name: "the default", source: "reused"},
		{name: "the argument asks for what is left", args: config{"min_lifetime": "1h"}, source: "reused"},
		{name: "the argument asks for more", args: config{"min_lifetime": "1h1s"}, source: "refreshed"},
		{name: "the provider asks for more", block: config{"session": config{"min_lifetime": "61m"}}, source: "refreshed"},
		{name: "the environment asks for more", env: "61m", source: "refreshed"},
		{name: "the argument wins over the provider",
			block: config{"session": config{"min_lifetime": "61m"}}, args: config{"min_lifetime": "0s"}, source: "reused",
		},
		{name: "an empty argument does not",
			block: config{"session": config{"min_lifetime": "61m"}}, args: config{"min_lifetime": ""}, source: "refreshed",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			// Two runs: in one, the same ask gets the same session.
			env := p.environment(t).admin().onDisk().with("TELEMATICS_SESSION_MIN_LIFETIME", test.env)
			first := configured(t, p, env, test.block).mustOpen(nil)
			p.clock.Advance(time.Hour)
			second := configured(t, p, env, test.block).mustOpen(test.args)
			p.wantToken(t, second, test.source, "")
			if same := first["access_token"] == second["access_token"]; same != (test.source == "reused") {
				t.Errorf("the token is the same: %t, though it was %s", same, test.source)
			}
			p.wantIssued(t, 1, len(p.sent())-1)
		})
	}
}

func TestOpen_MinLifetimePastTheTokensLifeIsWarnedOf(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	opened := c.open(config{"min_lifetime": "3h"})
	wantSaid(t, opened.diagnostics, warning("", "Token lives shorter than asked for",
		"ends at 2026-03-04T07:06:07Z, in 2h0m0s", "min_lifetime asks for 3h0m0s", "lower min_lifetime"))
	p.wantToken(t, opened.results, "logged_in", "")
}

func TestResume_ReusesElseRefreshesElseLogsIn(t *testing.T) {
	t.Parallel()
	spent := warning("", "Resumed session was refused", "a login was made, which may have revoked tokens issued before",
		"The refresh token was used before", "share no session store")
	tests := []struct {
		name string
		env  func(environment) environment // of the run that resumes
		age  time.Duration                 // of the session that is resumed
		// spend makes somebody else trade the session first.
		spend             bool
		want              []said
		source            string
		logins, refreshes int
	}{
		{name: "one that is still good is reused",
			env: environment.admin, source: "reused", logins: 1,
		},
		{name: "without credentials, too",
			env: environment.none, source: "reused", logins: 1,
		},
		{name: "one that has expired is refreshed",
			env: environment.admin, age: 3 * time.Hour, source: "refreshed", logins: 1, refreshes: 1,
		},
		{name: "without credentials, as well",
			env: environment.none, age: 3 * time.Hour, source: "refreshed", logins: 1, refreshes: 1,
		},
		{name: "one that is spent leads to a login, said in a warning",
			env: environment.admin, age: 3 * time.Hour, spend: true, want: []said{spent}, source: "logged_in", logins: 2, refreshes: 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			kept := configured(t, p, p.environment(t).admin(), nil).mustOpen(nil)
			resume := resuming(kept)
			p.clock.Advance(test.age)
			if test.spend {
				configured(t, p, p.environment(t), nil).mustOpen(resume)
			}
			// With a folder of its own, as on another machine.
			c := configured(t, p, test.env(p.environment(t)), nil)
			opened := c.open(resume)
			wantSaid(t, opened.diagnostics, test.want...)
			p.wantNoSecret(t, "the diagnostics", opened.diagnostics.String())
			p.wantToken(t, opened.results, test.source, "")
			if got := p.Counts(); got.LoggedIn != test.logins || got.Refreshed != test.refreshes {
				t.Errorf("%d logins and %d refreshes, want %d and %d", got.LoggedIn, got.Refreshed, test.logins, test.refreshes)
			}
			// The same pair resumed again hands out what it was traded for.
			before := p.Counts()
			again := c.mustOpen(resume)
			if again["access_token"] != opened.results["access_token"] || again["source"] != "reused" || p.Counts() != before {
				t.Errorf("resumed again, it is %s, and not the same without a request", again["source"])
			}
		})
	}
}

// resuming is a configuration that resumes a session.
func resuming(kept map[string]string) config {
	return config{"resume": config{"access_token": kept["access_token"], "refresh_token": kept["refresh_token"]}}
}

// none adds no credentials.
func (e environment) none() environment { return e }

func TestEphemeral_EmptyResumeIsNone(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	for _, resume := range []any{nil, config{}, config{"access_token": "", "refresh_token": ""}, config{"refresh_token": ""}} {
		c.mustOpen(config{"resume": resume})
	}
	p.wantIssued(t, 1, 0)
}

func TestResume_DeviceTokenIsAResult(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	kept := configured(t, p, p.environment(t).user(), nil).mustOpen(config{"device_token": deviceToken})
	p.clock.Advance(3 * time.Hour)
	got := configured(t, p, p.environment(t), nil).mustOpen(resuming(kept))
	p.wantToken(t, got, "refreshed", deviceToken)
}

func TestRenew_WarnsBeforeTheTokenEnds(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	tests := []struct {
		name     string
		lifetime time.Duration
		args     config
		asked    string
		lead     time.Duration
	}{
		{name: "a minute before", lifetime: 2 * time.Hour, asked: "15m0s", lead: time.Minute},
		{name: "with the argument", lifetime: 2 * time.Hour, args: config{"min_lifetime": "90m"}, asked: "1h30m0s", lead: time.Minute},
		{name: "half of what is left, if that is less", lifetime: 30 * time.Second, args: config{"min_lifetime": "0s"}, asked: "0s", lead: 15 * time.Second},
	}
	for _, test := range tests {
		// Not parallel: they share the platform's lifetime.
		t.Run(test.name, func(t *testing.T) {
			p.SetAccessTokenLifetime(test.lifetime)
			c := configured(t, p, p.environment(t).admin(), nil)
			opened := c.open(test.args)
			wantSaid(t, opened.diagnostics)
			end := startOfTests.Add(test.lifetime)
			if want := end.Add(-test.lead); !opened.renewAt.Equal(want) {
				t.Errorf("to be renewed at %s, want %s", opened.renewAt, want)
			}
			p.wantNoSecret(t, "the private data", string(opened.private))
			renewed := c.renew(opened)
			wantSaid(t, renewed.Diagnostics, warning("", "Access token is about to expire",
				"ends at "+end.Format(time.RFC3339), "Raise min_lifetime ("+test.asked+" now)"))
			if !renewed.RenewAt.IsZero() {
				t.Errorf("to be renewed again at %s: one warning is enough", renewed.RenewAt)
			}
		})
	}
}

func TestClose_TellsThatTheTokenEndedInMidRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		after time.Duration
		said  []said
	}{
		{name: "it lives", after: 2*time.Hour - time.Second},
		{name: "it has ended", after: 2 * time.Hour, said: []said{
			warning("", "Access token expired in mid-run", "ended at "+startOfTests.Add(2*time.Hour).Format(time.RFC3339), "Raise min_lifetime (15m0s now)"),
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			c := configured(t, p, p.environment(t).admin(), nil)
			opened := c.open(nil)
			wantSaid(t, opened.diagnostics)
			p.clock.Advance(test.after)
			wantSaid(t, c.close(opened).Diagnostics, test.said...)
		})
	}
}

// The times of a token that does not tell them are those of its answer
// (PLATFORM-API.md §5).
func TestOpen_OpaqueTokenHasTheTimesOfItsAnswer(t *testing.T) {
	t.Parallel()
	p := newPlatformWith(t, emulator.Options{OpaqueTokens: true, AccessTokenLifetime: 20 * time.Minute})
	got := configured(t, p, p.environment(t).admin(), nil).mustOpen(nil)
	p.wantToken(t, got, "logged_in", "")
	if got["issued_at"] != firstIssued || got["expires_at"] != "2026-03-04T05:26:07Z" {
		t.Errorf("issued at %s, expires at %s, want %s and 20 minutes later", got["issued_at"], got["expires_at"], firstIssued)
	}
	// Resumed, it does not tell how long it lives, and is refreshed.
	resumed := configured(t, p, p.environment(t), nil).mustOpen(resuming(got))
	p.wantToken(t, resumed, "refreshed", "")
}
