package provider_test

import (
	"maps"
	"testing"
	"time"
)

// inState is the warning of the data source.
var inState = warning("", "Tokens are written into state",
	"stores the access token and the refresh token in state", `Use ephemeral "telematics_access_token" instead`, "Terraform 1.10 or OpenTofu 1.11")

func TestDataAccessToken_HasTheResultsOfTheEphemeral(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin().user(), nil)
	for _, test := range []struct {
		name string
		args config
	}{{"admin", nil}, {"user", config{"device_token": deviceToken}}} {
		opened := c.mustOpen(test.args)
		data := c.read(test.args)
		wantSaid(t, data.diagnostics, inState)
		opened["source"] = "reused"
		if !maps.Equal(opened, data.results) {
			t.Errorf("the results for %s differ in %v", test.name, differences(opened, data.results))
		}
		p.wantNoSecret(t, "the diagnostics", data.diagnostics.String())
	}
	p.wantIssued(t, 2, 0)
}

func TestDataAccessToken_RefreshesAndResumes(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	first := c.read(nil)
	p.clock.Advance(time.Hour)
	second := c.read(config{"min_lifetime": "90m"})
	wantSaid(t, second.diagnostics, inState)
	p.wantToken(t, second.results, "refreshed", "")
	resumed := configured(t, p, p.environment(t), nil).read(resuming(first.results))
	wantSaid(t, resumed.diagnostics, inState)
	p.wantToken(t, resumed.results, "reused", "")
	p.wantIssued(t, 1, 1)
}

func TestDataAccessToken_FailedReadGivesNoWarning(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	data := configured(t, p, p.environment(t), nil).read(nil)
	wantSaid(t, data.diagnostics, failure("", "Missing credentials"))
}
