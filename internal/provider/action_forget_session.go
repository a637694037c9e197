package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// forgetSessionAction implements the action telematics_forget_session.
type forgetSessionAction struct{ configuredAction }

var (
	_ action.ActionWithConfigure      = (*forgetSessionAction)(nil)
	_ action.ActionWithValidateConfig = (*forgetSessionAction)(nil)
)

// Metadata implements [action.Action].
func (a *forgetSessionAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_forget_session"
}

// Schema implements [action.Action].
func (a *forgetSessionAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Drops the stored session of these credentials from the session store, for all that share it. Other sessions stay. Nothing is asked of the platform, " +
			"which has no method to end a session: the tokens live on there until they end. **The next run that needs a token logs in**, which may revoke the tokens that " +
			"others hold.\n\n" +
			"-> Actions need Terraform 1.14. With OpenTofu, a run with `TELEMATICS_SESSION_RENEW=login` replaces the sessions that it uses by a login each.",
		Attributes: sessionArgumentAttributes(),
	}
}

// Invoke implements [action.Action].
func (a *forgetSessionAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	m, diags := readSessionArguments(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := a.tokens.forget(ctx, m.token())
	resp.Diagnostics.Append(diags...)
	switch {
	case diags.HasError():
	case found:
		progress(resp, "The stored session of the %s is forgotten. Its tokens live on at the platform until they end. The next run that needs a token logs in.", m.whose())
	default:
		progress(resp, "No session that the credentials of the %s can use was stored.", m.whose())
	}
}

// forget drops the session that the arguments name, and reports whether there was
// one.
func (o *tokenOpener) forget(ctx context.Context, args tokenArguments) (bool, diag.Diagnostics) {
	if diags := o.validate(args); diags.HasError() {
		return false, diags
	}
	found, said := o.sessions.Forget(withLogging(ctx), args.asked())
	return found, diagnostics(said)
}
