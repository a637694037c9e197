package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
)

// instanceResource implements the resource telematics_instance (PLATFORM-API.md
// §8.3). The key is not in it: the ephemeral resource
// telematics_instance_credentials reads it.
type instanceResource struct{ configuredResource }

var (
	_ resource.ResourceWithConfigure   = (*instanceResource)(nil)
	_ resource.ResourceWithImportState = (*instanceResource)(nil)
	_ resource.ResourceWithIdentity    = (*instanceResource)(nil)
)

// instanceModel is an instance as the resource has it.
type instanceModel struct {
	ID            types.String   `tfsdk:"id"`
	ApplicationID types.String   `tfsdk:"application_id"`
	Name          types.String   `tfsdk:"name"`
	Description   types.String   `tfsdk:"description"`
	Status        types.String   `tfsdk:"status"`
	AllowSameName types.Bool     `tfsdk:"allow_same_name"`
	CompanyID     types.String   `tfsdk:"company_id"`
	InviteCode    types.String   `tfsdk:"invite_code"`
	KeyVersion    types.Int64    `tfsdk:"key_version"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// instanceIdentity is what tells an instance from all others.
type instanceIdentity struct {
	ID types.String `tfsdk:"id"`
}

const describeKeyVersion = "A number that changes exactly when the InstanceKey does, for arguments such as `data_json_wo_version`. It tells nothing of the key, and is the same " +
	"in the resource, the data source and the ephemeral resource."

// Metadata implements [resource.Resource].
func (r *instanceResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_instance"
}

// Schema implements [resource.Resource].
func (r *instanceResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An instance (user group) of an application. Its `id` is the InstanceID that apps and back ends use. Its InstanceKey is not here, and so not in state: " +
			"the ephemeral resource `telematics_instance_credentials` reads it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The InstanceID, a UUID."),
			"application_id": schema.StringAttribute{
				MarkdownDescription: "The id of the application. Another one replaces the instance.",
				Required:            true,
				Validators:          requiredID(),
				PlanModifiers:       []planmodifier.String{replaceIfOther()},
			},
			"name":            nameAttribute("The instance's name."),
			"description":     textAttribute("What the instance is for."),
			"status":          statusAttribute(),
			"allow_same_name": schema.BoolAttribute{MarkdownDescription: describeAllowSameName, Optional: true},
			"company_id":      idAttribute("The id of the company."),
			"invite_code":     idAttribute("The code with which a person joins the group."),
			"key_version": schema.Int64Attribute{
				MarkdownDescription: describeKeyVersion,
				Computed:            true,
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
			},
			"timeouts": timeoutsAttribute(ctx),
		},
	}
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *instanceResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{Description: "The InstanceID.", RequiredForImport: true},
	}}
}

// texts are what can be changed of the instance.
func (m *instanceModel) texts() accounts.InstanceTexts {
	return accounts.InstanceTexts{Name: m.Name.ValueString(), Description: m.Description.ValueString(), Status: m.Status.ValueString()}
}

func (m *instanceModel) identity() instanceIdentity { return instanceIdentity{identityID(m.ID)} }

// set takes over what the platform says.
func (m *instanceModel) set(i accounts.Instance) {
	m.ID = sameID(m.ID, i.ID)
	if i.ApplicationID != "" { // else it would be replaced for an id that the platform left out
		m.ApplicationID = sameID(m.ApplicationID, i.ApplicationID)
	}
	m.Name, m.Description, m.Status = sameText(m.Name, i.Name), sameText(m.Description, i.Description), toldStatus(m.Status, i.Status)
	m.setComputed(i)
}

// setComputed takes over what only the platform knows.
func (m *instanceModel) setComputed(i accounts.Instance) {
	m.CompanyID, m.InviteCode = sameID(m.CompanyID, i.CompanyID), types.StringValue(i.InviteCode)
	m.KeyVersion = keyVersion(i)
}

// keyVersion is null where the platform does not tell the key.
func keyVersion(i accounts.Instance) types.Int64 {
	version := i.KeyVersion()
	if version == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(version)
}

// Create implements [resource.Resource]. The texts are kept as they were planned:
// the next plan shows what the platform made of them.
func (r *instanceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Create)
	defer cancel()
	made, err := r.tokens.accounts.CreateInstance(ctx, m.ApplicationID.ValueString(), m.texts(), accounts.CreateOptions{AllowSameName: m.AllowSameName.ValueBool()})
	r.tokens.say(&resp.Diagnostics, "Instance not created", err)
	if err != nil {
		return
	}
	adopted(&resp.Diagnostics, "instance", made)
	m.ID = types.StringValue(made.ID)
	found, err := r.tokens.accounts.Instance(ctx, made.ID, m.ApplicationID.ValueString())
	if err != nil {
		// An error would taint the instance, and the next apply would make
		// another one with another key.
		resp.Diagnostics.AddWarning("Instance not read", "The instance was made and could not be read yet, so company_id, invite_code and key_version are null until the next run. "+explain.Sentence(err))
	}
	r.tokens.say(&resp.Diagnostics, "", nil)
	m.setComputed(found)
	if err != nil {
		m.CompanyID, m.InviteCode = types.StringNull(), types.StringNull()
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
}

// Read implements [resource.Resource].
func (r *instanceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Also of what has gone: a CLI without identities fails otherwise.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Read)
	defer cancel()
	found, err := r.tokens.accounts.Instance(ctx, m.ID.ValueString(), m.ApplicationID.ValueString())
	if errors.Is(err, accounts.ErrNotFound) {
		r.tokens.say(&resp.Diagnostics, "", nil)
		resp.State.RemoveResource(ctx)
		return
	}
	r.tokens.say(&resp.Diagnostics, "Instance not read", err)
	if err != nil {
		return
	}
	m.set(found)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update implements [resource.Resource].
func (r *instanceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before, m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Update)
	defer cancel()
	if m.texts() != before.texts() {
		err := r.tokens.accounts.UpdateInstance(ctx, m.ID.ValueString(), before.texts(), m.texts())
		r.tokens.say(&resp.Diagnostics, "Instance not updated", err)
		if err != nil {
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete implements [resource.Resource].
func (r *instanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m instanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Delete)
	defer cancel()
	err := r.tokens.accounts.DeleteInstance(ctx, m.ID.ValueString(), m.ApplicationID.ValueString())
	r.tokens.say(&resp.Diagnostics, "Instance not deleted", err)
}

// ImportState implements [resource.ResourceWithImportState], by id or by identity.
func (r *instanceResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	identity := instanceIdentity{types.StringValue(req.ID)}
	if req.ID == "" {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	}
	identity.ID = importID(&resp.Diagnostics, identity.ID, "An instance is imported by its InstanceID.")
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), identity.ID)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, instanceIdentity{identityID(identity.ID)})...)
}
