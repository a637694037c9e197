package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// sessionReader is what the data sources have in common: their arguments, and
// that they open a session.
type sessionReader struct {
	validated *validatedConfig
	tokens    *tokenOpener
}

// Configure implements [datasource.DataSourceWithConfigure].
func (r *sessionReader) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	r.tokens = openerFrom(req.ProviderData, &resp.Diagnostics)
}

// validate decodes a configuration into model, whose arguments it validates.
func (r *sessionReader) validate(ctx context.Context, config tfsdk.Config, model any, arguments *tokenArguments, diags *diag.Diagnostics) {
	diags.Append(config.Get(ctx, model)...)
	if !diags.HasError() {
		diags.Append(arguments.validate(r.validated)...)
	}
}

// open decodes a configuration into model and opens the session that its
// arguments ask for. It returns false when the diagnostics say why not.
func (r *sessionReader) open(ctx context.Context, config tfsdk.Config, model any, arguments *tokenArguments, diags *diag.Diagnostics) (session.Result, bool) {
	diags.Append(config.Get(ctx, model)...)
	if diags.HasError() {
		return session.Result{}, false
	}
	result, more := r.tokens.open(ctx, *arguments)
	diags.Append(more...)
	return result, !diags.HasError()
}
