package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
)

// renewLead is how long before the end of a token its user is warned.
const renewLead = time.Minute

// renewKey is where Open leaves word for Renew and Close.
const renewKey = "renew"

// accessTokenEphemeral implements the ephemeral resource
// telematics_access_token.
type accessTokenEphemeral struct{ configuredEphemeral }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithRenew          = (*accessTokenEphemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*accessTokenEphemeral)(nil)
)

// Metadata implements [ephemeral.EphemeralResource].
func (e *accessTokenEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

// Schema implements [ephemeral.EphemeralResource].
func (e *accessTokenEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An access token of the telematics platform, for the length of one Terraform run and in no state or plan file. " +
			"A session that is still good is reused, and a stale one is refreshed. A login is made only if neither is possible.\n\n" +
			"The CLI cannot change the token in the middle of a run: choose a `min_lifetime` that is longer than a run takes. A minute before the token " +
			"ends, the provider warns, which OpenTofu shows and Terraform before 1.17 does not. If the token has ended in mid-run, a warning at the end " +
			"of the run says so.",
		Attributes: ephemeralAttributes(accessTokenAttributes()),
	}
}

// ValidateConfig implements [ephemeral.EphemeralResourceWithValidateConfig].
func (e *accessTokenEphemeral) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(model.validate()...)
	}
}

// renewal is what Renew and Close are told of the token that was opened.
type renewal struct {
	ExpiresAt   time.Time     `json:"expires_at"`
	MinLifetime time.Duration `json:"min_lifetime"`
}

// Open implements [ephemeral.EphemeralResource].
func (e *accessTokenEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	result, diags := e.tokens.open(ctx, model.tokenArguments)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.set(result)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &model)...)

	left := result.ExpiresAt.Sub(e.tokens.now())
	if left <= 0 {
		return
	}
	resp.RenewAt = result.ExpiresAt.Add(-min(renewLead, left/2))
	note, err := json.Marshal(renewal{ExpiresAt: result.ExpiresAt, MinLifetime: model.minLifetime(e.tokens.settings.MinLifetime)})
	if err != nil {
		resp.Diagnostics.AddError("Token not prepared for renewal", explain.Sentence(err))
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, renewKey, note)...)
}

// Renew implements [ephemeral.EphemeralResourceWithRenew]. Terraform cannot
// change a value that was opened, so there is nothing to renew it with; what
// is left is to say in time what is about to happen.
func (e *accessTokenEphemeral) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	note, diags := req.Private.GetKey(ctx, renewKey)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(aboutToExpire(readRenewal(note)))
}

// Close implements [ephemeral.EphemeralResourceWithClose]. There is nothing to
// close: the session lives on in its store. Terraform before 1.17 shows no
// diagnostics of Renew, so here is told that the token ended in mid-run.
func (e *accessTokenEphemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	note, diags := req.Private.GetKey(ctx, renewKey)
	resp.Diagnostics.Append(diags...)
	opened := readRenewal(note)
	if e.tokens == nil || opened.ExpiresAt.IsZero() || opened.ExpiresAt.After(e.tokens.now()) {
		return
	}
	resp.Diagnostics.AddWarning("Access token expired in mid-run",
		fmt.Sprintf("The access token that this run has used ended at %s, before the run did: what used it after that was refused. "+
			"Raise min_lifetime (%s now) above the time that a run takes, and the token is refreshed before it is handed out.",
			explain.Time(opened.ExpiresAt), opened.MinLifetime))
}

// readRenewal reads what Open has left; the zero renewal stands for none.
func readRenewal(note []byte) renewal {
	var opened renewal
	if err := json.Unmarshal(note, &opened); err != nil {
		return renewal{}
	}
	return opened
}

// aboutToExpire is the warning that a token which is in use comes to its end.
func aboutToExpire(opened renewal) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Access token is about to expire",
		fmt.Sprintf("The access token that this run has used since it was opened ends at %s, and Terraform cannot replace it in a run that "+
			"is under way: what uses it after that is refused. Raise min_lifetime (%s now) above the time that a run takes, and the "+
			"token is refreshed before it is handed out.", explain.Time(opened.ExpiresAt), opened.MinLifetime))
}
