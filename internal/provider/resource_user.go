package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
)

// userResource implements the resource telematics_user (PLATFORM-API.md §8.4).
type userResource struct{ configuredResource }

var (
	_ resource.ResourceWithConfigure   = (*userResource)(nil)
	_ resource.ResourceWithImportState = (*userResource)(nil)
	_ resource.ResourceWithIdentity    = (*userResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*userResource)(nil)
)

// userModel is a user as the resource has it.
type userModel struct {
	ID                     types.String   `tfsdk:"id"`
	InstanceID             types.String   `tfsdk:"instance_id"`
	DeviceToken            types.String   `tfsdk:"device_token"`
	FirstName              types.String   `tfsdk:"first_name"`
	LastName               types.String   `tfsdk:"last_name"`
	Nickname               types.String   `tfsdk:"nickname"`
	Phone                  types.String   `tfsdk:"phone"`
	Email                  types.String   `tfsdk:"email"`
	ClientID               types.String   `tfsdk:"client_id"`
	Enabled                types.Bool     `tfsdk:"enabled"`
	EnableTracking         types.Bool     `tfsdk:"enable_tracking"`
	EnableLogging          types.Bool     `tfsdk:"enable_logging"`
	EnableRealTimeLocation types.Bool     `tfsdk:"enable_real_time_location"`
	DeletionPolicy         types.String   `tfsdk:"deletion_policy"`
	CreatedAt              types.String   `tfsdk:"created_at"`
	Timeouts               timeouts.Value `tfsdk:"timeouts"`
}

// userIdentity is what tells a user from all others.
type userIdentity struct {
	DeviceToken types.String `tfsdk:"device_token"`
}

// What becomes of a user that is destroyed.
const (
	deactivateUser = "DEACTIVATE"
	abandonUser    = "ABANDON"
	deleteUser     = "DELETE"
)

// Keys of a user's private state.
const (
	// destroyKey has the walk in which a destroy was planned.
	destroyKey = "destroy_planned_by"
	// applicationKey has the id of the application of the user's instance.
	applicationKey = "application_id"
)

// Metadata implements [resource.Resource].
func (r *userResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_user"
}

// userTextAttribute is a text of a user, which the app writes, too.
func userTextAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description + " Left alone where it is not given; `\"\"` clears it.",
		Optional:            true,
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// userSwitchAttribute is a switch of a user, which the app writes, too.
func userSwitchAttribute(description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		MarkdownDescription: description + " Left alone where it is not given.",
		Optional:            true,
		Computed:            true,
		PlanModifiers:       []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
	}
}

// Schema implements [resource.Resource].
func (r *userResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An end user of an instance (user group).\n\n" +
			"~> **State holds personal data:** whatever the platform knows of the user's names, phone, email and client id is " +
			"written into state, also what is not given here, because the app writes it, too. Keep state where only those may read it that may know the users.",
		Attributes: map[string]schema.Attribute{
			// The same value as device_token, and as sensitive.
			"id": schema.StringAttribute{
				MarkdownDescription: "The device token.",
				Computed:            true,
				Sensitive:           true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"instance_id": schema.StringAttribute{
				MarkdownDescription: "The InstanceID of the user's instance. Another one moves the user in place: the InstanceKey that this takes is read in the apply.",
				Required:            true,
				Validators:          requiredID(),
				PlanModifiers:       []planmodifier.String{keepSpelling()},
			},
			"device_token": schema.StringAttribute{
				MarkdownDescription: "The user's DeviceToken, a UUID. One that exists on the platform is an error. Made here where it is not given; a run that is killed before it " +
					"can write its state then leaves a user behind, of whom the next run can only warn where there is a `client_id`. Another one replaces the user. " +
					"`-replace` cannot make another user of the same device token: the old one keeps it, deactivated.",
				Optional:      true,
				Computed:      true,
				Sensitive:     true,
				Validators:    []validator.String{stringvalidator.RegexMatches(notBlank, "must not be blank; leave it out, and one is made"), uuidShaped{}},
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), replaceIfOther()},
			},
			"first_name":                userTextAttribute("The first name."),
			"last_name":                 userTextAttribute("The last name."),
			"nickname":                  userTextAttribute("The nickname."),
			"phone":                     userTextAttribute("The phone number."),
			"email":                     userTextAttribute("The email address."),
			"client_id":                 userTextAttribute("The user's id in the company's own systems."),
			"enabled":                   userSwitchAttribute("Whether the user is active. `false` deactivates the user, which stays on the platform with all trips."),
			"enable_tracking":           userSwitchAttribute("Whether trips are recorded."),
			"enable_logging":            userSwitchAttribute("Whether the app writes logs."),
			"enable_real_time_location": userSwitchAttribute("Whether the location is sent in real time."),
			"deletion_policy": schema.StringAttribute{
				MarkdownDescription: "What a destroy does. `DEACTIVATE` (default) deactivates the user. `ABANDON` only removes the user from state. `DELETE` deletes the user **and all " +
					"trips of the person, which cannot be undone**; it must have been applied before the destroy. A replacement never deletes: with `DELETE`, the user that is " +
					"replaced is deactivated.",
				Optional:   true,
				Computed:   true,
				Default:    stringdefault.StaticString(deactivateUser),
				Validators: []validator.String{stringvalidator.OneOf(deactivateUser, abandonUser, deleteUser)},
			},
			"created_at": idAttribute("When the user was made, RFC 3339."),
			"timeouts":   timeoutsAttribute(ctx),
		},
	}
}

// IdentitySchema implements [resource.ResourceWithIdentity].
func (r *userResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"device_token": identityschema.StringAttribute{Description: "The user's DeviceToken.", RequiredForImport: true},
	}}
}

func (m *userModel) identity() userIdentity { return userIdentity{identityID(m.ID)} }

// each calls text and flag with every field of the model and its counterpart.
func (m *userModel) each(f *accounts.UserFields, text func(*types.String, **string), flag func(*types.Bool, **bool)) {
	text(&m.FirstName, &f.FirstName)
	text(&m.LastName, &f.LastName)
	text(&m.Nickname, &f.Nickname)
	text(&m.Phone, &f.Phone)
	text(&m.Email, &f.Email)
	text(&m.ClientID, &f.ClientID)
	flag(&m.Enabled, &f.Enabled)
	flag(&m.EnableTracking, &f.EnableTracking)
	flag(&m.EnableLogging, &f.EnableLogging)
	flag(&m.EnableRealTimeLocation, &f.EnableRealTimeLocation)
}

// fields are the fields that are known; the others are nil.
func (m *userModel) fields() accounts.UserFields {
	var f accounts.UserFields
	m.each(&f, func(known *types.String, field **string) {
		if !known.IsNull() && !known.IsUnknown() {
			*field = known.ValueStringPointer()
		}
	}, func(known *types.Bool, field **bool) {
		if !known.IsNull() && !known.IsUnknown() {
			*field = known.ValueBoolPointer()
		}
	})
	return f
}

// set takes over what the platform says.
func (m *userModel) set(u accounts.User) {
	if m.DeviceToken.IsNull() {
		m.DeviceToken = m.ID
	}
	if u.InstanceID != "" {
		m.InstanceID = sameID(m.InstanceID, u.InstanceID)
	}
	m.each(&u.UserFields, func(known *types.String, field **string) {
		*known = userText(*known, *field)
	}, func(known *types.Bool, field **bool) {
		// Null is the same as false where it was said to be false.
		if *field != nil || known.ValueBool() || known.IsUnknown() {
			*known = types.BoolPointerValue(*field)
		}
	})
	m.setCreatedAt(u)
}

// setUnknown takes over what was not given.
func (m *userModel) setUnknown(u accounts.User) {
	m.each(&u.UserFields, func(known *types.String, field **string) {
		if known.IsUnknown() {
			*known = userText(*known, *field)
		}
	}, func(known *types.Bool, field **bool) {
		if known.IsUnknown() {
			*known = types.BoolPointerValue(*field)
		}
	})
	m.setCreatedAt(u)
}

func (m *userModel) setCreatedAt(u accounts.User) {
	m.CreatedAt = types.StringNull()
	if u.CreatedAt != "" {
		m.CreatedAt = types.StringValue(u.CreatedAt)
	}
}

// userText is a text as the platform has it. One that is not set there is empty
// where the configuration has cleared it, and else null.
func userText(known types.String, platforms *string) types.String {
	switch {
	case platforms != nil && *platforms != "":
		return sameText(known, *platforms)
	case !known.IsNull() && !known.IsUnknown() && accounts.SameText(known.ValueString(), ""):
		return known
	default:
		return types.StringNull()
	}
}

// A privateState keeps what is no attribute.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// remembered reads a text of the private state, which is empty where there is
// none.
func remembered(ctx context.Context, private privateState, key string) string {
	var text string
	if encoded, diags := private.GetKey(ctx, key); !diags.HasError() && len(encoded) > 0 {
		_ = json.Unmarshal(encoded, &text)
	}
	return text
}

// remember writes a text of the private state, where it is another one.
func remember(ctx context.Context, private privateState, key, text string, diags *diag.Diagnostics) {
	if remembered(ctx, private, key) == text {
		return
	}
	encoded, err := json.Marshal(text)
	if err != nil { // no text has one
		diags.AddError("Private state not written", explain.Sentence(err))
		return
	}
	diags.Append(private.SetKey(ctx, key, encoded)...)
}

// ModifyPlan implements [resource.ResourceWithModifyPlan]. It warns of the policy
// DELETE, and notes in which walk a destroy was planned: see destroyIsPlanned.
func (r *userResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.tokens == nil {
		return
	}
	at := path.Root("deletion_policy")
	var before, planned types.String
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, at, &before)...)
	}
	if req.Plan.Raw.IsNull() {
		remember(ctx, resp.Private, destroyKey, r.tokens.walk, &resp.Diagnostics)
		if before.ValueString() == deleteUser {
			resp.Diagnostics.AddWarning("User and trips will be deleted", "The deletion_policy of this user is DELETE: the platform deletes all trips of the person with the user, "+
				"which cannot be undone. To keep them, apply deletion_policy = \"DEACTIVATE\" or \"ABANDON\" first.")
		}
		return
	}
	remember(ctx, resp.Private, destroyKey, "", &resp.Diagnostics)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, at, &planned)...)
	if planned.ValueString() == deleteUser && before.ValueString() != deleteUser {
		resp.Diagnostics.AddAttributeWarning(at, "A destroy will delete trips", "Once this is applied, a destroy deletes the user and all trips of the person, which cannot be undone.")
	}
}

// destroyIsPlanned reports whether a delete carries out a destroy that a plan has
// shown, and is not part of a replacement. A replacement plans no destroy: what it
// takes away has the private state of what is made in its place, or, with
// create_before_destroy, is planned in the walk of the apply itself.
func (r *userResource) destroyIsPlanned(ctx context.Context, private privateState) bool {
	walk := remembered(ctx, private, destroyKey)
	return walk != "" && walk != r.tokens.walk
}

// instance reads an instance with its key.
func (r *userResource) instance(ctx context.Context, diags *diag.Diagnostics, id types.String, summary string) (accounts.Instance, bool) {
	found, err := r.tokens.accounts.Instance(ctx, id.ValueString(), "")
	at := path.Root("instance_id")
	switch {
	case errors.Is(err, accounts.ErrNotFound):
		r.tokens.found(diags, at, "Instance", err)
	case err != nil:
		r.tokens.say(diags, summary, err)
	case found.Key.IsEmpty():
		diags.AddAttributeError(at, "Instance key not told", "The platform told the instance without its key, which the user's registration and move take. Check that the credentials "+
			"have a role in the instance: data \"telematics_permissions\" shows where they have one.")
	default:
		return found, true
	}
	return accounts.Instance{}, false
}

// Create implements [resource.Resource]. What was given is kept as it was planned:
// the next plan shows what the platform made of it.
func (r *userResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m userModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Create)
	defer cancel()
	in, ok := r.instance(ctx, &resp.Diagnostics, m.InstanceID, "User not created")
	if !ok {
		return
	}
	given := !m.DeviceToken.IsUnknown() && !m.DeviceToken.IsNull()
	if !given {
		m.DeviceToken = types.StringValue(accounts.NewDeviceToken())
		if !r.nameOthers(ctx, &resp.Diagnostics, m) {
			return
		}
	}
	m.ID = m.DeviceToken
	token, wanted := m.ID.ValueString(), m.fields()
	// There is nothing to be cleared yet.
	err := r.tokens.accounts.RegisterUser(ctx, in, token, wanted.Changes(accounts.UserFields{}))
	r.tokens.say(&resp.Diagnostics, "User not created", err)
	var doubt *accounts.UserDoubtError
	if err != nil && !errors.As(err, &doubt) {
		return
	}
	var found accounts.User
	if err == nil {
		found = r.registered(ctx, &resp.Diagnostics, token, wanted)
	} else {
		another := "another one is made."
		if given {
			another = "another one cannot be made: the device token is taken."
		}
		resp.Diagnostics.AddWarning("User is in state", "The user may have been made, so the device token is in state. If the next plan finds the user, it is tainted: "+
			"`terraform untaint` keeps it, else it is deactivated and "+another)
	}
	m.setUnknown(found)
	remember(ctx, resp.Private, applicationKey, in.ApplicationID, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
}

// nameOthers warns of users that an earlier run may have made and been cut off
// before it could write its state. A device token that was made up then is in no
// state; the client id tells, where there is one.
func (r *userResource) nameOthers(ctx context.Context, diags *diag.Diagnostics, m userModel) bool {
	client := m.ClientID.ValueString()
	if client == "" {
		return true
	}
	others, err := r.tokens.accounts.UsersOfClient(ctx, client, m.InstanceID.ValueString())
	if err != nil {
		r.tokens.say(diags, "User not created", err)
		return false
	}
	for _, other := range others {
		diags.AddAttributeWarning(path.Root("client_id"), "Another user has this client id", fmt.Sprintf("The instance has an active user with the client_id %q already, made at %s. "+
			"If it is in no state, an earlier run may have made it and been cut off: DataHub, or `terraform query` with list \"telematics_user\", tells the device token. "+
			"Import it in the place of the one that is made now, or deactivate it.", client, other.CreatedAt))
	}
	return true
}

// registered reads a user that was made, and writes those of the wanted fields
// that the registration has not taken: which it takes is not documented in full
// (PLATFORM-API.md §8.4). What fails is a warning: an error would taint the user,
// and the next apply would make another one.
func (r *userResource) registered(ctx context.Context, diags *diag.Diagnostics, token string, wanted accounts.UserFields) accounts.User {
	found, err := r.tokens.accounts.User(ctx, token)
	if err != nil {
		diags.AddWarning("User not read", "The user was made and could not be read yet, so what was not given is null until the next run. "+explain.Sentence(err))
	} else if missing := wanted.Changes(found.UserFields); missing != (accounts.UserFields{}) {
		if err := r.tokens.accounts.UpdateUser(ctx, token, missing); err != nil {
			diags.AddWarning("User not complete", "The user was made, and not all that was given was written. The next plan shows what is missing. "+explain.Sentence(err))
		}
	}
	r.tokens.say(diags, "", nil)
	return found
}

// Read implements [resource.Resource]. A user that was deactivated is there.
func (r *userResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Also of what has gone: a CLI without identities fails otherwise.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Read)
	defer cancel()
	found, err := r.read(ctx, m, remembered(ctx, req.Private, applicationKey))
	if errors.Is(err, accounts.ErrNotFound) {
		r.tokens.say(&resp.Diagnostics, "", nil)
		if m.InstanceID.IsNull() {
			resp.Diagnostics.AddError("User not found", "The platform has no user with this device token, or the credentials have no role in its instance: data \"telematics_permissions\" "+
				"shows where they have one.")
			return
		}
		resp.State.RemoveResource(ctx)
		return
	}
	r.tokens.say(&resp.Diagnostics, "User not read", err)
	if err != nil {
		return
	}
	m.set(found)
	if m.DeletionPolicy.IsNull() {
		m.DeletionPolicy = types.StringValue(deactivateUser)
	}
	if found.ApplicationID != "" {
		remember(ctx, resp.Private, applicationKey, found.ApplicationID, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// read reads a user; where the user was is not known in an import.
func (r *userResource) read(ctx context.Context, m userModel, applicationID string) (accounts.User, error) {
	if m.InstanceID.IsNull() {
		return r.tokens.accounts.User(ctx, m.ID.ValueString())
	}
	return r.tokens.accounts.UserOf(ctx, m.ID.ValueString(), m.InstanceID.ValueString(), applicationID)
}

// Update implements [resource.Resource].
func (r *userResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before, m userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, m.identity())...)
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Update)
	defer cancel()
	write := func() bool {
		changes := m.fields().Changes(before.fields())
		if changes == (accounts.UserFields{}) {
			return true
		}
		err := r.tokens.accounts.UpdateUser(ctx, m.ID.ValueString(), changes)
		r.tokens.say(&resp.Diagnostics, "User not updated", err)
		return err == nil
	}
	move := func() bool {
		if accounts.SameID(m.InstanceID.ValueString(), before.InstanceID.ValueString()) {
			return true
		}
		to, ok := r.instance(ctx, &resp.Diagnostics, m.InstanceID, "User not moved")
		if !ok {
			return false
		}
		err := r.tokens.accounts.MoveUser(ctx, m.ID.ValueString(), to)
		r.tokens.say(&resp.Diagnostics, "User not moved", err)
		if err != nil {
			return false
		}
		remember(ctx, resp.Private, applicationKey, to.ApplicationID, &resp.Diagnostics)
		return true
	}
	// Whether a user that is deactivated can be moved is not known, so it is moved
	// while it is active.
	if m.Enabled.ValueBool() {
		if !write() || !move() {
			return
		}
	} else if !move() || !write() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete implements [resource.Resource].
func (r *userResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := r.tokens.within(ctx, &resp.Diagnostics, m.Timeouts.Delete)
	defer cancel()
	policy := m.DeletionPolicy.ValueString()
	replaced := policy == deleteUser && !r.destroyIsPlanned(ctx, req.Private)
	if replaced {
		// If it fails, the user is left over, and the plan that destroys it then is
		// to say what will be done.
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("deletion_policy"), deactivateUser)...)
		policy = deactivateUser
	}
	token, in, of := m.ID.ValueString(), m.InstanceID.ValueString(), remembered(ctx, req.Private, applicationKey)
	switch policy {
	case abandonUser:
	case deleteUser:
		r.tokens.say(&resp.Diagnostics, "User not deleted", r.tokens.accounts.DeleteUser(ctx, token, in, of))
	default:
		err := r.tokens.accounts.DeactivateUser(ctx, token, in, of)
		r.tokens.say(&resp.Diagnostics, "User not deactivated", err)
		if err == nil && replaced {
			resp.Diagnostics.AddWarning("User deactivated, not deleted", "The user was replaced, and a replacement deletes no trips, also with deletion_policy = \"DELETE\". "+
				"The old user is deactivated, and is in no state any more.")
		}
	}
}

// ImportState implements [resource.ResourceWithImportState], by the device token or
// by identity.
func (r *userResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	identity := userIdentity{types.StringValue(req.ID)}
	if req.ID == "" {
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
	}
	identity.DeviceToken = importID(&resp.Diagnostics, identity.DeviceToken, "A user is imported by the device token.")
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), identity.DeviceToken)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, userIdentity{identityID(identity.DeviceToken)})...)
}
