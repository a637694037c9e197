package provider_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

const userName = "telematics_user"

// userState is the state of the test's user.
func userState() config {
	return config{
		"id": deviceToken, "device_token": deviceToken, "instance_id": instanceID, "enabled": true, "enable_tracking": false, "enable_logging": false,
		"enable_real_time_location": false, "deletion_policy": "DEACTIVATE", "created_at": "2026-03-04T05:06:07Z",
	}
}

// with returns a block with more attributes.
func (b config) with(more config) config {
	b = maps.Clone(b)
	maps.Copy(b, more)
	return b
}

// plan plans a user. A nil state is none, and so is a nil configuration.
func (c *core) planUser(state, block config, private []byte) *tfprotov6.PlanResourceChangeResponse {
	c.t.Helper()
	schema := c.schema.ResourceSchemas[userName]
	proposed := block
	if state != nil && block != nil {
		proposed = state.with(block)
	}
	response, err := c.server.PlanResourceChange(c.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: userName, PriorState: c.orNone(schema, state), ProposedNewState: c.orNone(schema, proposed), Config: c.orNone(schema, block),
		PriorPrivate: private,
	})
	return answered(c, response, err)
}

// orNone encodes a block, or that there is none.
func (c *core) orNone(schema *tfprotov6.Schema, block config) *tfprotov6.DynamicValue {
	c.t.Helper()
	if block != nil {
		return c.dynamic(schema, block)
	}
	none, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		c.t.Fatal(err)
	}
	return &none
}

// applyUser applies what was planned.
func (c *core) applyUser(ctx context.Context, state, block config, planned *tfprotov6.PlanResourceChangeResponse) *tfprotov6.ApplyResourceChangeResponse {
	c.t.Helper()
	schema := c.schema.ResourceSchemas[userName]
	response, err := c.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: userName, PriorState: c.orNone(schema, state), PlannedState: planned.PlannedState, Config: c.orNone(schema, block),
		PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	return answered(c, response, err)
}

func TestUser_AnotherSpellingOfAnIDChangesNothing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		change    config
		attribute string
		want      string
		replaced  bool
	}{
		{"the instance in another case", config{"instance_id": upperInstanceID}, "instance_id", instanceID, false},
		{"another instance", config{"instance_id": otherID}, "instance_id", otherID, false},
		{"the device token in another case", config{"device_token": strings.ToUpper(deviceToken)}, "device_token", deviceToken, false},
		{"another device token", config{"device_token": otherDevice}, "device_token", otherDevice, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			c := configured(t, p, accountsEnvironment(t, p), nil)
			planned := c.planUser(userState(), config{"instance_id": instanceID, "deletion_policy": "DEACTIVATE"}.with(test.change), nil)
			wantSaid(t, planned.Diagnostics)
			got := c.texts(c.schema.ResourceSchemas[userName], planned.PlannedState)[test.attribute]
			if got != test.want || (len(planned.RequiresReplace) > 0) != test.replaced {
				t.Errorf("%s is planned as %q, and replaces: %v", test.attribute, got, planned.RequiresReplace)
			}
		})
	}
}

// White space that the platform cuts off is no drift, and neither is null for what
// is empty or off.
func TestUser_ReadKeepsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.Change(func(o *emulator.Options) { o.TrimsTexts = true })
	p.ChangeUser(deviceToken, func(u *emulator.User) { u.FirstName, u.Nickname = "Zoë", "Zo" })
	c := configured(t, p, accountsEnvironment(t, p), nil)
	schema := c.schema.ResourceSchemas[userName]
	state := userState().with(config{
		"id": strings.ToUpper(deviceToken), "instance_id": upperInstanceID, "first_name": "Zoë\r\n", "last_name": "", "nickname": "Other", "phone": " ", "email": "gone@example.com",
	})
	response, err := c.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: userName, CurrentState: c.dynamic(schema, state)})
	read := answered(c, response, err)
	wantSaid(t, read.Diagnostics)
	got := c.texts(schema, read.NewState)
	for _, want := range []struct{ attribute, text string }{
		{"id", strings.ToUpper(deviceToken)}, {"instance_id", upperInstanceID}, {"first_name", "Zoë\r\n"}, {"last_name", ""}, {"nickname", "Zo"}, {"phone", " "},
		{"device_token", deviceToken}, {"deletion_policy", "DEACTIVATE"},
	} {
		if text, known := got[want.attribute]; !known || text != want.text {
			t.Errorf("%s was read as %q (%t), want %q", want.attribute, text, known, want.text)
		}
	}
	if email, known := got["email"]; known {
		t.Errorf("email was read as %q, want null", email)
	}
}

// A delete deletes what a plan has shown as a destroy. A replacement shows none: it
// is planned as a create, or the destroy is planned in the walk of the apply.
func TestUser_DeleteIsOnlyWhatAPlanHasShown(t *testing.T) {
	t.Parallel()
	state := userState().with(config{"deletion_policy": "DELETE"})
	for _, test := range []struct {
		name    string
		plan    func(plan, apply *core) *tfprotov6.PlanResourceChangeResponse
		deleted bool
	}{
		{"a destroy", func(plan, _ *core) *tfprotov6.PlanResourceChangeResponse { return plan.planUser(state, nil, nil) }, true},
		{"a destroy after one that has failed", func(plan, apply *core) *tfprotov6.PlanResourceChangeResponse {
			return plan.planUser(state, nil, apply.planUser(state, nil, nil).PlannedPrivate)
		}, true},
		{"a replacement", func(plan, _ *core) *tfprotov6.PlanResourceChangeResponse {
			block := config{"instance_id": instanceID, "device_token": otherDevice, "deletion_policy": "DELETE"}
			replacing := plan.planUser(state, block, plan.planUser(state, nil, nil).PlannedPrivate)
			made := plan.planUser(nil, block, replacing.PlannedPrivate)
			made.PlannedState = plan.orNone(plan.schema.ResourceSchemas[userName], nil)
			return made
		}, false},
		{"a replacement that creates first", func(_, apply *core) *tfprotov6.PlanResourceChangeResponse { return apply.planUser(state, nil, nil) }, false},
		{"no plan", func(plan, _ *core) *tfprotov6.PlanResourceChangeResponse {
			planned := plan.planUser(state, nil, nil)
			planned.PlannedPrivate = nil
			return planned
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			env := accountsEnvironment(t, p)
			apply := configured(t, p, env, nil)
			planned := test.plan(configured(t, p, env, nil), apply)
			applied := apply.applyUser(t.Context(), state, nil, planned)
			if test.deleted {
				wantSaid(t, applied.Diagnostics)
			} else {
				wantSaid(t, applied.Diagnostics, warning("", "User deactivated, not deleted", "a replacement deletes no trips"))
			}
			left := false
			for _, u := range p.RegisteredUsers() {
				if u.DeviceToken == deviceToken {
					left = true
					if !u.Inactive {
						t.Error("the user is active")
					}
				}
			}
			if left == test.deleted {
				t.Errorf("the user is left: %t, want %t", left, !test.deleted)
			}
		})
	}
}

func TestUser_FailuresShowNoSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		state, block config
		endpoint     emulator.Endpoint
		summary      string
	}{
		{"create", nil, config{"instance_id": instanceID, "device_token": "11111111-2222-4333-8444-555555555555"}, emulator.UserRegister, "User not created"},
		{"update", userState(), config{"instance_id": instanceID, "nickname": "n"}, emulator.UserUpdate, "User not updated"},
		{"move", userState(), config{"instance_id": otherID}, emulator.UserMove, "User not moved"},
		{"deactivate", userState(), nil, emulator.UserUpdate, "User not deactivated"},
		{"delete", userState().with(config{"deletion_policy": "DELETE"}), nil, emulator.UserDelete, "User not deleted"},
		{"find", nil, config{"instance_id": instanceID, "device_token": deviceToken}, emulator.UserFind, "User not created"},
		{"key", nil, config{"instance_id": instanceID}, emulator.InstanceGet, "User not created"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			env := accountsEnvironment(t, p)
			plan, apply := configured(t, p, env, nil), configured(t, p, env, nil)
			planned := plan.planUser(test.state, test.block, nil)
			p.InjectAlways(test.endpoint, emulator.Status(http.StatusUnprocessableEntity))
			log := &logged{}
			applied := apply.applyUser(log.context(t), test.state, test.block, planned)
			wantSaid(t, applied.Diagnostics, failure("", test.summary, "422"))
			p.wantNoSecret(t, "the error", diagnostics(applied.Diagnostics).String(), "11111111-2222-4333-8444-555555555555")
			p.wantNoSecret(t, "the log", log.String(), "11111111-2222-4333-8444-555555555555")
			if test.state != nil && applied.NewState != nil && apply.texts(apply.schema.ResourceSchemas[userName], applied.NewState)["instance_id"] != instanceID {
				t.Error("the state is not what it was")
			}
		})
	}
}

func TestUser_StateHoldsPersonalDataAndSaysSo(t *testing.T) {
	t.Parallel()
	schema := start(t, environment{}, nil).schema.ResourceSchemas[userName]
	if !strings.Contains(schema.Block.Description, "State holds personal data") {
		t.Errorf("the description is %q", schema.Block.Description)
	}
	for path, a := range attributes(schema) {
		if a.Required != (path == "instance_id") {
			t.Errorf("%s: required = %t", path, a.Required)
		}
	}
}
