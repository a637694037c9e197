package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// instancesDataSource implements the data source telematics_instances
// (PLATFORM-API.md §8.3).
type instancesDataSource struct{ configuredData }

var _ datasource.DataSourceWithConfigure = (*instancesDataSource)(nil)

// instancesModel are the instances of an application.
type instancesModel struct {
	ApplicationID      types.String   `tfsdk:"application_id"`
	IncludeDeactivated types.Bool     `tfsdk:"include_deactivated"`
	Instances          []instanceData `tfsdk:"instances"`
}

const describeIncludeDeactivated = "Whether deactivated ones are among them. Default `true`."

// unlessFalse is a switch that is on where it is not given.
func unlessFalse(v types.Bool) bool { return v.IsNull() || v.ValueBool() }

// Metadata implements [datasource.DataSource].
func (d *instancesDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_instances"
}

// Schema implements [datasource.DataSource].
func (d *instancesDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The instances (user groups) of an application, without their keys." + describeSorted,
		Attributes: map[string]schema.Attribute{
			"application_id":      asked("The id of the application, a UUID."),
			"include_deactivated": schema.BoolAttribute{MarkdownDescription: describeIncludeDeactivated, Optional: true},
			"instances": schema.ListNestedAttribute{
				MarkdownDescription: "The instances.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: instanceResults()},
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *instancesDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m instancesModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.tokens.accounts.KnownInstances(d.tokens.logging(ctx), m.ApplicationID.ValueString(), unlessFalse(m.IncludeDeactivated))
	if !d.tokens.found(&resp.Diagnostics, path.Root("application_id"), "Application", err) {
		return
	}
	slices.SortFunc(found, func(a, b accounts.Instance) int { return byID(a.ID, b.ID) })
	m.Instances = make([]instanceData, len(found))
	for i, each := range found {
		m.Instances[i] = readInstance(each)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
