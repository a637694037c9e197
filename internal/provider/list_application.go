package provider

import (
	"context"
	"iter"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
)

// applicationList implements the list resource telematics_application, for
// `terraform query`.
type applicationList struct{ applicationResource }

var _ list.ListResourceWithConfigure = (*applicationList)(nil)

// applicationFilter says which applications.
type applicationFilter struct {
	CompanyID          types.String `tfsdk:"company_id"`
	IncludeDeactivated types.Bool   `tfsdk:"include_deactivated"`
}

// ListResourceConfigSchema implements [list.ListResource].
func (l *applicationList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The applications of a company, sorted by id.\n\n" +
			"-> Lists need Terraform 1.14; with OpenTofu, the data source `telematics_applications` tells them.",
		Attributes: map[string]schema.Attribute{
			"company_id": schema.StringAttribute{
				MarkdownDescription: "The id of the company, a UUID; `data \"telematics_permissions\"` shows it.",
				Required:            true,
				Validators:          requiredID(),
			},
			"include_deactivated": includeDeactivatedFilter(),
		},
	}
}

// List implements [list.ListResource].
func (l *applicationList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter applicationFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	ctx = l.tokens.logging(ctx)
	stream.Results = l.tokens.listed(ctx, req, "Applications not listed", func(yield func(listed, error) bool) {
		all, err := l.tokens.accounts.Applications(ctx, filter.CompanyID.ValueString())
		if err != nil {
			yield(listed{}, err)
			return
		}
		slices.SortFunc(all, func(a, b accounts.Application) int { return byID(a.ID, b.ID) })
		for _, each := range all {
			if each.Status == accounts.Deactivated && !unlessFalse(filter.IncludeDeactivated) {
				continue
			}
			m := applicationModel{CompanyID: filter.CompanyID, Timeouts: noTimeouts(ctx)}
			m.set(each)
			if !yield(listed{name: each.Name, identity: m.identity(), resource: &m}, nil) {
				return
			}
		}
	})
}

// includeDeactivatedFilter is an argument of all lists.
func includeDeactivatedFilter() schema.BoolAttribute {
	return schema.BoolAttribute{MarkdownDescription: describeIncludeDeactivated, Optional: true}
}

// listed is an object that a list resource has found.
type listed struct {
	name               string
	identity, resource any
}

// listed makes results of what was found: as many as are asked for at the most.
// The error, if there is one, comes last.
func (o *tokenOpener) listed(ctx context.Context, req list.ListRequest, summary string, found iter.Seq2[listed, error]) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		var (
			count int64
			last  error
		)
		for each, err := range found {
			if last = err; err != nil {
				break
			}
			result := req.NewListResult(ctx)
			result.DisplayName = each.name
			result.Diagnostics.Append(result.Identity.Set(ctx, each.identity)...)
			if req.IncludeResource {
				result.Diagnostics.Append(result.Resource.Set(ctx, each.resource)...)
			}
			if !push(result) {
				return
			}
			if count++; count == req.Limit {
				break
			}
		}
		var diags diag.Diagnostics
		o.say(&diags, summary, last)
		if len(diags) > 0 {
			push(list.ListResult{Diagnostics: diags})
		}
	}
}
