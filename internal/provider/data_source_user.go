package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// userDataSource implements the data source telematics_user (PLATFORM-API.md
// §8.4).
type userDataSource struct{ configuredData }

var _ datasource.DataSourceWithConfigure = (*userDataSource)(nil)

// userData is a user as the data source has it. What the platform says nothing of
// is null.
type userData struct {
	DeviceToken            types.String `tfsdk:"device_token"`
	InstanceID             types.String `tfsdk:"instance_id"`
	ApplicationID          types.String `tfsdk:"application_id"`
	CompanyID              types.String `tfsdk:"company_id"`
	FirstName              types.String `tfsdk:"first_name"`
	LastName               types.String `tfsdk:"last_name"`
	Nickname               types.String `tfsdk:"nickname"`
	Phone                  types.String `tfsdk:"phone"`
	Email                  types.String `tfsdk:"email"`
	ClientID               types.String `tfsdk:"client_id"`
	Enabled                types.Bool   `tfsdk:"enabled"`
	EnableTracking         types.Bool   `tfsdk:"enable_tracking"`
	EnableLogging          types.Bool   `tfsdk:"enable_logging"`
	EnableRealTimeLocation types.Bool   `tfsdk:"enable_real_time_location"`
	CreatedAt              types.String `tfsdk:"created_at"`
}

// Metadata implements [datasource.DataSource].
func (d *userDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_user"
}

// Schema implements [datasource.DataSource].
func (d *userDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	toldSwitch := func(description string) schema.BoolAttribute {
		return schema.BoolAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An end user, active or not, by the device token. The results are a person's data, and as with every data source they are in state. " +
			"A user that does not exist is an error.",
		Attributes: map[string]schema.Attribute{
			"device_token": schema.StringAttribute{
				MarkdownDescription: "The user's DeviceToken, a UUID.",
				Required:            true,
				Sensitive:           true,
				Validators:          requiredID(),
			},
			"instance_id":               told("The id of the instance (user group) that the user is in."),
			"application_id":            told("The id of its application."),
			"company_id":                told("The id of its company."),
			"first_name":                told("The first name."),
			"last_name":                 told("The last name."),
			"nickname":                  told("The nickname."),
			"phone":                     told("The phone number."),
			"email":                     told("The email address."),
			"client_id":                 told("The user's id in the systems of the company."),
			"enabled":                   toldSwitch("Whether the user is active."),
			"enable_tracking":           toldSwitch("Whether trips are recorded."),
			"enable_logging":            toldSwitch("Whether the app sends its logs."),
			"enable_real_time_location": toldSwitch("Whether the location is sent in real time."),
			"created_at":                told("When the user was made, RFC 3339 in UTC."),
		},
	}
}

// Read implements [datasource.DataSource].
func (d *userDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m userData
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.tokens.accounts.User(d.tokens.logging(ctx), m.DeviceToken.ValueString())
	if !d.tokens.found(&resp.Diagnostics, path.Root("device_token"), "User", err) {
		return
	}
	m = userData{
		DeviceToken: m.DeviceToken,
		InstanceID:  textOrNull(found.InstanceID), ApplicationID: textOrNull(found.ApplicationID), CompanyID: textOrNull(found.CompanyID),
		FirstName: types.StringPointerValue(found.FirstName), LastName: types.StringPointerValue(found.LastName),
		Nickname: types.StringPointerValue(found.Nickname), Phone: types.StringPointerValue(found.Phone),
		Email: types.StringPointerValue(found.Email), ClientID: types.StringPointerValue(found.ClientID),
		Enabled: types.BoolPointerValue(found.Enabled), EnableTracking: types.BoolPointerValue(found.EnableTracking),
		EnableLogging: types.BoolPointerValue(found.EnableLogging), EnableRealTimeLocation: types.BoolPointerValue(found.EnableRealTimeLocation),
		CreatedAt: textOrNull(found.CreatedAt),
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// textOrNull is a text that is not known where it is empty.
func textOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
