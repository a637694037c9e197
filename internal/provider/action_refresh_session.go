package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
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
			timeText(result.ExpiresAt), result.Version)
	default:
		progress(resp, "The session of the %s is refreshed. Its access token ends at %s (version %d).", m.whose(), timeText(result.ExpiresAt), result.Version)
	}
}

// sessionAccount returns the account that the arguments name, with its credentials. The
// arguments are checked again: they may have been unknown when they were validated.
func (o *tokenOpener) sessionAccount(args tokenArguments) (session.Account, userservice.Credentials, diag.Diagnostics) {
	credentials := o.credentials(args)
	for _, diags := range []diag.Diagnostics{o.settings.invalid, o.unknownSettings(args), args.validate()} {
		if diags.HasError() {
			return session.Account{}, credentials, diags
		}
	}
	if missing := credentials.Missing(); missing != nil {
		return session.Account{}, credentials, explain(missing, explanation{settings: o.settings, credentials: credentials, now: o.now()})
	}
	return credentials.Account(o.settings.userServiceURL), credentials, nil
}

// refresh refreshes the session that the arguments name, and never logs in.
func (o *tokenOpener) refresh(ctx context.Context, args tokenArguments) (session.Result, diag.Diagnostics) {
	account, credentials, diags := o.sessionAccount(args)
	if diags.HasError() {
		return session.Result{}, diags
	}
	result, err := o.manager.Refresh(withLogging(ctx, credentials, args), session.Request{
		Account: account, Authorizer: o.client.Authorizer(credentials), MinLifetime: o.settings.minLifetime,
	})
	how := explanation{settings: o.settings, credentials: credentials, now: o.now()}
	if err != nil {
		return session.Result{}, how.order("Session not refreshed", err)
	}
	return result, how.notices(result, o.settings.minLifetime)
}

// order explains why an action has changed no session.
func (how explanation) order(summary string, err error) diag.Diagnostics {
	var (
		diags  diag.Diagnostics
		store  *session.StoreError
		opened *session.OpenError
	)
	switch {
	case errors.Is(err, session.ErrNoSession):
		diags.AddError(summary, "No session that these credentials can use is stored, so there is nothing to refresh, and this action makes no login. The next run that needs a token makes one.")
	case errors.Is(err, session.ErrReadOnlyRun):
		diags.AddError(summary, sentence(err)+" Invoke the action in a run without "+settingName("session.read_only")+".")
	case errors.Is(err, session.ErrNotWritable):
		diags.AddError(summary, sentence(err)+" Nothing was changed. Make the session store writable.")
	case errors.As(err, &store):
		diags.AddError("Session store failed", sentence(store)+" Nothing was changed. Run again when the store can be used.")
	case errors.Is(err, context.Canceled):
		diags.AddError(summary, "The run was interrupted.")
	case errors.As(err, &opened) && isRefused(opened.Refresh):
		diags.AddError(summary, how.refresh(opened.Refresh)+" No login was made: the next run that needs a token makes one.")
	default:
		diags = explain(err, how)
	}
	return diags
}

// isRefused reports whether the platform has refused a refresh token.
func isRefused(err error) bool {
	var answer *userservice.Error
	return errors.As(err, &answer) && answer.Refused()
}

// progress tells what an action does.
func progress(resp *action.InvokeResponse, format string, args ...any) {
	resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(format, args...)})
}
