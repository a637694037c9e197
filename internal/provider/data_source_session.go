package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
)

// sessionDataSource implements the data source telematics_session.
type sessionDataSource struct{ configuredData }

var (
	_ datasource.DataSourceWithConfigure      = (*sessionDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*sessionDataSource)(nil)
)

// sessionModel is a session without its secrets.
type sessionModel struct {
	tokenArguments
	IssuedAt  types.String `tfsdk:"issued_at"`
	ExpiresAt types.String `tfsdk:"expires_at"`
	Version   types.Int64  `tfsdk:"version"`
}

// set fills in the results.
func (m *sessionModel) set(r session.Result) {
	m.IssuedAt = timeOrNull(r.IssuedAt)
	m.ExpiresAt = timeOrNull(r.ExpiresAt)
	m.Version = types.Int64Value(r.Version)
}

// Metadata implements [datasource.DataSource].
func (d *sessionDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_session"
}

// Schema implements [datasource.DataSource].
func (d *sessionDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := argumentAttributes()
	attributes["issued_at"] = issuedAtAttribute
	attributes["expires_at"] = expiresAtAttribute
	attributes["version"] = schema.Int64Attribute{
		MarkdownDescription: "A number that is the same as long as the access token is, and grows when the session store has a new one. Two session stores " +
			"that share no session know different tokens, so runs that change between them can make it go back.",
		Computed: true,
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Tells when an access token changes, without the token: its results hold no secret. With the same arguments it " +
			"is about the same session as the ephemeral resource `telematics_access_token`, and it replaces a token that is about to expire as that " +
			"does. Its `version` goes beside a write-only argument, such as `data_json_wo_version`: nothing is written while the token is good, " +
			"and a new token is written once.\n\n" +
			"As with every data source, its arguments are in state. So do not give it the pair that an ephemeral resource resumes. Let it come " +
			"after that resource, with `depends_on`: then it knows the pair, if the claims of the access token name the account.",
		Attributes: attributes,
	}
}

// ValidateConfig implements [datasource.DataSourceWithValidateConfig].
func (d *sessionDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model sessionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(model.validate()...)
	}
}

// Read implements [datasource.DataSource].
func (d *sessionDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model sessionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	result, diags := d.tokens.open(ctx, model.tokenArguments)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.tokens.settings.Store == settings.StoreNone && d.tokens.isOfThisRun(result.Session) {
		resp.Diagnostics.Append(newVersionEveryRun())
	}
	model.set(result)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// newVersionEveryRun is the warning that there is nothing to compare with.
func newVersionEveryRun() diag.Diagnostic {
	return diag.NewWarningDiagnostic("Version changes on every run",
		"Sessions are not kept between runs ("+settings.Name("session.store")+" is \""+settings.StoreNone+"\"), so each run logs in anew, and what depends on "+
			"version is replaced each time. Keep sessions in the file store or in Vault, or resume one that you keep yourself.")
}
