package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// applicationsDataSource implements the data source telematics_applications
// (PLATFORM-API.md §8.2).
type applicationsDataSource struct{ configuredData }

var _ datasource.DataSourceWithConfigure = (*applicationsDataSource)(nil)

// applicationsModel are the applications of a company.
type applicationsModel struct {
	CompanyID    types.String      `tfsdk:"company_id"`
	Applications []applicationData `tfsdk:"applications"`
}

// describeSorted ends the descriptions of lists.
const describeSorted = " They are sorted by id, so that a plan does not change when the platform's order does."

// Metadata implements [datasource.DataSource].
func (d *applicationsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_applications"
}

// Schema implements [datasource.DataSource].
func (d *applicationsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The applications of a company." + describeSorted,
		Attributes: map[string]schema.Attribute{
			"company_id": asked("The id of the company, a UUID; `data \"telematics_permissions\"` shows it."),
			"applications": schema.ListNestedAttribute{
				MarkdownDescription: "The applications, deactivated ones as well.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: applicationResults()},
			},
		},
	}
}

// Read implements [datasource.DataSource].
func (d *applicationsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m applicationsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := d.tokens.accounts.Applications(d.tokens.logging(ctx), m.CompanyID.ValueString())
	if !d.tokens.found(&resp.Diagnostics, path.Root("company_id"), "Company", err) {
		return
	}
	slices.SortFunc(found, func(a, b accounts.Application) int { return byID(a.ID, b.ID) })
	m.Applications = make([]applicationData, len(found))
	for i, each := range found {
		m.Applications[i] = readApplication(each)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// byID orders ids, whatever their case.
func byID(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
