package provider

import (
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tokens"
)

// tokenArguments are the arguments that every object which opens a session
// takes.
type tokenArguments struct {
	AuthorizeAs types.String `tfsdk:"authorize_as"`
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
		"Not set: authorize as admin, with the provider's `email` and `password`. An empty text is an error: no admin's token is handed out in its place."
	describeAuthorizeAs = "Whether the token is an `admin`'s or a `user`'s. Not set: a `user`'s with a `device_token`, else an `admin`'s."
	describeInstanceID  = "Overrides the provider's `instance_id` for this token."
	describeInstanceKey = "Overrides the provider's `instance_key` for this token. Without a `device_token` it is an error, unless `authorize_as` is `admin`."
	describeResume      = "A session that is kept in a secret store of your own, used before any login: reused while its access token " +
		"lives for `min_lifetime`, else refreshed. Give both tokens or neither; null and the empty string count as not given, " +
		"so that `try(…, null)` covers the first run, when nothing is stored yet. The claims of the access token tell which account the session " +
		"belongs to: a session of another account is an error, and one without such claims is handed out only to the objects that give it."
	describeResumeAccessToken  = "The access token of the kept session; it may have expired."
	describeResumeRefreshToken = "The refresh token of the kept session. It is spent when used, so store the new one that comes back as `refresh_token`."
	describeMinLifetime        = "How long the token lives at least when it is handed out, as a Go duration such as `15m` or `2h`. A token with less is refreshed " +
		"first; if that fails, a value other than the provider's is an error, even while the token lives. `0s` takes any token that has not expired. " +
		"Default: the provider's `session.min_lifetime`, which is `15m` if not set."
)

// asked are the arguments in the words of the sessions' opener.
func (a tokenArguments) asked() tokens.Arguments {
	access, refresh := a.resumed()
	asked := tokens.Arguments{
		Kind:        session.Kind(a.AuthorizeAs.ValueString()),
		DeviceToken: secret.New(trimmed(a.DeviceToken)),
		InstanceID:  trimmed(a.InstanceID),
		InstanceKey: secret.New(trimmed(a.InstanceKey)),
		Access:      secret.New(access.ValueString()),
		Refresh:     secret.New(refresh.ValueString()),
	}
	if d, err := time.ParseDuration(a.MinLifetime.ValueString()); err == nil {
		asked.MinLifetime = &d
	}
	return asked
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

// validate reports a resume pair of which one half is missing, on its
// attribute. Credentials are asked for when a token is: a plan that opens none
// needs none.
func (a tokenArguments) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	device := path.Root("device_token")
	switch as := a.AuthorizeAs.ValueString(); {
	case as == "admin" && a.DeviceToken.ValueString() != "":
		diags.AddAttributeError(device, "Device token of an admin", "authorize_as is \"admin\", and a device token is a user's. Leave one of them out.")
	case as == "user" && a.DeviceToken.IsNull():
		diags.AddAttributeError(path.Root("authorize_as"), "Missing device token", "To authorize as a user takes the user's device_token.")
	case !a.DeviceToken.IsNull() && isUnset(a.DeviceToken):
		diags.AddAttributeError(device, "Empty device token", "The device token is an empty text. It may come from a value that is missing; "+
			"an admin's token is not handed out in its place. Leave device_token out, or set it to null, to authorize as admin.")
	case as == "" && a.DeviceToken.IsNull() && a.InstanceKey.ValueString() != "":
		diags.AddAttributeError(path.Root("instance_key"), "Missing device token", "instance_key is a user's, and there is no device_token, which may come "+
			"from a value that is missing; an admin's token is not handed out in its place. Set device_token, or authorize_as = \"admin\".")
	}
	resume := path.Root("resume")
	switch access, refresh := a.resumed(); {
	case isUnset(access) && refresh.ValueString() != "":
		diags.AddAttributeError(resume.AtName("access_token"), "Incomplete resume pair", incompletePair("refresh_token", "access_token"))
	case isUnset(refresh) && access.ValueString() != "":
		diags.AddAttributeError(resume.AtName("refresh_token"), "Incomplete resume pair", incompletePair("access_token", "refresh_token"))
	}
	return diags
}

// incompletePair explains that a pair of tokens goes together.
func incompletePair(given, missing string) string {
	return "resume has " + given + " without " + missing + ". A session is the pair of them: the platform trades both together " +
		"for a new one. Give both, or neither when nothing is stored yet."
}

// isUnset reports whether the value is known to be absent: null or empty, or
// nothing but space.
func isUnset(v types.String) bool { return !v.IsUnknown() && trimmed(v) == "" }

// trimmed is an id without the space around it, which no id has.
func trimmed(v types.String) string { return strings.TrimSpace(v.ValueString()) }
