package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// accessTokenModel is an access token, as the ephemeral resource and the data
// source hand it to Terraform.
type accessTokenModel struct {
	tokenArguments
	AccessToken   types.String `tfsdk:"access_token"`
	RefreshToken  types.String `tfsdk:"refresh_token"`
	Authorization types.String `tfsdk:"authorization"`
	IssuedAt      types.String `tfsdk:"issued_at"`
	ExpiresAt     types.String `tfsdk:"expires_at"`
	Source        types.String `tfsdk:"source"`
}

// set fills in the results. The three tokens of the platform's answer are all
// handed on (PLATFORM-API.md §4).
func (m *accessTokenModel) set(r session.Result) {
	m.AccessToken = types.StringValue(r.AccessToken.Reveal())
	m.RefreshToken = types.StringValue(r.RefreshToken.Reveal())
	m.Authorization = types.StringValue("Bearer " + r.AccessToken.Reveal())
	m.IssuedAt = timeOrNull(r.IssuedAt)
	m.ExpiresAt = timeOrNull(r.ExpiresAt)
	m.Source = types.StringValue(string(r.Source))
	// What was configured stays as it is; an empty text there is the user's,
	// too, and Terraform insists on it.
	if m.DeviceToken.IsNull() || m.DeviceToken.IsUnknown() {
		m.DeviceToken = types.StringNull()
		if !r.DeviceToken.IsEmpty() {
			m.DeviceToken = types.StringValue(r.DeviceToken.Reveal())
		}
	}
}

// timeOrNull writes a time in RFC 3339, UTC; one that is not known is null.
func timeOrNull(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.UTC().Format(time.RFC3339))
}
