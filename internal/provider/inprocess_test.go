package provider_test

import (
	"context"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/telematics-tools/terraform-provider-telematics/internal/provider"
)

// objectName is the name of the ephemeral resource and of the data source.
const objectName = "telematics_access_token"

// cliVersion is the version that the tests' CLI says it is of.
const cliVersion = "1.11.4"

// core plays Terraform's part: it speaks the provider's protocol in process,
// which takes no start of a CLI.
type core struct {
	t      testing.TB
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

// start returns a provider that has not been configured yet.
func start(t testing.TB, env environment, now func() time.Time) *core {
	t.Helper()
	options := provider.Options{Getenv: env.get, Now: now}
	server := providerserver.NewProtocol6(provider.New("1.2.3", options)())()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return &core{t: t, server: server, schema: schema}
}

// configured returns a provider that has been configured with a block.
func configured(t testing.TB, p *platform, env environment, block config) *core {
	t.Helper()
	c := start(t, env, p.clock.Now)
	wantSaid(t, c.configure(block))
	return c
}

// config is a block of a configuration. Attributes that are left out are null.
type config map[string]any

// unknown is a value that is known only after apply.
type unknown struct{}

// value turns a Go value into Terraform's.
func (c *core) value(kind tftypes.Type, v any) tftypes.Value {
	c.t.Helper()
	if v == nil {
		return tftypes.NewValue(kind, nil)
	}
	if _, is := v.(unknown); is {
		return tftypes.NewValue(kind, tftypes.UnknownValue)
	}
	if object, is := kind.(tftypes.Object); is {
		given, ok := v.(config)
		if !ok {
			c.t.Fatalf("%v is no block", v)
		}
		for name := range given {
			if _, known := object.AttributeTypes[name]; !known {
				c.t.Fatalf("there is no attribute %s", name)
			}
		}
		values := make(map[string]tftypes.Value, len(object.AttributeTypes))
		for name, kind := range object.AttributeTypes {
			values[name] = c.value(kind, given[name])
		}
		return tftypes.NewValue(kind, values)
	}
	if text, is := v.(string); is && kind.Is(tftypes.Number) {
		number, _, err := big.ParseFloat(text, 10, 512, big.ToNearestEven)
		if err != nil {
			c.t.Fatal(err)
		}
		v = number
	}
	return tftypes.NewValue(kind, v)
}

// dynamic encodes a block for the protocol.
func (c *core) dynamic(schema *tfprotov6.Schema, block config) *tfprotov6.DynamicValue {
	c.t.Helper()
	if block == nil {
		block = config{}
	}
	encoded, err := tfprotov6.NewDynamicValue(schema.ValueType(), c.value(schema.ValueType(), block))
	if err != nil {
		c.t.Fatal(err)
	}
	return &encoded
}

// answered fails the test if the protocol itself failed.
func answered[T any](c *core, response T, err error) T {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	return response
}

// validateProvider validates the provider block.
func (c *core) validateProvider(block config) diagnostics {
	c.t.Helper()
	response, err := c.server.ValidateProviderConfig(c.t.Context(), &tfprotov6.ValidateProviderConfigRequest{
		Config: c.dynamic(c.schema.Provider, block),
	})
	return answered(c, response, err).Diagnostics
}

// configure configures the provider.
func (c *core) configure(block config) diagnostics {
	c.t.Helper()
	response, err := c.server.ConfigureProvider(c.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: cliVersion,
		Config:           c.dynamic(c.schema.Provider, block),
	})
	return answered(c, response, err).Diagnostics
}

// validateEphemeral validates the ephemeral resource.
func (c *core) validateEphemeral(block config) diagnostics {
	c.t.Helper()
	response, err := c.server.ValidateEphemeralResourceConfig(c.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: objectName,
		Config:   c.dynamic(c.schema.EphemeralResourceSchemas[objectName], block),
	})
	return answered(c, response, err).Diagnostics
}

// validateData validates the data source.
func (c *core) validateData(block config) diagnostics {
	c.t.Helper()
	response, err := c.server.ValidateDataResourceConfig(c.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: objectName,
		Config:   c.dynamic(c.schema.DataSourceSchemas[objectName], block),
	})
	return answered(c, response, err).Diagnostics
}

// token is what an object that was opened or read came to.
type token struct {
	// results are the attributes that are texts and not null.
	results     map[string]string
	diagnostics diagnostics
	renewAt     time.Time
	private     []byte
}

// open opens the ephemeral resource.
func (c *core) open(block config) token {
	c.t.Helper()
	return c.openIn(c.t.Context(), block)
}

// openIn opens the ephemeral resource within a context of the test's.
func (c *core) openIn(ctx context.Context, block config) token {
	c.t.Helper()
	schema := c.schema.EphemeralResourceSchemas[objectName]
	response, err := c.server.OpenEphemeralResource(ctx, &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: objectName,
		Config:   c.dynamic(schema, block),
	})
	answered(c, response, err)
	opened := token{diagnostics: response.Diagnostics, renewAt: response.RenewAt, private: response.Private}
	if len(opened.diagnostics.errors()) == 0 {
		opened.results = c.texts(schema, response.Result)
	}
	return opened
}

// mustOpen opens the ephemeral resource, which must give no error and no
// warning.
func (c *core) mustOpen(block config) map[string]string {
	c.t.Helper()
	opened := c.open(block)
	wantSaid(c.t, opened.diagnostics)
	return opened.results
}

// renew renews what was opened.
func (c *core) renew(opened token) *tfprotov6.RenewEphemeralResourceResponse {
	c.t.Helper()
	response, err := c.server.RenewEphemeralResource(c.t.Context(), &tfprotov6.RenewEphemeralResourceRequest{
		TypeName: objectName,
		Private:  opened.private,
	})
	return answered(c, response, err)
}

// close closes what was opened.
func (c *core) close(opened token) *tfprotov6.CloseEphemeralResourceResponse {
	c.t.Helper()
	response, err := c.server.CloseEphemeralResource(c.t.Context(), &tfprotov6.CloseEphemeralResourceRequest{
		TypeName: objectName,
		Private:  opened.private,
	})
	return answered(c, response, err)
}

// read reads the data source.
func (c *core) read(block config) token {
	c.t.Helper()
	schema := c.schema.DataSourceSchemas[objectName]
	response, err := c.server.ReadDataSource(c.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: objectName,
		Config:   c.dynamic(schema, block),
	})
	answered(c, response, err)
	data := token{diagnostics: response.Diagnostics}
	if len(data.diagnostics.errors()) == 0 {
		data.results = c.texts(schema, response.State)
	}
	return data
}

// readData reads any data source.
func (c *core) readData(name string, block config) (map[string]any, diagnostics) {
	c.t.Helper()
	schema := c.schema.DataSourceSchemas[name]
	if schema == nil {
		c.t.Fatalf("there is no data source %s", name)
	}
	response, err := c.server.ReadDataSource(c.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: c.dynamic(schema, block)})
	answered(c, response, err)
	if len(diagnostics(response.Diagnostics).errors()) > 0 {
		return nil, response.Diagnostics
	}
	object, err := response.State.Unmarshal(schema.ValueType())
	if err != nil {
		c.t.Fatal(err)
	}
	results, is := c.plain(object).(map[string]any)
	if !is {
		c.t.Fatalf("%s has no results", name)
	}
	return results, response.Diagnostics
}

// mustReadData reads a data source, which must give no error and no warning.
func (c *core) mustReadData(name string, block config) map[string]any {
	c.t.Helper()
	results, said := c.readData(name, block)
	wantSaid(c.t, said)
	return results
}

// texts decodes the attributes that are texts and not null.
func (c *core) texts(schema *tfprotov6.Schema, encoded *tfprotov6.DynamicValue) map[string]string {
	c.t.Helper()
	object, err := encoded.Unmarshal(schema.ValueType())
	if err != nil {
		c.t.Fatal(err)
	}
	attributes := map[string]tftypes.Value{}
	if err := object.As(&attributes); err != nil {
		c.t.Fatal(err)
	}
	texts := map[string]string{}
	for name, value := range attributes {
		if !value.Type().Is(tftypes.String) || value.IsNull() {
			continue
		}
		var text string
		if err := value.As(&text); err != nil {
			c.t.Fatalf("%s: %v", name, err)
		}
		texts[name] = text
	}
	return texts
}

// diagnostics are what the provider has to say.
type diagnostics []*tfprotov6.Diagnostic

// errors are those that fail a run.
func (ds diagnostics) errors() diagnostics {
	var errors diagnostics
	for _, d := range ds {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			errors = append(errors, d)
		}
	}
	return errors
}

// byAttribute sorts them, where they may come in any order.
func (ds diagnostics) byAttribute() diagnostics {
	return slices.SortedStableFunc(slices.Values(ds), func(a, b *tfprotov6.Diagnostic) int {
		return strings.Compare(dotted(a.Attribute), dotted(b.Attribute))
	})
}

// String is how a test shows them.
func (ds diagnostics) String() string {
	var b strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&b, "%s at %q: %s: %s\n", d.Severity, dotted(d.Attribute), d.Summary, d.Detail)
	}
	return b.String()
}

// dotted writes an attribute's path as a person does.
func dotted(at *tftypes.AttributePath) string {
	var names []string
	for _, step := range at.Steps() {
		names = append(names, fmt.Sprint(step))
	}
	return strings.Join(names, ".")
}

// said is a diagnostic that a test wants.
type said struct {
	severity  tfprotov6.DiagnosticSeverity
	attribute string
	summary   string
	words     []string
}

// failure is an error on an attribute (or on none, if that is empty) whose
// detail has all the words.
func failure(attribute, summary string, words ...string) said {
	return said{tfprotov6.DiagnosticSeverityError, attribute, summary, words}
}

// warning is the same for a warning.
func warning(attribute, summary string, words ...string) said {
	return said{tfprotov6.DiagnosticSeverityWarning, attribute, summary, words}
}

// wantSaid fails the test unless exactly the wanted diagnostics were given.
func wantSaid(t testing.TB, got diagnostics, want ...said) {
	t.Helper()
	wantWellWritten(t, got)
	if len(got) != len(want) {
		t.Errorf("%d diagnostics were given, want %d: %v\n%v", len(got), len(want), want, got)
		return
	}
	for i, w := range want {
		g := got[i]
		if g.Severity != w.severity || dotted(g.Attribute) != w.attribute || g.Summary != w.summary {
			t.Errorf("diagnostic %d = %s at %q: %s, want %s at %q: %s", i,
				g.Severity, dotted(g.Attribute), g.Summary, w.severity, w.attribute, w.summary)
		}
		for _, words := range w.words {
			if !strings.Contains(g.Detail, words) {
				t.Errorf("%q does not say %q", g.Detail, words)
			}
		}
	}
}

// wantWellWritten fails the test if a diagnostic has what comes of texts that were
// put together without care: two full stops, a title that is said again, a prefix
// or a sentence that stands there twice.
func wantWellWritten(t testing.TB, got diagnostics) {
	t.Helper()
	for _, d := range got {
		if slips := slipsIn(d.Summary, d.Detail); len(slips) > 0 {
			t.Errorf("%s: %s: %q", d.Summary, d.Detail, slips)
		}
	}
}

// oddStops are marks that do not follow upon each other, but for an ellipsis.
var oddStops = regexp.MustCompile(`[.;:,] ?[.;:,](?:[ )\n]|$)|[.] [(]|%!|\(\)| {2}\S`)

// slipsIn returns what is wrong with the text of a diagnostic.
func slipsIn(summary, detail string) (slips []string) {
	if strings.HasPrefix(strings.ToLower(detail), strings.ToLower(summary)) {
		slips = append(slips, "the title, again")
	}
	slips = append(slips, oddStops.FindAllString(detail, -1)...)
	for _, paragraph := range strings.Split(detail, "\n\n") {
		var before []string
		for _, sentence := range strings.Split(strings.TrimSuffix(paragraph, "."), ". ") {
			if slices.Contains(before, sentence) {
				slips = append(slips, "twice: "+sentence)
			}
			before = append(before, sentence)
			parts := strings.Split(strings.ToLower(sentence), ": ")
			for i := range len(parts) - 1 {
				if strings.HasSuffix(parts[i], parts[i+1]) {
					slips = append(slips, "twice: "+parts[i+1])
				}
			}
		}
	}
	return slips
}

// wantNotSaid fails the test if a diagnostic has the words.
func wantNotSaid(t testing.TB, got diagnostics, words string) {
	t.Helper()
	if words != "" && strings.Contains(got.String(), words) {
		t.Errorf("%v says %q", got, words)
	}
}
