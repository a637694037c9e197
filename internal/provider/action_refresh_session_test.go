package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// invoke invokes an action, and returns what it tells of its progress.
func (c *core) invoke(name string, block config) (progress string, said diagnostics) {
	c.t.Helper()
	schema := c.schema.ActionSchemas[name].Schema
	arguments := c.dynamic(schema, block)
	if block == nil { // as of an action without a config block
		null, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
		if err != nil {
			c.t.Fatal(err)
		}
		arguments = &null
	}
	stream, err := c.actions().InvokeAction(c.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: name, Config: arguments})
	if err != nil {
		c.t.Fatal(err)
	}
	for event := range stream.Events {
		switch is := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress += is.Message + "\n"
		case tfprotov6.CompletedInvokeActionEventType:
			said = append(said, is.Diagnostics...)
		default:
			c.t.Fatalf("an event of the type %T", is)
		}
	}
	return progress, said
}

func (c *core) actions() tfprotov6.ActionServer {
	c.t.Helper()
	server, is := c.server.(tfprotov6.ActionServer)
	if !is {
		c.t.Fatal("the provider has no actions")
	}
	return server
}

// wantTold fails the test unless the progress has all words, and no secret.
func wantTold(t *testing.T, p *platform, progress string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(progress, w) {
			t.Errorf("the progress %q does not say %q", progress, w)
		}
	}
	p.wantNoSecret(t, "progress", progress, adminEmail)
}

func TestRefreshSession_RefreshesWhatIsFresh(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().user().onDisk()
	c := configured(t, p, env, nil)
	admin, user := c.mustOpen(nil), c.mustOpen(config{"device_token": deviceToken})
	p.wantIssued(t, 2, 0)
	p.ResetCounts()
	p.clock.Advance(time.Minute)

	told, said := configured(t, p, env, nil).invoke("telematics_refresh_session", nil)
	wantSaid(t, said)
	wantTold(t, p, told, "session of the admin is refreshed", "ends at 2026-03-04T07:07:07Z")
	p.wantIssued(t, 0, 1)
	told, said = configured(t, p, env, nil).invoke("telematics_refresh_session", config{"device_token": deviceToken, "authorize_as": "user"})
	wantSaid(t, said)
	wantTold(t, p, told, "session of the user is refreshed")
	p.wantIssued(t, 0, 2)

	c = configured(t, p, env, nil)
	if again := c.mustOpen(nil); again["access_token"] == admin["access_token"] || !p.Accepts(again["access_token"]) {
		t.Error("the admin's token is not the new one")
	}
	if again := c.mustOpen(config{"device_token": deviceToken}); again["access_token"] == user["access_token"] || !p.Accepts(again["access_token"]) {
		t.Error("the user's token is not the new one")
	}
	p.wantIssued(t, 0, 2)
}

func TestRefreshSession_NeverLogsIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		hasStored bool
		faults    []emulator.Fault
		block     config // of the provider
		env       func(environment) environment
		args      config
		want      said
		refreshes int
	}{
		{name: "nothing is stored", want: failure("", "Session not refreshed", "nothing to refresh", "makes no login")},
		{name: "the refresh is refused", hasStored: true, faults: []emulator.Fault{emulator.Status(401)}, refreshes: 1, want: failure("", "Session not refreshed", "401", "spent, expired or revoked", "No login was made")},
		{name: "a page of HTML", hasStored: true, faults: []emulator.Fault{emulator.HTMLPage(200)}, refreshes: 1, want: failure("", "Session not refreshed", "The stored tokens were kept")},
		{name: "read-only", hasStored: true, block: config{"session": config{"read_only": true}}, want: failure("", "Session not refreshed", "read-only run", "TELEMATICS_SESSION_READ_ONLY")},
		{name: "told to renew by a login", hasStored: true, env: func(e environment) environment { return e.with("TELEMATICS_SESSION_RENEW", "login") }, faults: []emulator.Fault{emulator.Status(401)}, refreshes: 1, want: failure("", "Session not refreshed", "No login was made")},
		{name: "without credentials", env: func(e environment) environment { return e.with("TELEMATICS_PASSWORD", "") }, want: failure("", "Missing credentials", "TELEMATICS_PASSWORD")},
		{name: "an empty device token", hasStored: true, args: config{"device_token": ""}, want: failure("device_token", "Empty device token")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			env := p.environment(t).admin().onDisk()
			if test.hasStored {
				configured(t, p, env, nil).mustOpen(nil)
			}
			p.ResetCounts()
			if test.env != nil {
				env = test.env(env)
			}
			p.Inject(emulator.Refresh, test.faults...)
			told, said := configured(t, p, env, test.block).invoke("telematics_refresh_session", test.args)
			wantSaid(t, said, test.want)
			p.wantNoSecret(t, "error", said.String()+told)
			if got := p.Counts(); got.Login != 0 || got.Refresh != test.refreshes {
				t.Errorf("the platform was asked %+v, want no login and %d refreshes", got, test.refreshes)
			}
		})
	}
}

func TestForgetSession_DropsTheStoredSession(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().user().onDisk()
	c := configured(t, p, env, nil)
	c.mustOpen(nil)
	c.mustOpen(config{"device_token": deviceToken})
	p.wantIssued(t, 2, 0)
	p.ResetCounts()

	told, said := configured(t, p, env, nil).invoke("telematics_forget_session", config{"device_token": deviceToken})
	wantSaid(t, said)
	wantTold(t, p, told, "session of the user is forgotten", "logs in")
	told, said = configured(t, p, env, nil).invoke("telematics_forget_session", config{"device_token": deviceToken})
	wantSaid(t, said)
	wantTold(t, p, told, "No session", "was stored")
	p.wantIssued(t, 0, 0)

	// The admin's is still there.
	c = configured(t, p, env, nil)
	c.mustOpen(nil)
	p.wantIssued(t, 0, 0)
	c.mustOpen(config{"device_token": deviceToken})
	p.wantIssued(t, 1, 0)
}

func TestForgetSession_ReadOnlyForgetsNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().onDisk()
	configured(t, p, env, nil).mustOpen(nil)
	_, said := configured(t, p, env, config{"session": config{"read_only": true}}).invoke("telematics_forget_session", nil)
	wantSaid(t, said, failure("", "Session not forgotten", "read-only run"))
	configured(t, p, env, nil).mustOpen(nil)
	p.wantIssued(t, 1, 0)
}

// A plan file holds the arguments of an action.
func TestActions_TakeNoSecret(t *testing.T) {
	t.Parallel()
	for name, action := range start(t, environment{}, nil).schema.ActionSchemas {
		for path := range attributes(action.Schema) {
			if path != "device_token" && (strings.Contains(path, "key") || strings.Contains(path, "token") || strings.Contains(path, "password")) {
				t.Errorf("%s takes %s", name, path)
			}
		}
	}
}

func TestActions_ArgumentsAreValidated(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	const name = "telematics_refresh_session"
	tests := []struct {
		block config
		want  []said
	}{
		{config{}, nil},
		{config{"device_token": unknown{}}, nil},
		{config{"authorize_as": "admin", "device_token": deviceToken}, []said{failure("device_token", "Device token of an admin")}},
		{config{"authorize_as": "user"}, []said{failure("authorize_as", "Missing device token")}},
		{config{"device_token": ""}, []said{failure("device_token", "Empty device token")}},
	}
	for _, test := range tests {
		response, err := c.actions().ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{
			ActionType: name, Config: c.dynamic(c.schema.ActionSchemas[name].Schema, test.block),
		})
		wantSaid(t, answered(c, response, err).Diagnostics, test.want...)
	}
}
