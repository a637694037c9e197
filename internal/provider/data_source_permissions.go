package provider

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// permissionsDataSource implements the data source telematics_permissions
// (PLATFORM-API.md §8.1).
type permissionsDataSource struct{ configuredData }

var _ datasource.DataSourceWithConfigure = (*permissionsDataSource)(nil)

// permissionsModel is where the credentials have a role.
type permissionsModel struct {
	Companies    []permissionData `tfsdk:"companies"`
	Applications []permissionData `tfsdk:"applications"`
	Instances    []permissionData `tfsdk:"instances"`
}

// permissionData is a role in one object.
type permissionData struct {
	ID     types.String `tfsdk:"id"`
	RoleID types.String `tfsdk:"role_id"`
}

// Metadata implements [datasource.DataSource].
func (d *permissionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_permissions"
}

// Schema implements [datasource.DataSource].
func (d *permissionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	roles := func(description, what string) schema.ListNestedAttribute {
		return schema.ListNestedAttribute{
			MarkdownDescription: description,
			Computed:            true,
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"id":      told("The id of the " + what + "."),
				"role_id": told("The id of the role, such as `rol_0123456789abcdef`."),
			}},
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Where the API authorization credentials of the provider have a role: in companies, applications or instances. " +
			"When all lists are empty, they have none." + describeSorted,
		Attributes: map[string]schema.Attribute{
			"companies":    roles("The companies in which the credentials have a role.", "company"),
			"applications": roles("The applications in which the credentials have a role of their own.", "application"),
			"instances":    roles("The instances in which the credentials have a role of their own.", "instance"),
		},
	}
}

// Read implements [datasource.DataSource].
func (d *permissionsDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	found, err := d.tokens.accounts.Permissions(d.tokens.logging(ctx))
	var failed *platform.RequestError
	if errors.As(err, &failed) && failed.FromPlatform() && failed.Code() == http.StatusForbidden {
		// The usual advice is to look here.
		d.tokens.say(&resp.Diagnostics, "", nil)
		resp.Diagnostics.AddError("Permissions not read", explain.Sentence(err)+" Check that email and password are API authorization credentials.")
		return
	}
	d.tokens.say(&resp.Diagnostics, "Permissions not read", err)
	if err != nil {
		return
	}
	m := permissionsModel{readPermissions(found.Companies), readPermissions(found.Applications), readPermissions(found.Instances)}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func readPermissions(found []accounts.Permission) []permissionData {
	slices.SortFunc(found, func(a, b accounts.Permission) int {
		return cmp.Or(byID(a.ID, b.ID), cmp.Compare(a.RoleID, b.RoleID))
	})
	roles := make([]permissionData, len(found))
	for i, each := range found {
		roles[i] = permissionData{types.StringValue(each.ID), types.StringValue(each.RoleID)}
	}
	return roles
}
