package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// providerModel is the provider block.
type providerModel struct {
	InstanceID     types.String `tfsdk:"instance_id"`
	InstanceKey    types.String `tfsdk:"instance_key"`
	Email          types.String `tfsdk:"email"`
	Password       types.String `tfsdk:"password"`
	UserServiceURL types.String `tfsdk:"user_service_url"`
	LoginFormat    types.String `tfsdk:"login_format"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
	LoginLimit     types.Int64  `tfsdk:"login_limit"`
	LoginWindow    types.String `tfsdk:"login_window"`
	LoginWait      types.String `tfsdk:"login_wait"`
	Session        types.Object `tfsdk:"session"`
}

// Schema implements [provider.Provider].
func (p *telematicsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Gets API access tokens of the telematics platform and hands them to other providers and to " +
			"secret stores, without leaving a secret in state. A login is the last resort: a session that is " +
			"still good is reused, one that is not is refreshed, and only then are credentials sent.",
		Attributes: map[string]schema.Attribute{
			settingInstanceID.attribute: schema.StringAttribute{
				MarkdownDescription: "The instance ID, a UUID. To authorize as admin: the API InstanceID that comes with the API " +
					"authorization credentials; may be left out. To authorize as user: the user group's InstanceID. " +
					env(settingInstanceID),
				Optional: true,
			},
			settingInstanceKey.attribute: schema.StringAttribute{
				MarkdownDescription: "The user group's InstanceKey, a UUID. Needed to authorize as user. " + env(settingInstanceKey),
				Optional:            true,
				Sensitive:           true,
			},
			settingEmail.attribute: schema.StringAttribute{
				MarkdownDescription: "The API login: the email of the API authorization credentials generated in DataHub, " +
					"which is not the login of the DataHub web page. Needed to authorize as admin. " + env(settingEmail),
				Optional: true,
			},
			settingPassword.attribute: schema.StringAttribute{
				MarkdownDescription: "The API password of the API authorization credentials. Needed to authorize as admin. " + env(settingPassword),
				Optional:            true,
				Sensitive:           true,
			},
			settingUserServiceURL.attribute: schema.StringAttribute{
				MarkdownDescription: "The base URL of the platform's user-service. It must be `https`, unless its host is this machine " +
					"(`localhost` or a loopback address). Default `" + defaultUserServiceURL + "`. " + env(settingUserServiceURL),
				Optional: true,
			},
			settingLoginFormat.attribute: schema.StringAttribute{
				MarkdownDescription: "How the login is written: `object` (default) sends the login fields as a JSON object, `string` as a " +
					"JSON document inside a string. The platform's documentation has both; the error of a refused login " +
					"says when to try the other. " + env(settingLoginFormat),
				Optional: true,
			},
			settingRequestTimeout.attribute: schema.StringAttribute{
				MarkdownDescription: "How long one request to the platform may take, as a Go duration such as `30s`. Default `30s`. " +
					env(settingRequestTimeout),
				Optional: true,
			},
			settingLoginLimit.attribute: schema.Int64Attribute{
				MarkdownDescription: "How many logins the platform allows an address within `login_window`. One more would block the address " +
					"for an hour, so it is held back. Default `5`. " + env(settingLoginLimit),
				Optional: true,
			},
			settingLoginWindow.attribute: schema.StringAttribute{
				MarkdownDescription: "The window that `login_limit` is for, as a Go duration. Default `1m`. " + env(settingLoginWindow),
				Optional:            true,
			},
			settingLoginWait.attribute: schema.StringAttribute{
				MarkdownDescription: "How long a login waits at the most for its place within the limit, as a Go duration; past that it fails " +
					"before anything is sent, and says when it can succeed. Default `2m`. " + env(settingLoginWait),
				Optional: true,
			},
			settingSession.attribute: sessionAttribute(),
		},
	}
}

// env is the sentence of a description that names the environment variable.
func env(s setting) string {
	return "May be set by the environment variable `" + s.variable + "`."
}
