package provider_test

import (
	"maps"
	"testing"
	"time"
)

func TestMissingCredentials_AreNamed(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	const (
		email    = "email (environment variable TELEMATICS_EMAIL)"
		password = "password (environment variable TELEMATICS_PASSWORD)"
		id       = "instance_id (environment variable TELEMATICS_INSTANCE_ID)"
		key      = "instance_key (environment variable TELEMATICS_INSTANCE_KEY)"
	)
	tests := []struct {
		name        string
		block, args config
		words       []string
	}{
		{name: "an admin", words: []string{
			"To authorize as an admin takes " + email + " and " + password + ".", "in the provider block or in the environment",
			"generated on the Management page of DataHub", "To authorize as a user instead, set device_token",
		}},
		{name: "an admin with empty texts", block: config{"email": "", "password": ""}, words: []string{email + " and " + password}},
		{name: "an admin's password", block: config{"email": adminEmail}, words: []string{"takes " + password + "."}},
		{name: "an admin's email", block: config{"password": adminPassword}, words: []string{"takes " + email + "."}},
		{name: "a user", args: config{"device_token": deviceToken}, words: []string{
			"To authorize as a user takes " + id + " and " + key + ".", "the id and key of the user's group",
		}},
		{name: "a user's key", args: config{"device_token": deviceToken, "instance_id": instanceID}, words: []string{"takes " + key + "."}},
		{name: "a user's ID", block: config{"instance_key": instanceKey}, args: config{"device_token": deviceToken}, words: []string{"takes " + id + "."}},
		{name: "an admin's, for those of a group", block: config{"instance_id": instanceID, "instance_key": instanceKey}, words: []string{"as an admin takes " + email}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := configured(t, p, p.environment(t), test.block)
			opened := c.open(test.args)
			wantSaid(t, opened.diagnostics, failure("", "Missing credentials", test.words...))
			p.wantNoSecret(t, "the diagnostics", opened.diagnostics.String())
			p.wantIssued(t, 0, 0)
		})
	}
}

// A session of somebody else's must not be taken for that of the account that
// was asked for, nor be kept as such.
func TestResume_SessionOfAnotherAccountIsAnError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		kept, asked config // arguments
		words       string
	}{
		{name: "another user", kept: config{"device_token": otherDevice, "instance_id": otherID, "instance_key": otherKey}, asked: config{"device_token": deviceToken}, words: "belongs to another device token"},
		{name: "an admin, while a user was asked for", kept: config{}, asked: config{"device_token": deviceToken}, words: "belongs to an admin"},
		{name: "a user, while the admin was asked for", kept: config{"device_token": deviceToken}, asked: config{}, words: "belongs to a user"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			kept := configured(t, p, p.environment(t).admin().user(), nil).mustOpen(test.kept)
			p.clock.Advance(3 * time.Hour)
			env := p.environment(t).admin().user().onDisk()
			asked := resuming(kept)
			maps.Copy(asked, test.asked)
			opened := configured(t, p, env, nil).open(asked)
			wantSaid(t, opened.diagnostics, failure("", "Session of somebody else", test.words))
			p.wantIssued(t, 1, 0) // nothing was spent
			p.wantNoSecret(t, "the diagnostics", opened.diagnostics.String())
			// Without resume, it is the right account's.
			own := configured(t, p, env, nil).mustOpen(test.asked)
			device, _ := test.asked["device_token"].(string)
			p.wantToken(t, own, "logged_in", device)
		})
	}
}
