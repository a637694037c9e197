package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
)

// applicationResource implements the resource telematics_application
// (PLATFORM-API.md §8.2).
type applicationResource struct{ configuredResource }

var (
	_ resource.ResourceWithConfigure   = (*applicationResource)(nil)
	_ resource.ResourceWithImportState = (*applicationResource)(nil)
	_ resource.ResourceWithIdentity    = (*applicationResource)(nil)
)

// applicationModel is an application as the resource has it.
type applicationModel struct {
	ID             types.String   `tfsdk:"id"`
	CompanyID      types.String   `tfsdk:"company_id"`
	Name           types.String   `tfsdk:"name"`
	Description    types.String   `tfsdk:"description"`
	Status         types.String   `tfsdk:"status"`
	GooglePlayLink types.String   `tfsdk:"google_play_link"`
	AppleStoreLink types.String   `tfsdk:"apple_store_link"`
	Environment    types.String   `tfsdk:"environment"`
	AllowSameName  types.Bool     `tfsdk:"allow_same_name"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// applicationIdentity is what tells an application from all others. The platform
// does not tell the company of an application.
type applicationIdentity struct {
	CompanyID types.String `tfsdk:"company_id"`
	ID        types.String `tfsdk:"id"`
}

// Metadata implements [resource.Resource].
func (r *applicationResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_application"
}

// textAttribute is a text that is empty where it is not given: removing it clears
// it on the platform.
func textAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description + " Not given and empty are the same.",
		Optional:            true,
		Computed:            true,
		Default:             stringdefault.StaticString(""),
	}
}

// nameAttribute is the name of an object.
func nameAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Required:            true,
		Validators:          []validator.String{isGiven()},
	}
}

// statusAttribute is the status of an application or an instance.
func statusAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "`Active` (default) or `Deactivated`.",
		Optional:            true,
		Computed:            true,
		Default:             stringdefault.StaticString(accounts.Active),
		Validators:          []validator.String{stringvalidator.OneOf(accounts.Active, accounts.Deactivated)},
	}
}

// Schema implements [resource.Resource].
func (r *applicationResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An application of a company, which holds the instances (user groups). It has no key; those of its instances do.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The application's id, a UUID."),
			"company_id": schema.StringAttribute{
				MarkdownDescription: "The id of the company, a UUID; `data \"telematics_permissions\"` shows it. Another one replaces the application.",
				Required:            true,
				Validators:          requiredID(),
				PlanModifiers:       []planmodifier.String{replaceIfOther()},
			},
			"name":             nameAttribute("The application's name."),
			"description":      textAttribute("What the application is for."),
			"status":           statusAttribute(),
			"google_play_link": textAttribute("The app's page in the Play Store."),
			"apple_store_link": textAttribute("The app's page in the App Store."),
			"environment":      textAttribute("The kind of environment, such as `production`, `UAT` or `test`."),
			"allow_same_name":  schema.BoolAttribute{MarkdownDescription: describeAllowSameName, Optional: true},
			"timeouts":         timeoutsAttribute(ctx),
		},
	}
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *applicationResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"company_id": identityschema.StringAttribute{Description: "The id of the company.", RequiredForImport: true},
		"id":         identityschema.StringAttribute{Description: "The application's id.", RequiredForImport: true},
	}}
}

// texts are what can be changed of the application.
func (m *applicationModel) texts() accounts.ApplicationTexts {
	return accounts.ApplicationTexts{
		Name: m.Name.ValueString(), Description: m.Description.ValueString(), Status: m.Status.ValueString(),
		GooglePlayLink: m.GooglePlayLink.ValueString(), AppleStoreLink: m.AppleStoreLink.ValueString(), Environment: m.Environment.ValueString(),
	}
}

// set takes over what the platform says.
func (m *applicationModel) set(a accounts.Application) {
	m.ID = sameID(m.ID, a.ID)
	m.Name, m.Description, m.Status = sameText(m.Name, a.Name), sameText(m.Description, a.Description), toldStatus(m.Status, a.Status)
	m.GooglePlayLink, m.AppleStoreLink = sameText(m.GooglePlayLink, a.GooglePlayLink), sameText(m.AppleStoreLink, a.AppleStoreLink)
	m.Environment = sameText(m.Environment, a.Environment)
}

func (m *applicationModel) identity() applicationIdentity {
	return applicationIdentity{CompanyID: identityID(m.CompanyID), ID: identityID(m.ID)}
}

// Create implements [resource.Resource]. What was planned is what is kept: a read
// of it would tell nothing more, and the next plan shows what the platform made
// of it.
func (r *applicationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m applicationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Create)
	defer cancel()
	made, err := r.tokens.accounts.CreateApplication(ctx, m.CompanyID.ValueString(), m.texts(), accounts.CreateOptions{AllowSameName: m.AllowSameName.ValueBool()})
	r.tokens.say(&resp.Diagnostics, "Application not created", err)
	if err != nil {
		return
	}
	adopted(&resp.Diagnostics, "application", made)
	m.ID = types.StringValue(made.ID)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
}

// Read implements [resource.Resource].
func (r *applicationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m applicationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Also of what has gone: a CLI without identities fails otherwise.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Read)
	defer cancel()
	found, err := r.tokens.accounts.Application(ctx, m.ID.ValueString())
	if errors.Is(err, accounts.ErrNotFound) {
		r.tokens.say(&resp.Diagnostics, "", nil)
		resp.State.RemoveResource(ctx)
		return
	}
	r.tokens.say(&resp.Diagnostics, "Application not read", err)
	if err != nil {
		return
	}
	if m.Name.IsNull() && !r.isOfCompany(ctx, &resp.Diagnostics, m.CompanyID.ValueString(), found) {
		return
	}
	m.set(found)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// isOfCompany checks the company of an application that is imported, which the
// platform does not tell (PLATFORM-API.md §8.2): with a wrong one in state, the next
// plan would replace the application. Whether the list of a company has deactivated
// ones is not known.
func (r *applicationResource) isOfCompany(ctx context.Context, diags *diag.Diagnostics, companyID string, found accounts.Application) bool {
	all, err := r.tokens.accounts.Applications(ctx, companyID)
	listed := slices.ContainsFunc(all, func(a accounts.Application) bool { return accounts.SameID(a.ID, found.ID) })
	switch {
	case listed:
	case err == nil && found.Status == accounts.Active:
		diags.AddAttributeError(path.Root("company_id"), "Application of another company", "The company of this company_id does not have this application. An application is imported "+
			"by the ids of its company and its own, as company_id/id; data \"telematics_permissions\" shows the companies.")
		return false
	case err == nil:
		diags.AddAttributeWarning(path.Root("company_id"), "Company not checked", "The application is deactivated, and the list of the company does not have it. "+companyAdvice)
	default:
		diags.AddAttributeWarning(path.Root("company_id"), "Company not checked", "The platform does not tell the company of an application, and the list of the company could not be read. "+
			explain.Sentence(err)+" "+companyAdvice)
	}
	return true
}

const companyAdvice = "Check company_id: with a wrong one in state, the next plan replaces the application."

// Update implements [resource.Resource].
func (r *applicationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before, m applicationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Update)
	defer cancel()
	if m.texts() != before.texts() {
		err := r.tokens.accounts.UpdateApplication(ctx, m.ID.ValueString(), before.texts(), m.texts())
		r.tokens.say(&resp.Diagnostics, "Application not updated", err)
		if err != nil {
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete implements [resource.Resource].
func (r *applicationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m applicationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Delete)
	defer cancel()
	err := r.tokens.accounts.DeleteApplication(ctx, m.ID.ValueString())
	r.tokens.say(&resp.Diagnostics, "Application not deleted", err)
}

const byCompany = "An application is imported by the ids of its company and its own, as company_id/id. The platform does not tell the company of an application."

// ImportState implements [resource.ResourceWithImportState], by company_id/id or by
// identity.
func (r *applicationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	var identity applicationIdentity
	if req.ID != "" {
		company, id, ok := strings.Cut(req.ID, "/")
		if !ok || strings.Contains(id, "/") {
			resp.Diagnostics.AddError("Invalid import id", byCompany)
			return
		}
		identity = applicationIdentity{types.StringValue(company), types.StringValue(id)}
	} else {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	}
	identity.CompanyID, identity.ID = importID(&resp.Diagnostics, identity.CompanyID, byCompany), importID(&resp.Diagnostics, identity.ID, byCompany)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("company_id"), identity.CompanyID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), identity.ID)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, applicationIdentity{identityID(identity.CompanyID), identityID(identity.ID)})...)
}
