package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// found is a result of a list resource.
type found struct {
	name     string
	identity map[string]any
	resource map[string]any // nil where it was not asked for
}

// ids are the ids in the identities of results, by the name of the attribute.
func ids(all []found, attribute string) []string {
	ids := []string{}
	for _, each := range all {
		id, _ := each.identity[attribute].(string)
		ids = append(ids, id)
	}
	return ids
}

// list evaluates a list resource.
func (c *core) list(name string, block config, includeResource bool, limit int64) (all []found, said diagnostics) {
	c.t.Helper()
	server, is := c.server.(tfprotov6.ListResourceServer)
	if !is {
		c.t.Fatal("the provider has no list resources")
	}
	stream, err := server.ListResource(c.t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: name, Config: c.dynamic(c.schema.ListResourceSchemas[name], block), IncludeResource: includeResource, Limit: limit,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	identities, err := c.server.GetResourceIdentitySchemas(c.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		c.t.Fatal(err)
	}
	object := func(encoded *tfprotov6.DynamicValue, kind tftypes.Type) map[string]any {
		value, err := encoded.Unmarshal(kind)
		if err != nil {
			c.t.Fatal(err)
		}
		plain, _ := c.plain(value).(map[string]any)
		return plain
	}
	for result := range stream.Results {
		said = append(said, result.Diagnostics...)
		if result.Identity == nil {
			continue
		}
		each := found{name: result.DisplayName, identity: object(result.Identity.IdentityData, identities.IdentitySchemas[name].ValueType())}
		if result.Resource != nil {
			each.resource = object(result.Resource, c.schema.ResourceSchemas[name].ValueType())
		}
		all = append(all, each)
	}
	return all, said
}

// validateList validates the configuration of a list resource.
func (c *core) validateList(name string, block config) diagnostics {
	c.t.Helper()
	server, is := c.server.(tfprotov6.ListResourceServer)
	if !is {
		c.t.Fatal("the provider has no list resources")
	}
	response, err := server.ValidateListResourceConfig(c.t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
		TypeName: name, Config: c.dynamic(c.schema.ListResourceSchemas[name], block),
	})
	return answered(c, response, err).Diagnostics
}

func TestApplicationList(t *testing.T) {
	t.Parallel()
	p := newPlatformWithObjects(t, emulator.Options{})
	c := configured(t, p, p.accountsEnvironment(t), nil)
	const company = emulator.CompanyID
	got, said := c.list("telematics_application", config{"company_id": company}, true, 100)
	wantSaid(t, said)
	wantSame(t, "ids", ids(got, "id"), []string{applicationA, emulator.ApplicationID, applicationB})
	last := got[2]
	wantSame(t, "name", last.name, "Fleet B")
	wantSame(t, "identity", last.identity, map[string]any{"company_id": company, "id": applicationB})
	wantSame(t, "resource", last.resource, map[string]any{
		"id": applicationB, "company_id": company, "name": "Fleet B", "description": "two\nlines", "status": "Active", "google_play_link": "https://play.example/b",
		"apple_store_link": "https://apps.example/b", "environment": "UAT", "allow_same_name": nil, "timeouts": nil,
	})

	tests := []struct {
		name  string
		block config
		limit int64
		want  []string
	}{
		{"only active ones", config{"company_id": company, "include_deactivated": false}, 100, []string{emulator.ApplicationID, applicationB}},
		{"no more than asked for", config{"company_id": company}, 2, []string{applicationA, emulator.ApplicationID}},
		{"no limit", config{"company_id": company}, 0, []string{applicationA, emulator.ApplicationID, applicationB}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, said := c.list("telematics_application", test.block, false, test.limit)
			wantSaid(t, said)
			wantSame(t, "ids", ids(got, "id"), test.want)
			if slices.ContainsFunc(got, func(f found) bool { return f.resource != nil }) {
				t.Error("the resource is in a result, and was not asked for")
			}
		})
	}

	_, said = c.list("telematics_application", config{"company_id": missingID}, false, 100)
	wantSaid(t, said, failure("", "Applications not listed", "403", `data "telematics_permissions"`))
}

// A warning of the token is told once, beside the results.
func TestApplicationList_TellsWarningsOfTheToken(t *testing.T) {
	t.Parallel()
	p := newPlatformWithObjects(t, emulator.Options{AdminForm: "string"})
	env := p.accountsEnvironment(t).with("TELEMATICS_LOGIN_FORMAT", "")
	for _, includeResource := range []bool{false, true} {
		state := t.TempDir()
		c := configured(t, p, env.with("TELEMATICS_SESSION_PATH", t.TempDir()).with("XDG_STATE_HOME", state).with("LocalAppData", state), nil)
		got, said := c.list("telematics_application", config{"company_id": emulator.CompanyID}, includeResource, 1)
		wantSaid(t, said, warning("", "Login was accepted in its other form", "login_format"))
		wantSame(t, "results", len(got), 1)
	}
}

func TestInstanceList(t *testing.T) {
	t.Parallel()
	p := newPlatformWithObjects(t, emulator.Options{})
	c := configured(t, p, p.accountsEnvironment(t), nil)
	tests := []struct {
		name  string
		block config
		want  []string
	}{
		{"of an application", config{"application_id": applicationB}, []string{instanceA, instanceB}},
		{"only active ones", config{"application_id": applicationB, "include_deactivated": false}, []string{instanceB}},
		{"of a company", config{"company_id": emulator.CompanyID}, []string{instanceID, otherID, instanceA, instanceB}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, said := c.list("telematics_instance", test.block, false, 100)
			wantSaid(t, said)
			wantSame(t, "ids", ids(got, "id"), test.want)
		})
	}

	got, said := c.list("telematics_instance", config{"application_id": applicationB}, true, 100)
	wantSaid(t, said)
	resource := got[1].resource
	wantSame(t, "resource", resource, map[string]any{
		"id": instanceB, "application_id": applicationB, "company_id": emulator.CompanyID, "name": "Drivers", "description": "", "status": "Active",
		"invite_code": "ABC123", "key_version": resource["key_version"], "allow_same_name": nil, "timeouts": nil,
	})
	if got[1].name != "Drivers" || resource["key_version"] == nil {
		t.Errorf("name = %q, key_version = %v", got[1].name, resource["key_version"])
	}
}

func TestInstanceList_TakesOneScope(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	tests := []struct {
		name  string
		block config
		ok    bool
	}{
		{"application", config{"application_id": applicationB}, true},
		{"company", config{"company_id": emulator.CompanyID}, true},
		{"both", config{"application_id": applicationB, "company_id": emulator.CompanyID}, false},
		{"none", config{}, false},
		{"not known yet", config{"application_id": unknown{}}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := c.validateList("telematics_instance", test.block)
			if ok := len(got.errors()) == 0; ok != test.ok {
				t.Errorf("valid = %t, want %t: %v", ok, test.ok, got)
			}
			if !test.ok && !strings.Contains(got.String(), "[application_id,company_id]") {
				t.Errorf("%v does not name both", got)
			}
		})
	}
}
