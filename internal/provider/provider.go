// Package provider is the Terraform side: schemas, configuration and
// diagnostics. It knows nothing of HTTP bodies or files; what to ask the
// platform, and when, is decided in package session.
package provider

import (
	"context"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Address is the provider's address in the registries.
const Address = "registry.terraform.io/telematics-tools/telematics"

// typeName is the prefix of every object's name.
const typeName = "telematics"

// Options are what a test may put in place of the process's surroundings. The
// zero value is what the released provider uses.
type Options struct {
	// Getenv reads an environment variable; nil means os.Getenv.
	Getenv func(string) string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Begin, where it is not nil, is called before something is asked of the
	// platform whose answer must be stored, and what it returns afterwards.
	Begin func() (end func())
	// Interrupted, where it is not nil, is closed when a person interrupts the run:
	// a token that is waited for is given up.
	Interrupted <-chan struct{}
	// Hook, where it is not nil, is called when the provider has been
	// [Configured], and as [session.Config] says.
	Hook func(point string)
}

// Configured is a point of the Hook of [Options]: the provider block has been
// read, and nothing was asked for yet.
const Configured = "configured"

// telematicsProvider implements [provider.Provider].
type telematicsProvider struct {
	version string
	options Options
}

var (
	_ provider.Provider                       = (*telematicsProvider)(nil)
	_ provider.ProviderWithValidateConfig     = (*telematicsProvider)(nil)
	_ provider.ProviderWithFunctions          = (*telematicsProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*telematicsProvider)(nil)
	_ provider.ProviderWithListResources      = (*telematicsProvider)(nil)
	_ provider.ProviderWithActions            = (*telematicsProvider)(nil)
)

// New returns the constructor of the provider, which tells the platform and
// Terraform that it is of the given version.
func New(version string, options Options) func() provider.Provider {
	if options.Getenv == nil {
		options.Getenv = os.Getenv
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return func() provider.Provider { return &telematicsProvider{version: version, options: options} }
}

// Metadata implements [provider.Provider].
func (p *telematicsProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = typeName
	resp.Version = p.version
}

// ValidateConfig implements [provider.ProviderWithValidateConfig]. It reports
// errors only: warnings would be told twice, here and when configured.
func (p *telematicsProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	_, diags := readSettings(ctx, req.Config, p.options.Getenv)
	resp.Diagnostics.Append(diags.Errors()...)
}

// Schema implements [provider.Provider].
func (p *telematicsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gets API access tokens of the telematics platform, makes the credentials themselves (applications, user groups with their keys, " +
			"users), and hands both to other providers and to secret stores, without leaving a secret in state. A login is the last resort: a session that is " +
			"still good is reused, a stale one is refreshed, and credentials are sent only if neither is possible.",
		Attributes: settingAttributes(""),
	}
}

// Configure implements [provider.Provider]. It sends nothing: credentials are
// asked for when a token is.
func (p *telematicsProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	read, diags := readSettings(ctx, req.Config, p.options.Getenv)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if len(read.Unknown) > 0 && req.ClientCapabilities.DeferralAllowed {
		// The CLI comes back to all objects of the provider when the values are
		// known. Without that, only what needs them is an error.
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		resp.EphemeralResourceData = putOff(slices.Sorted(maps.Keys(read.Unknown)))
		return
	}
	if p.options.Hook != nil {
		p.options.Hook(Configured)
	}
	tokens := newTokenOpener(read, p.userAgent(req.TerraformVersion), p.options)
	resp.EphemeralResourceData = tokens
	resp.DataSourceData = tokens
	resp.ResourceData = tokens
	resp.ListResourceData = tokens
	resp.ActionData = tokens
}

// userAgent names the provider and the CLI to the platform.
func (p *telematicsProvider) userAgent(cliVersion string) string {
	agent := "terraform-provider-telematics/" + p.version
	if cliVersion != "" {
		agent += " Terraform/" + cliVersion
	}
	return agent
}

// EphemeralResources implements [provider.ProviderWithEphemeralResources].
func (p *telematicsProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &accessTokenEphemeral{} },
		func() ephemeral.EphemeralResource { return &instanceCredentialsEphemeral{} },
	}
}

// DataSources implements [provider.Provider].
func (p *telematicsProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &accessTokenDataSource{} },
		func() datasource.DataSource { return &sessionDataSource{} },
		func() datasource.DataSource { return &applicationDataSource{} },
		func() datasource.DataSource { return &applicationsDataSource{} },
		func() datasource.DataSource { return &instanceDataSource{} },
		func() datasource.DataSource { return &instancesDataSource{} },
		func() datasource.DataSource { return &userDataSource{} },
		func() datasource.DataSource { return &permissionsDataSource{} },
	}
}

// Functions implements [provider.ProviderWithFunctions].
func (p *telematicsProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		func() function.Function { return jwtClaimsFunction{} },
	}
}

// Resources implements [provider.Provider]. None has a key or an access token:
// those are ephemeral.
func (p *telematicsProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &applicationResource{} },
		func() resource.Resource { return &instanceResource{} },
		func() resource.Resource { return &userResource{} },
	}
}

// ListResources implements [provider.ProviderWithListResources]. A CLI without
// `query` does not ask for them.
func (p *telematicsProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		func() list.ListResource { return &applicationList{} },
		func() list.ListResource { return &instanceList{} },
		func() list.ListResource { return &userList{} },
	}
}

// Actions implements [provider.ProviderWithActions]. A CLI without actions does not
// ask for them.
func (p *telematicsProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		func() action.Action { return &refreshSessionAction{} },
		func() action.Action { return &forgetSessionAction{} },
	}
}
