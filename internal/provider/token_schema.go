package provider

import (
	"time"

	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// argumentAttributes are the arguments of every object that opens a session.
func argumentAttributes() map[string]dataschema.Attribute {
	return map[string]dataschema.Attribute{
		"authorize_as": dataschema.StringAttribute{
			MarkdownDescription: describeAuthorizeAs,
			Optional:            true,
			Validators:          []validator.String{kindName{}},
		},
		"device_token": dataschema.StringAttribute{
			MarkdownDescription: describeDeviceToken,
			Optional:            true,
			Sensitive:           true,
			Validators:          []validator.String{uuidShaped{}},
		},
		"instance_id": dataschema.StringAttribute{
			MarkdownDescription: describeInstanceID,
			Optional:            true,
			Validators:          []validator.String{uuidShaped{}},
		},
		"instance_key": dataschema.StringAttribute{
			MarkdownDescription: describeInstanceKey,
			Optional:            true,
			Sensitive:           true,
			Validators:          []validator.String{uuidShaped{}},
		},
		"resume": dataschema.SingleNestedAttribute{
			MarkdownDescription: describeResume,
			Optional:            true,
			Attributes: map[string]dataschema.Attribute{
				"access_token": dataschema.StringAttribute{
					MarkdownDescription: describeResumeAccessToken,
					Optional:            true,
					Sensitive:           true,
				},
				"refresh_token": dataschema.StringAttribute{
					MarkdownDescription: describeResumeRefreshToken,
					Optional:            true,
					Sensitive:           true,
				},
			},
		},
		"min_lifetime": dataschema.StringAttribute{
			MarkdownDescription: describeMinLifetime,
			Optional:            true,
			Validators:          []validator.String{durationText{}},
		},
	}
}

// accessTokenAttributes are the arguments and results of the access token,
// ephemeral or not.
func accessTokenAttributes() map[string]dataschema.Attribute {
	attributes := argumentAttributes()
	// The platform tells whose token it is, which matters where a session is
	// resumed without saying so.
	attributes["device_token"] = dataschema.StringAttribute{
		MarkdownDescription: describeDeviceToken + " The result is the platform's, null for an admin.",
		Optional:            true,
		Computed:            true,
		Sensitive:           true,
		Validators:          []validator.String{uuidShaped{}},
	}
	attributes["access_token"] = dataschema.StringAttribute{
		MarkdownDescription: "The access token, a JWT.",
		Computed:            true,
		Sensitive:           true,
	}
	attributes["refresh_token"] = dataschema.StringAttribute{
		MarkdownDescription: "The refresh token that belongs to `access_token`. The platform trades the pair: if you keep one, keep both.",
		Computed:            true,
		Sensitive:           true,
	}
	attributes["authorization"] = dataschema.StringAttribute{
		MarkdownDescription: "The value of the header `Authorization`: `Bearer` and the access token.",
		Computed:            true,
		Sensitive:           true,
	}
	attributes["issued_at"] = issuedAtAttribute
	attributes["expires_at"] = expiresAtAttribute
	attributes["source"] = dataschema.StringAttribute{
		MarkdownDescription: "How the provider got the token: `reused` (a stored or resumed one), `refreshed` or `logged_in`.",
		Computed:            true,
	}
	return attributes
}

var (
	issuedAtAttribute = dataschema.StringAttribute{
		MarkdownDescription: "When the access token was issued, RFC 3339 in UTC.",
		Computed:            true,
	}
	expiresAtAttribute = dataschema.StringAttribute{
		MarkdownDescription: "When the access token ends, RFC 3339 in UTC.",
		Computed:            true,
	}
)

// ephemeralAttributes turns the attributes of a data source into those of an
// ephemeral resource, so that the two cannot drift apart.
func ephemeralAttributes(attributes map[string]dataschema.Attribute) map[string]ephemeralschema.Attribute {
	turned := make(map[string]ephemeralschema.Attribute, len(attributes))
	for name, attribute := range attributes {
		switch a := attribute.(type) {
		case dataschema.StringAttribute:
			turned[name] = ephemeralschema.StringAttribute(a)
		case dataschema.SingleNestedAttribute:
			turned[name] = ephemeralschema.SingleNestedAttribute{
				MarkdownDescription: a.MarkdownDescription,
				Optional:            a.Optional,
				Attributes:          ephemeralAttributes(a.Attributes),
			}
		default:
			panic("an attribute that an ephemeral resource cannot have: " + name)
		}
	}
	return turned
}

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
	// What was configured stays as it is: Terraform insists on it.
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
