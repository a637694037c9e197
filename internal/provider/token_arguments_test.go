package provider_test

import "testing"

func TestArguments_AreValidatedOnTheirAttribute(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	const (
		access  = "an-access-token-of-some-kind"
		refresh = "a-refresh-token-of-some-kind"
		cutOff  = "5ec2e7ab-0000-4000-8000-00000000c0d"
	)
	noAccess := failure("resume.access_token", "Incomplete resume pair", "refresh_token without access_token", "Give both, or neither")
	noRefresh := failure("resume.refresh_token", "Incomplete resume pair", "access_token without refresh_token", "Give both, or neither")
	tests := []struct {
		name string
		user bool // there are the credentials of a user group
		args config
		want []said
	}{
		{name: "no arguments"},
		{name: "all null", args: config{"resume": config{}}},
		{name: "a user without a group", args: config{"device_token": deviceToken}},
		{name: "a user with empty texts for a group", args: config{"device_token": deviceToken, "instance_id": "", "instance_key": ""}},
		{name: "a user whose key is missing", args: config{"device_token": deviceToken, "instance_id": instanceID}},
		{name: "a user whose ID is missing", args: config{"device_token": deviceToken, "instance_key": instanceKey}},
		{name: "a user with the arguments' group", args: config{"device_token": deviceToken, "instance_id": instanceID, "instance_key": instanceKey}},
		{name: "a user with the provider's group", user: true, args: config{"device_token": deviceToken}},
		{name: "a user with a group not known yet", args: config{"device_token": deviceToken, "instance_id": unknown{}, "instance_key": unknown{}}},
		{name: "a user not known yet", args: config{"device_token": unknown{}}},
		{name: "an empty device token", args: config{"device_token": ""}, want: []said{failure("device_token", "Empty device token", "an admin's token is not handed out in its place")}},
		{name: "an instance key without a device token", args: config{"instance_key": instanceKey}, want: []said{failure("instance_key", "Missing device token", "an admin's token is not handed out in its place", `authorize_as = "admin"`)}},
		{name: "an instance key with a device token not known yet", args: config{"instance_key": instanceKey, "device_token": unknown{}}},
		{name: "an instance key of an admin, said outright", args: config{"instance_key": instanceKey, "authorize_as": "admin"}},
		{name: "an empty instance key", args: config{"instance_key": ""}},
		{name: "an admin with a device token", args: config{"authorize_as": "admin", "device_token": deviceToken}, want: []said{failure("device_token", "Device token of an admin")}},
		{name: "a user without a device token", args: config{"authorize_as": "user"}, want: []said{failure("authorize_as", "Missing device token")}},
		{name: "an admin, said outright", args: config{"authorize_as": "admin"}},
		{name: "neither", args: config{"authorize_as": "root"}, want: []said{failure("authorize_as", "Invalid authorize_as", `"root"`)}},

		{name: "resume with both", args: config{"resume": config{"access_token": access, "refresh_token": refresh}}},
		{name: "resume with empty texts", args: config{"resume": config{"access_token": "", "refresh_token": ""}}},
		{name: "resume with null and empty", args: config{"resume": config{"access_token": nil, "refresh_token": ""}}},
		{name: "resume without the access token", args: config{"resume": config{"refresh_token": refresh}}, want: []said{noAccess}},
		{name: "resume with an empty access token", args: config{"resume": config{"access_token": "", "refresh_token": refresh}}, want: []said{noAccess}},
		{name: "resume without the refresh token", args: config{"resume": config{"access_token": access}}, want: []said{noRefresh}},
		{name: "resume with an empty refresh token", args: config{"resume": config{"access_token": access, "refresh_token": ""}}, want: []said{noRefresh}},
		{name: "resume with one token not known yet", args: config{"resume": config{"access_token": access, "refresh_token": unknown{}}}},
		{name: "resume not known yet", args: config{"resume": unknown{}}},

		{name: "min_lifetime", args: config{"min_lifetime": "1h30m"}},
		{name: "min_lifetime of zero", args: config{"min_lifetime": "0s"}},
		{name: "min_lifetime that is empty", args: config{"min_lifetime": ""}},
		{name: "min_lifetime not known yet", args: config{"min_lifetime": unknown{}}},
		{name: "min_lifetime without a unit", args: config{"min_lifetime": "15"}, want: []said{failure("min_lifetime", "Invalid duration", `"15" is not a Go duration, such as 15m`)}},
		{name: "min_lifetime in days", args: config{"min_lifetime": "2d"}, want: []said{failure("min_lifetime", "Invalid duration", `"2d"`)}},
		{name: "min_lifetime below zero", args: config{"min_lifetime": "-1m"}, want: []said{failure("min_lifetime", "Negative duration", `"-1m" is negative`, "Use 0s")}},
		{name: "ids that are no UUIDs are warned of", args: config{"device_token": "me", "instance_id": "my-instance", "instance_key": cutOff}, want: []said{
			warning("device_token", "Unusual device_token", "UUIDs (8-4-4-4-12 hexadecimal digits)", "cut short"),
			warning("instance_id", "Unusual instance_id", "It is used as it is"),
			warning("instance_key", "Unusual instance_key"),
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			env := p.environment(t)
			if test.user {
				env = env.user()
			}
			c := start(t, env, p.clock.Now)
			for _, object := range []struct {
				name string
				got  diagnostics
			}{{"ephemeral", c.validateEphemeral(test.args)}, {"data", c.validateData(test.args)}} {
				// Attributes are validated in no order.
				wantSaid(t, object.got.byAttribute(), test.want...)
				p.wantNoSecret(t, object.name, object.got.String(), access, refresh, cutOff)
			}
		})
	}
}
