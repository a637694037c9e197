package provider_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/telematics-tools/terraform-provider-telematics/internal/provider"
)

func TestSchemas_AreValid(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	valid := func(name string, diags diag.Diagnostics) {
		t.Helper()
		for _, d := range diags {
			t.Errorf("%s: %s: %s", name, d.Summary(), d.Detail())
		}
	}
	p := provider.New("1.2.3", provider.Options{Getenv: environment{}.get})()
	var block framework.SchemaResponse
	p.Schema(ctx, framework.SchemaRequest{}, &block)
	valid("provider", block.Schema.ValidateImplementation(ctx))

	for _, object := range p.DataSources(ctx) {
		var schema datasource.SchemaResponse
		object().Schema(ctx, datasource.SchemaRequest{}, &schema)
		valid("data", schema.Schema.ValidateImplementation(ctx))
	}
	withEphemeral, ok := p.(framework.ProviderWithEphemeralResources)
	if !ok {
		t.Fatal("there are no ephemeral resources")
	}
	for _, object := range withEphemeral.EphemeralResources(ctx) {
		var schema ephemeral.SchemaResponse
		object().Schema(ctx, ephemeral.SchemaRequest{}, &schema)
		valid("ephemeral", schema.Schema.ValidateImplementation(ctx))
	}
	withLists, ok := p.(framework.ProviderWithListResources)
	if !ok {
		t.Fatal("there are no list resources")
	}
	for _, object := range withLists.ListResources(ctx) {
		var schema list.ListResourceSchemaResponse
		object().ListResourceConfigSchema(ctx, list.ListResourceSchemaRequest{}, &schema)
		valid("list", schema.Schema.ValidateImplementation(ctx))
	}
	withActions, ok := p.(framework.ProviderWithActions)
	if !ok {
		t.Fatal("there are no actions")
	}
	for _, object := range withActions.Actions(ctx) {
		var schema action.SchemaResponse
		object().Schema(ctx, action.SchemaRequest{}, &schema)
		valid("action", schema.Schema.ValidateImplementation(ctx))
	}
	withFunctions, ok := p.(framework.ProviderWithFunctions)
	if !ok {
		t.Fatal("there are no functions")
	}
	for _, each := range withFunctions.Functions(ctx) {
		var definition function.DefinitionResponse
		each().Definition(ctx, function.DefinitionRequest{}, &definition)
		var validated function.DefinitionValidateResponse
		definition.Definition.ValidateImplementation(ctx, function.DefinitionValidateRequest{FuncName: "jwt_claims"}, &validated)
		valid("function", validated.Diagnostics)
	}
}

// objects are the schemas of the provider block and of all objects, by name.
func (c *core) objects() map[string]*tfprotov6.Schema {
	objects := map[string]*tfprotov6.Schema{"provider": c.schema.Provider}
	for name, schema := range c.schema.DataSourceSchemas {
		objects["data "+name] = schema
	}
	for name, schema := range c.schema.EphemeralResourceSchemas {
		objects["ephemeral "+name] = schema
	}
	for name, schema := range c.schema.ResourceSchemas {
		objects["resource "+name] = schema
	}
	for name, schema := range c.schema.ListResourceSchemas {
		objects["list "+name] = schema
	}
	for name, action := range c.schema.ActionSchemas {
		objects["action "+name] = action.Schema
	}
	return objects
}

// attributes returns all attributes of a schema, nested ones by their path.
func attributes(schema *tfprotov6.Schema) map[string]*tfprotov6.SchemaAttribute {
	all := map[string]*tfprotov6.SchemaAttribute{}
	var add func(prefix string, attributes []*tfprotov6.SchemaAttribute)
	add = func(prefix string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			all[prefix+a.Name] = a
			if a.NestedType != nil {
				add(prefix+a.Name+".", a.NestedType.Attributes)
			}
		}
	}
	add("", schema.Block.Attributes)
	return all
}

func TestSchemas_DescribeEachAttribute(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	described := func(what, description string) {
		if !strings.HasSuffix(description, ".") {
			t.Errorf("the description of %s is %q, want one or more sentences", what, description)
		}
	}
	count := 0
	for name, schema := range c.objects() {
		described(name, schema.Block.Description)
		for path, a := range attributes(schema) {
			described(name+" "+path, a.Description)
			count++
		}
		if len(schema.Block.BlockTypes) > 0 {
			t.Errorf("%s has blocks, which nobody looks into here", name)
		}
	}
	if count < 40 {
		t.Errorf("only %d attributes were looked at", count)
	}
	for name, f := range c.schema.Functions {
		described(name, f.Description)
		if f.Summary == "" {
			t.Errorf("the function %s has no summary", name)
		}
		for _, parameter := range f.Parameters {
			described(name+" "+parameter.Name, parameter.Description)
		}
	}
	if len(c.schema.Functions) != 1 {
		t.Errorf("%d functions, want 1", len(c.schema.Functions))
	}
}

// named are the variables that are not named after their attribute: those of
// Vault's own tools, and those of the tls block, of which three say what they are
// without it. A text in PEM has none: what it would hold is longer than what a
// variable is for.
var named = map[string]string{
	"session.vault.address": "VAULT_ADDR", "session.vault.namespace": "VAULT_NAMESPACE",
	"tls.ca_cert_file": "TELEMATICS_CA_CERT_FILE", "tls.client_cert_file": "TELEMATICS_CLIENT_CERT_FILE", "tls.client_key_file": "TELEMATICS_CLIENT_KEY_FILE",
	"tls.ca_cert_pem": "", "tls.client_cert_pem": "", "tls.client_key_pem": "",
}

func TestSchemas_NameTheVariableOfEachSetting(t *testing.T) {
	t.Parallel()
	all := attributes(start(t, environment{}, nil).schema.Provider)
	for path, a := range all {
		variable := "TELEMATICS_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
		if other, is := named[path]; is {
			variable = other
		}
		if variable == "" {
			if strings.Contains(a.Description, "environment variable") {
				t.Errorf("the description of %s names a variable", path)
			}
			continue
		}
		if a.NestedType == nil && !strings.Contains(a.Description, "`"+variable+"`") {
			t.Errorf("the description of %s does not name %s", path, variable)
		}
	}
}

func TestSchemas_MarkSecretsAsSensitive(t *testing.T) {
	t.Parallel()
	sensitive := map[string]bool{
		"instance_key": true, "password": true, "device_token": true, "resume.access_token": true, "resume.refresh_token": true,
		"access_token": true, "refresh_token": true, "authorization": true, "tls.client_key_pem": true,
	}
	seen := map[string]bool{}
	for name, schema := range start(t, environment{}, nil).objects() {
		for path, a := range attributes(schema) {
			seen[path] = true
			if strings.HasPrefix(name, "action ") {
				continue // the framework knows no sensitive arguments of actions
			}
			// The id of a user is the device token.
			if want := sensitive[path] || name == "resource telematics_user" && path == "id"; a.Sensitive != want {
				t.Errorf("%s %s: sensitive = %t, want %t", name, path, a.Sensitive, want)
			}
		}
	}
	for path := range sensitive {
		if !seen[path] {
			t.Errorf("there is no %s", path)
		}
	}
}

// What a managed resource has is in state.
func TestSchemas_ManagedResourcesHaveNoKeyAndNoToken(t *testing.T) {
	t.Parallel()
	for name, schema := range start(t, environment{}, nil).schema.ResourceSchemas {
		for path := range attributes(schema) {
			if path != "key_version" && path != "device_token" && (strings.Contains(path, "key") || strings.Contains(path, "token")) {
				t.Errorf("%s has %s", name, path)
			}
		}
	}
}

func TestSchemas_OfTokensAreAlike(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	ephemeral, data := attributes(c.schema.EphemeralResourceSchemas[objectName]), attributes(c.schema.DataSourceSchemas[objectName])
	if got, want := slices.Sorted(maps.Keys(ephemeral)), slices.Sorted(maps.Keys(data)); !slices.Equal(got, want) {
		t.Fatalf("attributes of the ephemeral resource = %v, of the data source = %v", got, want)
	}
	for path, e := range ephemeral {
		d := data[path]
		same := e.Description == d.Description && e.Optional == d.Optional && e.Computed == d.Computed && e.Required == d.Required &&
			e.Sensitive == d.Sensitive && (e.Type == nil || e.Type.Equal(d.Type))
		if !same {
			t.Errorf("%s is not the same in both: %+v, %+v", path, e, d)
		}
	}
}
