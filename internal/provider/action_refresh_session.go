package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// configuredAction is configured for actions.
type configuredAction struct{ configured }

// Configure implements [action.ActionWithConfigure].
func (c *configuredAction) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	c.from(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig implements [action.ActionWithValidateConfig].
func (c *configuredAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	m, diags := readSessionArguments(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(m.token().validate()...)
	}
}

// sessionArguments say which session an action is about. A plan file holds what is
// given to an action, so there is no instance_key and no pair of tokens among
// them.
type sessionArguments struct {
	AuthorizeAs types.String `tfsdk:"authorize_as"`
	DeviceToken types.String `tfsdk:"device_token"`
	InstanceID  types.String `tfsdk:"instance_id"`
}

// readSessionArguments reads the arguments. An action without a config block has
// a configuration that is null.
func readSessionArguments(ctx context.Context, config tfsdk.Config) (sessionArguments, diag.Diagnostics) {
	var m sessionArguments
	if config.Raw.IsNull() {
		return m, nil
	}
	diags := config.Get(ctx, &m)
	return m, diags
}

// token are the arguments of a token of that session.
func (a sessionArguments) token() tokenArguments {
	return tokenArguments{AuthorizeAs: a.AuthorizeAs, DeviceToken: a.DeviceToken, InstanceID: a.InstanceID}
}

// whose names the kind of the session's owner.
func (a sessionArguments) whose() string {
	if a.DeviceToken.ValueString() != "" {
		return "user"
	}
	return "admin"
}

// sessionArgumentAttributes are the arguments of the actions.
func sessionArgumentAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"authorize_as": schema.StringAttribute{
			MarkdownDescription: "Whether the session is the `admin`'s or a `user`'s. Not set: a `user`'s with a `device_token`, else the `admin`'s.",
			Optional:            true,
			Validators:          []validator.String{kindName{}},
		},
		"device_token": schema.StringAttribute{
			MarkdownDescription: "The DeviceToken of an end user, a UUID. Set: the session of this user, with the provider's `instance_key`. Not set: the admin's. " +
				"Give it from a sensitive value: a plan shows the arguments of an action.",
			Optional:   true,
			Validators: []validator.String{uuidShaped{}},
		},
		"instance_id": schema.StringAttribute{
			MarkdownDescription: "Overrides the provider's `instance_id` for this session.",
			Optional:            true,
			Validators:          []validator.String{uuidShaped{}},
		},
	}
}

// refreshSessionAction implements the action telematics_refresh_session.
type refreshSessionAction struct{ configuredAction }

var (
	_ action.ActionWithConfigure      = (*refreshSessionAction)(nil)
	_ action.ActionWithValidateConfig = (*refreshSessionAction)(nil)
)

// Metadata implements [action.Action].
func (a *refreshSessionAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_refresh_session"
}

// Schema implements [action.Action].
func (a *refreshSessionAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Refreshes the stored session now, also while its access token is good: one refresh at the most, and never a login. " +
			"Without a stored session, or if the platform refuses the refresh, it fails and says so. It shows no token: later runs get the new one.\n\n" +
			"The session is that of the provider's credentials. For a user of another group than the provider's, use a provider block of its own (`alias`).\n\n" +
			"-> Actions need Terraform 1.14. With OpenTofu, a run with `TELEMATICS_SESSION_RENEW=refresh` refreshes the sessions that it uses.",
		Attributes: sessionArgumentAttributes(),
	}
}

// Invoke implements [action.Action].
func (a *refreshSessionAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	m, diags := readSessionArguments(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	progress(resp, "Refreshing the stored session of the %s.", m.whose())
	result, diags := a.tokens.refresh(ctx, m.token())
	resp.Diagnostics.Append(diags...)
	switch {
	case diags.HasError():
	case result.Source == session.Reused:
		progress(resp, "Another process had spent the refresh token and stored a newer session, which is good until %s (version %d). Nothing was refreshed.",
			explain.Time(result.ExpiresAt), result.Version)
	default:
		progress(resp, "The session of the %s is refreshed. Its access token ends at %s (version %d).", m.whose(), explain.Time(result.ExpiresAt), result.Version)
	}
}

// refresh refreshes the session that the arguments name, and never logs in.
func (o *tokenOpener) refresh(ctx context.Context, args tokenArguments) (session.Result, diag.Diagnostics) {
	if diags := o.validate(args); diags.HasError() {
		return session.Result{}, diags
	}
	result, said := o.sessions.Refresh(withLogging(ctx), args.asked())
	return result, diagnostics(said)
}

// progress tells what an action does.
func progress(resp *action.InvokeResponse, format string, args ...any) {
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, args...)})
}
