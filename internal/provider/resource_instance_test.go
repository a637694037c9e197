package provider_test

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

const upperInstanceID = "0A1B2C3D-0000-4000-8000-00000000F1EE"

// accountsEnvironment is that of an admin who manages applications and instances.
func accountsEnvironment(t *testing.T, p *platform) environment {
	t.Helper()
	return p.environment(t).admin().with("TELEMATICS_ACCOUNTS_URL", p.url)
}

// An id that is spelt in another way is the same: neither the attribute nor the
// identity, which must not change, depends on the spelling.
func TestInstance_PlanKeepsAnotherSpellingOfAnID(t *testing.T) {
	for _, test := range []struct {
		name        string
		application any
		want        string
		replaced    bool
	}{
		{"another case", "A9A9A9A9-0000-4000-8000-0000000000A9", emulator.ApplicationID, false},
		{"without dashes", "a9a9a9a90000400080000000000000a9", emulator.ApplicationID, false},
		{"another one", "b9b9b9b9-0000-4000-8000-0000000000b9", "b9b9b9b9-0000-4000-8000-0000000000b9", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlatform(t)
			c := configured(t, p, accountsEnvironment(t, p), nil)
			schema := c.schema.ResourceSchemas["telematics_instance"]
			state := config{
				"id": instanceID, "application_id": emulator.ApplicationID, "name": "Drivers", "description": "", "status": "Active",
				"company_id": emulator.CompanyID, "invite_code": "ABC", "key_version": "7",
			}
			wanted := maps.Clone(state)
			wanted["application_id"] = test.application
			response, err := c.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
				TypeName: "telematics_instance", PriorState: c.dynamic(schema, state),
				ProposedNewState: c.dynamic(schema, wanted),
				Config:           c.dynamic(schema, config{"application_id": test.application, "name": "Drivers"}),
			})
			planned := answered(c, response, err)
			wantSaid(t, planned.Diagnostics)
			if got := c.texts(schema, planned.PlannedState)["application_id"]; got != test.want || (len(planned.RequiresReplace) > 0) != test.replaced {
				t.Errorf("application_id is planned as %q, and replaces: %v", got, planned.RequiresReplace)
			}
		})
	}
}

// White space that the platform cuts off is no drift, and neither is another
// spelling of an id.
func TestInstance_ReadKeepsWhatIsTheSame(t *testing.T) {
	p := newPlatform(t)
	p.Change(func(o *emulator.Options) { o.TrimsTexts = true })
	p.AddInstance(emulator.Instance{ID: instanceID, Key: instanceKey, Name: " Drivers", Description: "one\r\ntwo\n"})
	c := configured(t, p, accountsEnvironment(t, p), nil)
	schema, state := c.schema.ResourceSchemas["telematics_instance"], config{"id": upperInstanceID, "application_id": emulator.ApplicationID}
	for _, test := range []struct{ name, description, wantName, wantDescription string }{
		{" Drivers", "one\r\ntwo\n", " Drivers", "one\r\ntwo\n"},
		{"Riders", "one two", "Drivers", "one\ntwo"},
	} {
		state["name"], state["description"] = test.name, test.description
		response, err := c.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: "telematics_instance", CurrentState: c.dynamic(schema, state),
		})
		read := answered(c, response, err)
		wantSaid(t, read.Diagnostics)
		got := c.texts(schema, read.NewState)
		if got["id"] != upperInstanceID || got["name"] != test.wantName || got["description"] != test.wantDescription {
			t.Errorf("of %+v was read %q", test, got)
		}
		identity, err := read.NewIdentity.IdentityData.Unmarshal(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"id": tftypes.String}})
		if err != nil {
			t.Fatal(err)
		}
		if want := `tftypes.Object["id":tftypes.String]<"id":tftypes.String<"` + instanceID + `">>`; identity.String() != want {
			t.Errorf("identity %s, want %s", identity, want)
		}
	}
}
