package provider

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tokens"
)

// tokenOpener opens sessions for the provider's objects. There is one per
// configured provider, so that all objects share its sessions.
type tokenOpener struct {
	settings settings.Settings
	sessions *tokens.Opener
	accounts *accounts.Client
	now      func() time.Time
	started  time.Time
	// walk names this configured provider: the CLI configures one for the plan
	// and another one for the apply.
	walk string

	mu     sync.Mutex
	unsaid diag.Diagnostics // warnings of tokens for the Accounts service
}

// newTokenOpener returns the opener of a configured provider.
func newTokenOpener(s settings.Settings, userAgent string, options Options) *tokenOpener {
	o := &tokenOpener{settings: s, now: options.Now, started: options.Now(), walk: rand.Text()}
	o.sessions = tokens.NewOpener(tokens.Config{
		Settings:      s,
		UserAgent:     userAgent,
		Run:           tokens.RunOfParent(),
		Getenv:        options.Getenv,
		Now:           options.Now,
		HTTPLogger:    newLogger(httpSubsystem),
		SessionLogger: newLogger(sessionSubsystem),
		Mask:          masked,
		Begin:         options.Begin,
		Hook:          options.Hook,
		Interrupted:   options.Interrupted,
	})
	o.accounts = o.newAccounts(userAgent)
	return o
}

// open returns the session that the arguments ask for. Its warnings are for
// the user of the token, its errors say why there is none.
func (o *tokenOpener) open(ctx context.Context, args tokenArguments) (session.Result, diag.Diagnostics) {
	return o.openOther(ctx, args, secret.String{})
}

// openOther is open for a token other than refused, which the platform has
// answered with 401.
func (o *tokenOpener) openOther(ctx context.Context, args tokenArguments, refused secret.String) (session.Result, diag.Diagnostics) {
	if diags := o.validate(args); diags.HasError() {
		return session.Result{}, diags
	}
	asked := args.asked()
	asked.Refused = refused
	result, said := o.sessions.Open(withLogging(ctx), asked)
	return result, diagnostics(said)
}

// validate checks the arguments again: the CLI has validated them, but not what was
// unknown then. What is wrong with the environment is told first.
func (o *tokenOpener) validate(args tokenArguments) diag.Diagnostics {
	if o.settings.Invalid.HasError() {
		return diagnostics(o.settings.Invalid)
	}
	return args.validate()
}

// isOfThisRun reports whether a session was issued since the provider was
// configured. Tokens tell their time to the second.
func (o *tokenOpener) isOfThisRun(s session.Session) bool {
	return !s.IssuedAt.Before(o.started.Truncate(time.Second))
}

// configured is what every object of the provider embeds: it gets the token
// opener of the provider.
type configured struct{ tokens *tokenOpener }

// from takes over what the provider hands to its objects, which is nil while
// the provider is not configured.
func (c *configured) from(data any, diags *diag.Diagnostics) {
	if data == nil {
		return
	}
	tokens, ok := data.(*tokenOpener)
	if !ok {
		diags.AddError("Provider not configured as expected",
			fmt.Sprintf("The provider handed on a %T. This is a defect of the provider; please report it.", data))
	}
	c.tokens = tokens
}

// configuredData is configured for data sources.
type configuredData struct{ configured }

// Configure implements [datasource.DataSourceWithConfigure].
func (c *configuredData) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	c.from(req.ProviderData, &resp.Diagnostics)
}

// configuredEphemeral is configured for ephemeral resources.
type configuredEphemeral struct{ configured }

// putOff stands in for the sessions of a provider that the CLI comes back to. It
// holds the settings that are not known.
type putOff []string

// Configure implements [ephemeral.EphemeralResourceWithConfigure]. Terraform 1.16 can
// put off resources and data sources, and not ephemeral resources: to put one off is
// an error about the provider. It validates each of them before it opens it, so that
// the error comes here.
func (c *configuredEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	if unknown, is := req.ProviderData.(putOff); is {
		resp.Diagnostics.AddError("Provider configuration not known yet", "The provider's "+strings.Join(unknown, ", ")+" depends on values that are known only "+
			"after apply. The CLI can leave resources and data sources to a later plan, and no ephemeral resource. Apply what the provider depends on first "+
			"(with -target), or plan without -allow-deferral.")
		return
	}
	c.from(req.ProviderData, &resp.Diagnostics)
}
