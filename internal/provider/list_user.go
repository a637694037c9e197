package provider

import (
	"cmp"
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// userList implements the list resource telematics_user, for `terraform query`.
type userList struct{ userResource }

var _ list.ListResourceWithConfigure = (*userList)(nil)

// userFilter says which users.
type userFilter struct {
	CompanyID          types.String `tfsdk:"company_id"`
	ApplicationID      types.String `tfsdk:"application_id"`
	InstanceID         types.String `tfsdk:"instance_id"`
	IncludeDeactivated types.Bool   `tfsdk:"include_deactivated"`
}

// ListResourceConfigSchema implements [list.ListResource].
func (l *userList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The users of an instance, of an application or of a company, in the platform's order. What is listed is personal data: names and device tokens are " +
			"shown. A configuration that is generated of it has no device tokens: the import blocks name them.\n\n-> Lists need Terraform 1.14. With OpenTofu, DataHub tells the device tokens.",
		Attributes: map[string]schema.Attribute{
			"instance_id":         scopeFilter("The InstanceID, a UUID. Give one of this, `application_id` and `company_id`.", "instance_id", "application_id", "company_id"),
			"application_id":      scopeFilter("The id of the application, a UUID."),
			"company_id":          scopeFilter("The id of the company, a UUID."),
			"include_deactivated": includeDeactivatedFilter(),
		},
	}
}

// List implements [list.ListResource]. A page of users is read when it is needed.
func (l *userList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter userFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	ctx = l.tokens.logging(ctx)
	scope := accounts.UserScope{
		CompanyID: filter.CompanyID.ValueString(), ApplicationID: filter.ApplicationID.ValueString(), InstanceID: filter.InstanceID.ValueString(),
	}
	stream.Results = l.tokens.listed(ctx, req, "Users not listed", func(yield func(listed, error) bool) {
		for each, err := range l.tokens.accounts.Users(ctx, scope, unlessFalse(filter.IncludeDeactivated)) {
			if err != nil {
				yield(listed{}, err)
				return
			}
			m := userModel{ID: types.StringValue(each.DeviceToken), DeletionPolicy: types.StringValue(deactivateUser), Timeouts: noTimeouts(ctx)}
			m.set(each)
			if !yield(listed{name: nameOf(each), identity: userIdentity{m.ID}, resource: &m}, nil) {
				return
			}
		}
	})
}

// nameOf is what a list calls a user.
func nameOf(u accounts.User) string {
	known := func(s *string) string { return types.StringPointerValue(s).ValueString() }
	return cmp.Or(strings.TrimSpace(known(u.FirstName)+" "+known(u.LastName)), known(u.Nickname), known(u.ClientID), "(no name)")
}
