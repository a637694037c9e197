package provider_test

import (
	"strings"
	"testing"
	"time"
)

func TestConfigureSendsNothingAndNeedsNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := start(t, p.environment(t), p.clock.Now)
	wantSaid(t, c.validateProvider(nil))
	wantSaid(t, c.configure(nil))
	if sent := p.sent(); len(sent) != 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}

func TestUserAgentHasBothVersions(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	c.mustOpen(nil)
	p.clock.Advance(3 * time.Hour)
	c.mustOpen(nil)
	sent := p.sent()
	if len(sent) != 2 || !strings.HasSuffix(sent[1].path, "RefreshToken") {
		t.Fatalf("requests = %v, want a login and a refresh", sent)
	}
	for _, r := range sent {
		if got, want := r.header.Get("User-Agent"), "terraform-provider-telematics/1.2.3 Terraform/"+cliVersion; got != want {
			t.Errorf("User-Agent of %s = %q, want %q", r.path, got, want)
		}
	}
}

// The objects are validated before the provider is configured, and without a
// provider block nothing is validated before them.
func TestObjectsAreValidatedWithWhatTheProviderHas(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	tests := []struct {
		name  string
		env   environment
		block config // nil: there is none
		want  []said
	}{
		{name: "nothing", env: p.environment(t), want: []said{
			failure("device_token", "Missing instance key"), failure("device_token", "Missing instance ID"),
		}},
		{name: "the environment, no block", env: p.environment(t).user()},
		{name: "the block", env: p.environment(t), block: config{"instance_id": instanceID, "instance_key": instanceKey}},
		{name: "an empty block", env: p.environment(t).user(), block: config{}},
		{name: "a block of unknown values", env: p.environment(t), block: config{"instance_id": unknown{}, "instance_key": unknown{}}},
		{name: "a key, but no ID, anywhere", env: p.environment(t), block: config{"instance_key": instanceKey}, want: []said{failure("device_token", "Missing instance ID")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, test.env, p.clock.Now)
			if test.block != nil {
				wantSaid(t, c.validateProvider(test.block))
			}
			wantSaid(t, c.validateEphemeral(config{"device_token": deviceToken}), test.want...)
			wantSaid(t, c.validateData(config{"device_token": deviceToken}), test.want...)
		})
	}
}
