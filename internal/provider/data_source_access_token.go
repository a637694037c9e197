package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
)

// accessTokenDataSource implements the data source telematics_access_token.
type accessTokenDataSource struct{ configuredData }

var (
	_ datasource.DataSourceWithConfigure      = (*accessTokenDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*accessTokenDataSource)(nil)
)

// Metadata implements [datasource.DataSource].
func (d *accessTokenDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

// Schema implements [datasource.DataSource].
func (d *accessTokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An access token of the telematics platform **that is written into state**, for versions of Terraform and OpenTofu " +
			"without ephemeral resources.\n\n" +
			"~> **The token is in state and in saved plans.** Everybody with access to them can use the token, and get others with the refresh token. " +
			"Prefer the ephemeral resource of the same name: it takes the same arguments and leaves nothing behind.",
		Attributes: accessTokenAttributes(),
	}
}

// ValidateConfig implements [datasource.DataSourceWithValidateConfig].
func (d *accessTokenDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(model.validate()...)
	}
}

// Read implements [datasource.DataSource].
func (d *accessTokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	result, diags := d.tokens.open(ctx, model.tokenArguments)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.set(result)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	resp.Diagnostics.AddWarning("Tokens are written into state",
		"The data source telematics_access_token stores the access token and the refresh token in state and in saved plans. Everybody with access to "+
			"those can use the tokens. Use ephemeral \"telematics_access_token\" instead; it needs Terraform 1.10 or OpenTofu 1.11.")
}
