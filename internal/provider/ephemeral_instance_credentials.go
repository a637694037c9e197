package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// instanceCredentialsEphemeral implements the ephemeral resource
// telematics_instance_credentials: an admin can read the key of an instance at
// any time, so that it never has to be in state (PLATFORM-API.md §8.3).
type instanceCredentialsEphemeral struct{ configuredEphemeral }

var _ ephemeral.EphemeralResourceWithConfigure = (*instanceCredentialsEphemeral)(nil)

// instanceCredentialsModel is what is handed to Terraform.
type instanceCredentialsModel struct {
	InstanceID    types.String `tfsdk:"instance_id"`
	InstanceKey   types.String `tfsdk:"instance_key"`
	Name          types.String `tfsdk:"name"`
	ApplicationID types.String `tfsdk:"application_id"`
	KeyVersion    types.Int64  `tfsdk:"key_version"`
}

// Metadata implements [ephemeral.EphemeralResource].
func (e *instanceCredentialsEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_instance_credentials"
}

// Schema implements [ephemeral.EphemeralResource].
func (e *instanceCredentialsEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The InstanceKey of an instance (user group), for the length of one run and in no state or plan file. It is read with one request, and nothing is made. " +
			"Hand it to a write-only argument of any secret store.",
		Attributes: map[string]schema.Attribute{
			"instance_id": schema.StringAttribute{
				MarkdownDescription: "The InstanceID. While it is not known, as in the plan that makes the instance, the key is read in the apply.",
				Required:            true,
				Validators:          requiredID(),
			},
			"instance_key":   schema.StringAttribute{MarkdownDescription: "The InstanceKey.", Computed: true, Sensitive: true},
			"name":           schema.StringAttribute{MarkdownDescription: "The instance's name.", Computed: true},
			"application_id": schema.StringAttribute{MarkdownDescription: "The id of its application.", Computed: true},
			"key_version":    schema.Int64Attribute{MarkdownDescription: describeKeyVersion, Computed: true},
		},
	}
}

// Open implements [ephemeral.EphemeralResource].
func (e *instanceCredentialsEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m instanceCredentialsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx = e.tokens.logging(ctx)
	found, err := e.tokens.accounts.Instance(ctx, m.InstanceID.ValueString(), "")
	at := path.Root("instance_id")
	if !e.tokens.found(&resp.Diagnostics, at, "Instance", err) {
		return
	}
	if found.Key.IsEmpty() {
		resp.Diagnostics.AddAttributeError(at, "Instance key not told", "The platform told the instance without its key. Check that the credentials have a role in the instance: "+
			"data \"telematics_permissions\" shows where they have one.")
		return
	}
	m.InstanceKey, m.Name = types.StringValue(found.Key.Reveal()), types.StringValue(found.Name)
	m.ApplicationID, m.KeyVersion = types.StringValue(found.ApplicationID), types.Int64Value(found.KeyVersion())
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}
