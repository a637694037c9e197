package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// applicationDataSource implements the data source telematics_application
// (PLATFORM-API.md §8.2).
type applicationDataSource struct{ configuredData }

var _ datasource.DataSourceWithConfigure = (*applicationDataSource)(nil)

// applicationData is an application as the data sources have it. The platform does
// not tell the company of one.
type applicationData struct {
	ID             types.String `tfsdk:"id"`
	Name           types.String `tfsdk:"name"`
	Description    types.String `tfsdk:"description"`
	Status         types.String `tfsdk:"status"`
	GooglePlayLink types.String `tfsdk:"google_play_link"`
	AppleStoreLink types.String `tfsdk:"apple_store_link"`
	Environment    types.String `tfsdk:"environment"`
}

func readApplication(a accounts.Application) applicationData {
	return applicationData{
		ID: types.StringValue(a.ID), Name: types.StringValue(a.Name), Description: types.StringValue(a.Description), Status: types.StringValue(a.Status),
		GooglePlayLink: types.StringValue(a.GooglePlayLink), AppleStoreLink: types.StringValue(a.AppleStoreLink), Environment: types.StringValue(a.Environment),
	}
}

// told is a text that the platform tells.
func told(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

// asked is the id of what is asked for.
func asked(description string) schema.StringAttribute {
	return schema.StringAttribute{MarkdownDescription: description, Required: true, Validators: requiredID()}
}

// applicationResults are the results of [applicationData].
func applicationResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":               told("The application's id."),
		"name":             told("The application's name."),
		"description":      told("What the application is for. Empty if there is none."),
		"status":           told("`Active` or `Deactivated`."),
		"google_play_link": told("The app's page in the Play Store. Empty if there is none."),
		"apple_store_link": told("The app's page in the App Store. Empty if there is none."),
		"environment":      told("The kind of environment, such as `production`. Empty if there is none."),
	}
}

// Metadata implements [datasource.DataSource].
func (d *applicationDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_application"
}

// Schema implements [datasource.DataSource].
func (d *applicationDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := applicationResults()
	attributes["id"] = asked("The application's id, a UUID.")
	resp.Schema = schema.Schema{
		MarkdownDescription: "An application, by its id. An application that does not exist is an error.",
		Attributes:          attributes,
	}
}

// Read implements [datasource.DataSource].
func (d *applicationDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m applicationData
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.tokens.accounts.Application(d.tokens.logging(ctx), m.ID.ValueString())
	if !d.tokens.found(&resp.Diagnostics, path.Root("id"), "Application", err) {
		return
	}
	id := sameID(m.ID, found.ID)
	m = readApplication(found)
	m.ID = id
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
