package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// tokenArguments are the arguments that every object which opens a session
// takes.
type tokenArguments struct {
	DeviceToken types.String `tfsdk:"device_token"`
	InstanceID  types.String `tfsdk:"instance_id"`
	InstanceKey types.String `tfsdk:"instance_key"`
	Resume      types.Object `tfsdk:"resume"`
	MinLifetime types.String `tfsdk:"min_lifetime"`
}

// resumed returns the two tokens of resume. Both are null when resume is, and
// unknown when it is.
func (a tokenArguments) resumed() (access, refresh types.String) {
	if a.Resume.IsUnknown() {
		return types.StringUnknown(), types.StringUnknown()
	}
	access, _ = a.Resume.Attributes()["access_token"].(types.String)
	refresh, _ = a.Resume.Attributes()["refresh_token"].(types.String)
	return access, refresh
}

// Descriptions of the arguments, for the registry's page.
const (
	describeDeviceToken = "The DeviceToken of an end user, a UUID. Set: authorize as this user, with `instance_id` and `instance_key`. " +
		"Not set: authorize as admin, with the provider's `email` and `password`."
	describeInstanceID  = "Overrides the provider's `instance_id` for this token."
	describeInstanceKey = "Overrides the provider's `instance_key` for this token."
	describeResume      = "A session that is kept in a secret store of your own, used before any login: reused while its access token " +
		"lives for `min_lifetime`, else refreshed. Give both tokens or neither; null and the empty string count as not given, " +
		"so that `try(…, null)` covers the first run, when nothing is stored yet."
	describeResumeAccessToken  = "The access token of the kept session; it may have expired."
	describeResumeRefreshToken = "The refresh token of the kept session. It is spent when used, so store the new one that comes back as `refresh_token`."
	describeMinLifetime        = "How long the token handed out lives at the least, as a Go duration such as `15m` or `2h`; one that has less is refreshed " +
		"first. `0s` takes any token that has not expired. Default `15m`."
)

// durationText accepts a Go duration that is not negative; an empty text
// counts as not set.
type durationText struct{}

// Description implements [validator.Describer].
func (durationText) Description(context.Context) string {
	return "value must be a Go duration that is not negative, such as 15m"
}

// MarkdownDescription implements [validator.Describer].
func (v durationText) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements [validator.String].
func (durationText) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if text == "" {
		return
	}
	switch d, err := time.ParseDuration(text); {
	case err != nil:
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid duration", fmt.Sprintf("%q is not a Go duration, such as 15m or 2h.", text))
	case d < 0:
		resp.Diagnostics.AddAttributeError(req.Path, "Negative duration", fmt.Sprintf("%q is negative: a token cannot be asked to have expired. Use 0s to take any that has not.", text))
	}
}

// minLifetime returns the lifetime that is asked for, or byDefault. The text
// was validated before.
func (a tokenArguments) minLifetime(byDefault time.Duration) time.Duration {
	d, err := time.ParseDuration(a.MinLifetime.ValueString())
	if err != nil {
		return byDefault
	}
	return d
}

// validate reports arguments that contradict each other, on the attribute.
// Values that are not known yet are not held against the user.
func (a tokenArguments) validate(provider *validatedConfig) diag.Diagnostics {
	var diags diag.Diagnostics
	if a.DeviceToken.ValueString() != "" {
		deviceToken := path.Root("device_token")
		if isUnset(a.InstanceKey) && !provider.mayHave(settingInstanceKey, func(s settings) bool { return !s.instanceKey.IsEmpty() }) {
			diags.AddAttributeError(deviceToken, "Missing instance key",
				"To authorize as a user takes the instance key of the user's group. Set instance_key here, or "+
					settingInstanceKey.String()+" for the provider; or leave device_token out to authorize as admin.")
		}
		if isUnset(a.InstanceID) && !provider.mayHave(settingInstanceID, func(s settings) bool { return s.instanceID != "" }) {
			diags.AddAttributeError(deviceToken, "Missing instance ID",
				"To authorize as a user takes the instance ID of the user's group. Set instance_id here, or "+
					settingInstanceID.String()+" for the provider; or leave device_token out to authorize as admin.")
		}
	}
	resume := path.Root("resume")
	switch access, refresh := a.resumed(); {
	case isUnset(access) && refresh.ValueString() != "":
		diags.AddAttributeError(resume.AtName("access_token"), "Half a session", halfASession("refresh_token", "access_token"))
	case isUnset(refresh) && access.ValueString() != "":
		diags.AddAttributeError(resume.AtName("refresh_token"), "Half a session", halfASession("access_token", "refresh_token"))
	}
	return diags
}

// halfASession explains that a pair of tokens goes together.
func halfASession(given, missing string) string {
	return "resume has " + given + " without " + missing + ". A session is the pair of them: the platform trades both together " +
		"for a new one. Give both, or neither when nothing is stored yet."
}

// isUnset reports whether the value is known to be absent: null or empty.
func isUnset(v types.String) bool { return !v.IsUnknown() && v.ValueString() == "" }

var (
	_ validator.String = durationText{}
	_ validator.String = uuidShaped{}
)
