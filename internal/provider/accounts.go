package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
)

// newAccounts returns the client of applications, instances and users. Its token
// is the admin's, from the session that all objects of the provider share.
func (o *tokenOpener) newAccounts(userAgent string) *accounts.Client {
	s := o.settings
	return accounts.New(accounts.Config{
		AccountsURL:    s.AccountsURL,
		UserServiceURL: s.UserServiceURL,
		PortalURL:      s.PortalURL,
		Tokens:         o,
		Platform: platform.New(platform.Config{
			RequestTimeout: s.RequestTimeout,
			UserAgent:      userAgent,
			Logger:         newLogger(httpSubsystem),
			Now:            o.now,
			Transport:      o.sessions.Transport(),
		}),
	})
}

// A tokenError is why there is no token for a request, as open explains it.
type tokenError struct{ diags diag.Diagnostics }

// Error tells the first explanation.
func (e *tokenError) Error() string {
	for _, d := range e.diags.Errors() {
		return d.Summary() + ": " + d.Detail()
	}
	return "there is no access token"
}

// Token implements [accounts.TokenSource] with the admin's session. Its warnings
// are kept for the next diagnostics that an object gives: see [tokenOpener.say].
func (o *tokenOpener) Token(ctx context.Context, refused secret.String) (secret.String, error) {
	admin := tokenArguments{AuthorizeAs: types.StringValue(string(session.Admin))}
	result, diags := o.openOther(ctx, admin, refused)
	if diags.HasError() {
		return secret.String{}, &tokenError{diags}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unsaid.Append(diags...)
	return result.AccessToken, nil
}

// say adds to an object's diagnostics what became of its request to the Accounts
// service: the error, and the warnings of the token that it was sent with.
func (o *tokenOpener) say(diags *diag.Diagnostics, summary string, err error) {
	o.mu.Lock()
	diags.Append(o.unsaid...)
	o.unsaid = nil
	o.mu.Unlock()
	if err == nil {
		return
	}
	var token *tokenError
	if errors.As(err, &token) {
		diags.Append(token.diags...)
		return
	}
	diags.AddError(summary, strings.TrimSpace(explain.Sentence(err)+" "+o.accountsAdvice(err)))
}

// found says what became of a request about one object, which the attribute at
// names, and reports whether there is the object.
func (o *tokenOpener) found(diags *diag.Diagnostics, at path.Path, kind string, err error) bool {
	var failed *platform.RequestError
	gone := errors.Is(err, accounts.ErrNotFound) || errors.As(err, &failed) && failed.FromPlatform() && failed.Code() == http.StatusNotFound
	if !gone {
		o.say(diags, kind+" not read", err)
		return err == nil
	}
	o.say(diags, "", nil)
	what := "id"
	if at.Equal(path.Root("device_token")) {
		what = "device token"
	}
	diags.AddAttributeError(at, kind+" not found", "The platform has no "+strings.ToLower(kind)+" with this "+what+", or the API authorization credentials have no role there. "+
		"data \"telematics_permissions\" shows where they have one.")
	return false
}

// accountsAdvice says what to do about a request to the Accounts service that
// failed.
func (o *tokenOpener) accountsAdvice(err error) string {
	var (
		unknown  *accounts.ServiceError
		siblings *accounts.SiblingsError
		doubt    *accounts.DoubtError
		exists   *accounts.ExistsError
		unsure   *accounts.UserDoubtError
		key      *accounts.KeyError
		users    *accounts.UsersError
		late     *operationTimeoutError
		failed   *platform.RequestError
	)
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("With a user_service_url of your own it has no default, so that a token goes to no host that was not meant. Set %s.", settings.Name(unknown.Setting))
	case errors.As(err, &siblings):
		return siblingsAdvice(siblings)
	case errors.As(err, &doubt):
		return doubtAdvice(doubt)
	case errors.As(err, &exists):
		return userExistsAdvice(exists)
	case errors.As(err, &unsure):
		return "The next plan looks it up."
	case errors.As(err, &key):
		return "The platform does not take the InstanceKey that it has just told. Check that the instance is active, and apply again."
	case errors.As(err, &users):
		return usersAdvice(users)
	case errors.As(err, &late):
		return "Raise it in timeouts, or run again."
	case errors.Is(err, context.Canceled):
		return "The run was interrupted."
	case errors.As(err, &failed):
		return o.requestAdvice(failed)
	default:
		return ""
	}
}

// doubtAdvice tells what to do about an object that may have been made.
func doubtAdvice(err *accounts.DoubtError) string {
	if err.AllowSameName {
		return fmt.Sprintf("With allow_same_name the next apply makes another one without looking, so look before it whether it was made: DataHub, or data \"telematics_%ss\", "+
			"lists those of this name. If it was, import it.", err.Kind)
	}
	return "Apply again: if it was made, the next apply names it and its import block; if not, it makes it."
}

// usersAdvice tells what to do about users that are in the way of a delete.
func usersAdvice(err *accounts.UsersError) string {
	advice := "Move the users to another instance (instance_id of telematics_user) or delete them first. `terraform query` with list \"telematics_user\", or " +
		"DataHub, lists them; those that are in no state are imported. "
	if err.Counted && err.Active == 0 {
		advice += "A destroy with deletion_policy = \"DEACTIVATE\" leaves a user in the instance, and in no state."
	} else {
		advice += "Whether deactivated users block the delete is the platform's to say. An instance that is replaced lets its users move first with create_before_destroy."
	}
	return advice
}

// userExistsAdvice tells how to take over a user that is there.
func userExistsAdvice(err *accounts.ExistsError) string {
	advice := "To manage it here, import it:\n\nimport {\n  to = telematics_user.NAME\n  id = \"DEVICE TOKEN\"\n}"
	if err.Inactive {
		advice += "\n\nWith enabled = true, the apply activates it again."
	}
	return advice
}

// requestAdvice says what to do about an answer.
func (o *tokenOpener) requestAdvice(failed *platform.RequestError) string {
	wait, blocked := failed.Blocked()
	switch code := failed.Code(); {
	case blocked && wait > 0:
		return "The platform wants no more requests for now: run again after " + explain.Time(o.now().Add(wait)) + "."
	case blocked:
		return "The platform wants no more requests for now: run again in a while, with a smaller -parallelism if there are many objects."
	case failed.FromPlatform() && code == http.StatusForbidden:
		return "The API authorization credentials have no role there, or the object does not exist. data \"telematics_permissions\" shows where they have a role."
	case failed.FromPlatform() && code == http.StatusUnauthorized:
		return "The platform refuses the access token, also a new one. Check that the credentials are those of an admin."
	default:
		return explain.RequestAdvice(failed, "the URLs of the provider block")
	}
}

// siblingsAdvice tells how to take over an object that is there.
func siblingsAdvice(err *accounts.SiblingsError) string {
	var b strings.Builder
	if err.Err == nil {
		b.WriteString("An earlier run may have made it and been cut off before it could say so. To manage it here, import it:\n")
	} else {
		b.WriteString("Find out which is the one, for example by its users or its date in DataHub, and import it:\n")
	}
	for _, id := range err.IDs {
		if err.Kind == "application" {
			id = err.Parent + "/" + id
		}
		fmt.Fprintf(&b, "\nimport {\n  to = telematics_%s.NAME\n  id = %q\n}\n", err.Kind, id)
	}
	if err.Err == nil {
		b.WriteString("\nTo make another one of the same name, set allow_same_name = true: also if this one is in state already, in another resource or as the one that is replaced with " +
			"create_before_destroy.")
	}
	return strings.TrimRight(b.String(), "\n")
}

// adopted warns of an object whose create was not answered.
func adopted(diags *diag.Diagnostics, kind string, made accounts.Created) {
	if made.Adopted {
		diags.AddWarning("Answer to the create was lost", fmt.Sprintf("The platform made the %s without an answer that could be read. It was found by its name, as %s, and is "+
			"managed from now on.", kind, made.ID))
	}
	for _, id := range made.Double {
		diags.AddWarning("One object too many was made", fmt.Sprintf("A first request to make the %s was not answered, and the platform has carried it out late: %s has the same name, "+
			"and is in no state. Delete it in DataHub, or import it.", kind, id))
	}
}

// logging returns ctx with the loggers of the requests.
func (o *tokenOpener) logging(ctx context.Context) context.Context {
	return masked(withLogging(ctx), o.settings.Password, o.settings.InstanceKey)
}

// configuredResource is configured for managed resources and lists.
type configuredResource struct{ configured }

// Configure implements [resource.ResourceWithConfigure].
func (c *configuredResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	c.from(req.ProviderData, &resp.Diagnostics)
}

// The attributes that the resources have in common.

// idAttribute is the id that the platform gives.
func idAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// replaceIfOther replaces the resource when the id is another one. When it is only
// spelt in another way (PLATFORM-API.md §8), it is left as the state has it.
func replaceIfOther() planmodifier.String { return otherID{replaces: true} }

// keepSpelling is replaceIfOther for an id that changes in place.
func keepSpelling() planmodifier.String { return otherID{} }

type otherID struct{ replaces bool }

// Description implements [planmodifier.String].
func (o otherID) Description(context.Context) string {
	if !o.replaces {
		return "Another spelling of the id changes nothing."
	}
	return "Another id replaces the resource; another spelling of it changes nothing."
}

// MarkdownDescription implements [planmodifier.String].
func (o otherID) MarkdownDescription(ctx context.Context) string { return o.Description(ctx) }

// PlanModifyString implements [planmodifier.String].
func (o otherID) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	switch {
	case req.State.Raw.IsNull() || req.Plan.Raw.IsNull(): // it is made or destroyed
	case !req.PlanValue.IsUnknown() && accounts.SameID(req.PlanValue.ValueString(), req.StateValue.ValueString()):
		resp.PlanValue = req.StateValue
	default:
		resp.RequiresReplace = o.replaces
	}
}

// importID is the id of an import, without white space around it.
func importID(diags *diag.Diagnostics, id types.String, by string) types.String {
	given := trimmed(id)
	if given == "" {
		diags.AddError("Invalid import id", "The id is blank. "+by)
	}
	return types.StringValue(given)
}

// identityID is an id as identities have it, which must not change with its
// spelling: in lower case and with the dashes of a UUID.
func identityID(id types.String) types.String {
	if id.IsNull() || id.IsUnknown() {
		return id
	}
	return types.StringValue(accounts.CanonicalID(id.ValueString()))
}

// sameID returns the id as it is written in the configuration, where what the
// platform says is only another spelling.
func sameID(known types.String, platforms string) types.String {
	if accounts.SameID(known.ValueString(), platforms) {
		return known
	}
	return types.StringValue(platforms)
}

// sameText returns the text as it is written in the configuration, where what the
// platform says differs only in the white space around it or the kind of its line
// breaks: a plan would show it again and again.
func sameText(known types.String, platforms string) types.String {
	if !known.IsNull() && accounts.SameText(known.ValueString(), platforms) {
		return known
	}
	return types.StringValue(platforms)
}

// toldStatus returns the status that the platform tells, or the known one where it
// tells none.
func toldStatus(known types.String, platforms string) types.String {
	if platforms == "" {
		return known
	}
	return types.StringValue(platforms)
}

const describeAllowSameName = "Make it although there is one of the same name that this run has not made. Without it that is an error with an import block: " +
	"an earlier run may have made it and been cut off. With it, nothing looks for that. A replacement with `create_before_destroy` takes it. Default `false`."

// timeoutsAttribute are the operations' time limits.
func timeoutsAttribute(ctx context.Context) schema.Attribute {
	const is = "as a Go duration such as `5m`. Default `10m`."
	attribute, _ := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true, Read: true, Update: true, Delete: true,
		CreateDescription: "How long the create may take, with its retries, " + is,
		ReadDescription:   "How long a read may take, " + is,
		UpdateDescription: "How long an update may take, " + is,
		DeleteDescription: "How long the delete may take, " + is,
	}).(schema.SingleNestedAttribute)
	attribute.MarkdownDescription = "How long the operations may take."
	return attribute
}

// noTimeouts are those of a resource that sets none.
func noTimeouts(ctx context.Context) timeouts.Value {
	kind, _ := timeoutsAttribute(ctx).GetType().(timeouts.Type)
	return timeouts.Value{Object: types.ObjectNull(kind.AttrTypes)}
}

const defaultOperationTimeout = 10 * time.Minute

// within returns ctx with the end that a timeout sets, and with the loggers of the
// requests.
func (o *tokenOpener) within(ctx context.Context, diags *diag.Diagnostics, timeout func(context.Context, time.Duration) (time.Duration, diag.Diagnostics)) (context.Context, context.CancelFunc) {
	d, found := timeout(ctx, defaultOperationTimeout)
	diags.Append(found...)
	return context.WithTimeoutCause(o.logging(ctx), d, &operationTimeoutError{d})
}

// An operationTimeoutError is the end of an operation that a timeout sets.
type operationTimeoutError struct{ after time.Duration }

// Error says which timeout it was.
func (e *operationTimeoutError) Error() string {
	return fmt.Sprintf("the operation's timeout of %s has passed", e.after)
}

// Unwrap makes it a [context.DeadlineExceeded].
func (e *operationTimeoutError) Unwrap() error { return context.DeadlineExceeded }
