package provider_test

import (
	"strings"
	"testing"
	"time"
)

func TestConfigure_SendsNothingAndNeedsNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := start(t, p.environment(t), p.clock.Now)
	wantSaid(t, c.validateProvider(nil))
	wantSaid(t, c.configure(nil))
	if sent := p.sent(); len(sent) != 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}

func TestConfigure_UserAgentHasBothVersions(t *testing.T) {
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

// Credentials are asked for when a token is: a configuration that opens none
// needs none.
func TestValidate_NeedsNoCredentials(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := start(t, p.environment(t), p.clock.Now)
	wantSaid(t, c.validateProvider(nil))
	wantSaid(t, c.validateEphemeral(config{"device_token": deviceToken}))
	wantSaid(t, c.validateData(config{"device_token": deviceToken}))
}
