package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// instanceDataSource implements the data source telematics_instance
// (PLATFORM-API.md §8.3). The key is not in it.
type instanceDataSource struct{ configuredData }

var _ datasource.DataSourceWithConfigure = (*instanceDataSource)(nil)

// instanceData is an instance as the data sources have it.
type instanceData struct {
	ID            types.String `tfsdk:"id"`
	ApplicationID types.String `tfsdk:"application_id"`
	CompanyID     types.String `tfsdk:"company_id"`
	Name          types.String `tfsdk:"name"`
	Description   types.String `tfsdk:"description"`
	Status        types.String `tfsdk:"status"`
	InviteCode    types.String `tfsdk:"invite_code"`
	KeyVersion    types.Int64  `tfsdk:"key_version"`
}

func readInstance(i accounts.Instance) instanceData {
	return instanceData{
		ID: types.StringValue(i.ID), ApplicationID: types.StringValue(i.ApplicationID), CompanyID: types.StringValue(i.CompanyID),
		Name: types.StringValue(i.Name), Description: types.StringValue(i.Description), Status: types.StringValue(i.Status),
		InviteCode: types.StringValue(i.InviteCode), KeyVersion: keyVersion(i),
	}
}

// instanceResults are the results of [instanceData].
func instanceResults() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":             told("The InstanceID."),
		"application_id": told("The id of the application."),
		"company_id":     told("The id of the company."),
		"name":           told("The instance's name."),
		"description":    told("What the instance is for. Empty if there is none."),
		"status":         told("`Active` or `Deactivated`."),
		"invite_code":    told("The code with which a person joins the group."),
		"key_version":    schema.Int64Attribute{MarkdownDescription: describeKeyVersion, Computed: true},
	}
}

// Metadata implements [datasource.DataSource].
func (d *instanceDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_instance"
}

// Schema implements [datasource.DataSource].
func (d *instanceDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := instanceResults()
	attributes["id"] = asked("The InstanceID, a UUID.")
	resp.Schema = schema.Schema{
		MarkdownDescription: "An instance (user group), by its InstanceID. Its InstanceKey is not here, and so not in state: the ephemeral resource " +
			"`telematics_instance_credentials` reads it. An instance that does not exist is an error.",
		Attributes: attributes,
	}
}

// Read implements [datasource.DataSource].
func (d *instanceDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m instanceData
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.tokens.accounts.Instance(d.tokens.logging(ctx), m.ID.ValueString(), "")
	if !d.tokens.found(&resp.Diagnostics, path.Root("id"), "Instance", err) {
		return
	}
	id := sameID(m.ID, found.ID)
	m = readInstance(found)
	m.ID = id
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
