package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// instanceList implements the list resource telematics_instance, for `terraform
// query`.
type instanceList struct{ instanceResource }

var _ list.ListResourceWithConfigure = (*instanceList)(nil)

// instanceFilter says which instances.
type instanceFilter struct {
	CompanyID          types.String `tfsdk:"company_id"`
	ApplicationID      types.String `tfsdk:"application_id"`
	IncludeDeactivated types.Bool   `tfsdk:"include_deactivated"`
}

// ListResourceConfigSchema implements [list.ListResource].
func (l *instanceList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The instances (user groups) of an application, or of all applications of a company, sorted by id. Their InstanceKeys are not among what is listed.\n\n" +
			"-> Lists need Terraform 1.14; with OpenTofu, the data source `telematics_instances` tells them, and an import block with `for_each` takes them over.",
		Attributes: map[string]schema.Attribute{
			"application_id":      scopeFilter("The id of the application, a UUID. Give this or `company_id`.", "application_id", "company_id"),
			"company_id":          scopeFilter("The id of the company, a UUID. Give this or `application_id`."),
			"include_deactivated": includeDeactivatedFilter(),
		},
	}
}

// scopeFilter is an argument that says whose objects are listed. One of the
// arguments has the names of all of which exactly one is given.
func scopeFilter(description string, oneOf ...string) schema.StringAttribute {
	attribute := schema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: requiredID()}
	if len(oneOf) > 0 {
		var paths []path.Expression
		for _, name := range oneOf {
			paths = append(paths, path.MatchRoot(name))
		}
		attribute.Validators = append(attribute.Validators, stringvalidator.ExactlyOneOf(paths...))
	}
	return attribute
}

// List implements [list.ListResource].
func (l *instanceList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter instanceFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	ctx = l.tokens.logging(ctx)
	stream.Results = l.tokens.listed(ctx, req, "Instances not listed", func(yield func(listed, error) bool) {
		applications, err := l.applications(ctx, filter)
		if err != nil {
			yield(listed{}, err)
			return
		}
		for _, application := range applications {
			all, err := l.tokens.accounts.Instances(ctx, application, unlessFalse(filter.IncludeDeactivated))
			if err != nil {
				yield(listed{}, err)
				return
			}
			slices.SortFunc(all, func(a, b accounts.Instance) int { return byID(a.ID, b.ID) })
			for _, each := range all {
				m := instanceModel{Timeouts: noTimeouts(ctx)}
				m.set(each)
				if !yield(listed{name: each.Name, identity: instanceIdentity{m.ID}, resource: &m}, nil) {
					return
				}
			}
		}
	})
}

// applications returns the ids of the applications whose instances are listed.
func (l *instanceList) applications(ctx context.Context, filter instanceFilter) ([]string, error) {
	if id := filter.ApplicationID.ValueString(); id != "" {
		return []string{id}, nil
	}
	all, err := l.tokens.accounts.Applications(ctx, filter.CompanyID.ValueString())
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, each := range all {
		ids[i] = each.ID
	}
	slices.SortFunc(ids, byID)
	return ids, nil
}
