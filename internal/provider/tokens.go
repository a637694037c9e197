package provider

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// tokenOpener opens sessions for the provider's objects. There is one per
// configured provider, so that all objects share its sessions.
type tokenOpener struct {
	settings settings
	client   *userservice.Client
	manager  *session.Manager
	accounts *accounts.Client
	now      func() time.Time
	started  time.Time
	// interrupted is that of [Options].
	interrupted <-chan struct{}
	// walk names this configured provider: the CLI configures one for the plan
	// and another one for the apply.
	walk string

	mu     sync.Mutex
	unsaid diag.Diagnostics // warnings of tokens for the Accounts service
}

// newTokenOpener returns the opener of a configured provider.
func newTokenOpener(s settings, userAgent string, options Options) *tokenOpener {
	now := options.Now
	o := &tokenOpener{settings: s, now: now, started: now(), interrupted: options.Interrupted, walk: rand.Text()}
	o.accounts = o.newAccounts(userAgent)
	if s.userServiceURL == nil || s.invalid.HasError() {
		// Not known yet, or wrong: open says so before it asks for anything.
		return o
	}
	o.client = userservice.New(userservice.Config{
		BaseURL:        s.userServiceURL,
		PortalURL:      s.portalURL,
		RequestTimeout: s.requestTimeout,
		UserAgent:      userAgent,
		Logger:         newLogger(httpSubsystem),
		Now:            now,
	})
	log := newLogger(sessionSubsystem)
	store, ledger := s.openStores(options.Getenv, now, log)
	o.manager = session.NewManager(session.Config{
		Store: store,
		Budget: session.NewBudget(ledger, session.BudgetConfig{
			Limit:          s.loginLimit,
			Window:         s.loginWindow,
			Wait:           s.loginWait,
			RequestTimeout: s.requestTimeout,
			Now:            now,
			Logger:         log,
		}),
		// Only the default store goes on in memory by itself: a store that was
		// configured is shared, and what is in it is somebody's.
		Fallback:    s.onFailure == onFailureLogin || s.store == storeFile && s.path == "",
		LockWait:    s.lockWait(),
		VerifyAfter: s.verifyAfter,
		Renew:       s.renew,
		Run:         runName(),
		LoginForm:   s.loginForm,
		ReadOnly:    s.readOnly,
		Now:         now,
		Logger:      log,
		Begin:       options.Begin,
		Hook:        options.Hook,
	})
	return o
}

// runName names the run of the CLI that this process belongs to: the CLI starts a
// process for the plan and another for the apply. The same number of a process
// may come again on another machine and after a while; where the system tells
// when a process was started, and since when the machine runs, no two runs have the
// same name.
func runName() string {
	host, _ := os.Hostname()
	cli := os.Getppid()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cli))
	started := ""
	// The program's name in brackets may hold anything; the time is the 20th
	// field after it (proc(5)).
	if fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); len(fields) > 19 {
		started = fields[19]
	}
	return fmt.Sprintf("%s %s %d %s", host, strings.TrimSpace(string(boot)), cli, started)
}

// credentials returns what is known of the credentials that the arguments ask
// for: those of a user when there is a device token, else those of the admin.
func (o *tokenOpener) credentials(args tokenArguments) userservice.Credentials {
	c := userservice.Credentials{
		InstanceID:  o.settings.instanceID,
		InstanceKey: o.settings.instanceKey,
	}
	if id := trimmed(args.InstanceID); id != "" {
		c.InstanceID = id
	}
	if key := trimmed(args.InstanceKey); key != "" {
		c.InstanceKey = secret.New(key)
	}
	if device := trimmed(args.DeviceToken); device != "" {
		c.DeviceToken = secret.New(device)
	} else {
		c.Email, c.Password = o.settings.email, o.settings.password
	}
	return c
}

// open returns the session that the arguments ask for. Its warnings are for
// the user of the token, its errors say why there is none.
func (o *tokenOpener) open(ctx context.Context, args tokenArguments) (session.Result, diag.Diagnostics) {
	// In the plan of an apply, Terraform before 1.16 and OpenTofu tell a provider of an
	// interrupt only when the plan is over.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-o.interrupted:
			cancel()
		case <-ctx.Done():
		}
	}()
	return o.openOther(ctx, args, secret.String{})
}

// openOther is open for a token other than refused, which the platform has
// answered with 401.
func (o *tokenOpener) openOther(ctx context.Context, args tokenArguments, refused secret.String) (session.Result, diag.Diagnostics) {
	credentials := o.credentials(args)
	ctx = withLogging(ctx, credentials, args)

	if o.settings.invalid.HasError() {
		return session.Result{}, o.settings.invalid
	}
	// The CLI has validated them, but not what was unknown then.
	if diags := args.validate(); diags.HasError() {
		return session.Result{}, diags
	}
	if diags := o.unknownSettings(args); diags.HasError() {
		return session.Result{}, diags
	}
	missing := credentials.Missing()
	resumed := resumedSession(args)
	how := explanation{settings: o.settings, credentials: credentials, resumed: !resumed.IsZero(), asAdmin: args.AuthorizeAs.ValueString() == string(session.Admin)}
	fail := func(err error) (session.Result, diag.Diagnostics) {
		how.now = o.now()
		return session.Result{}, explain(err, how)
	}
	account := credentials.Account(o.settings.userServiceURL)
	if missing != nil {
		if resumed.IsZero() {
			return fail(missing)
		}
		account.Password = secret.String{}
		if credentials.Kind() == session.Admin && args.AuthorizeAs.ValueString() == "" {
			account.Kind = session.Resumed // nobody says whose it is
		}
	}
	minLifetime := args.minLifetime(o.settings.minLifetime)
	result, err := o.manager.Open(ctx, session.Request{
		Account:     account,
		Authorizer:  o.client.Authorizer(credentials),
		Resume:      resumed,
		MinLifetime: minLifetime,
		Insist:      minLifetime != o.settings.minLifetime,
		Refused:     refused,
	})
	if err != nil {
		return fail(err)
	}
	how.now = o.now()
	return result, how.notices(result, minLifetime)
}

// isOfThisRun reports whether a session was issued since the provider was
// configured. Tokens tell their time to the second.
func (o *tokenOpener) isOfThisRun(s session.Session) bool {
	return !s.IssuedAt.Before(o.started.Truncate(time.Second))
}

// resumedSession returns the session of the argument resume, or the zero
// Session. Its times are those of its token.
func resumedSession(args tokenArguments) session.Session {
	access, refresh := args.resumed()
	if access.ValueString() == "" || refresh.ValueString() == "" {
		return session.Session{}
	}
	issued, expires := jwt.Times(access.ValueString())
	return session.Session{
		AccessToken:  secret.New(access.ValueString()),
		RefreshToken: secret.New(refresh.ValueString()),
		DeviceToken:  secret.New(trimmed(args.DeviceToken)),
		IssuedAt:     issued,
		ExpiresAt:    expires,
		Owner:        userservice.Owner(secret.New(access.ValueString()), secret.String{}),
	}
}

// unknownSettings reports the settings that a token needs and that are not
// known yet: all but the credentials that the arguments do without.
func (o *tokenOpener) unknownSettings(args tokenArguments) diag.Diagnostics {
	isAdmin := isUnset(args.DeviceToken)
	spared := map[string]bool{
		"instance_id":  !isUnset(args.InstanceID),
		"instance_key": isAdmin || !isUnset(args.InstanceKey),
		"email":        !isAdmin,
		"password":     !isAdmin,
	}
	var diags diag.Diagnostics
	for _, attribute := range slices.Sorted(maps.Keys(o.settings.unknown)) {
		if !spared[attribute] {
			diags.AddError("Provider configuration not known yet",
				fmt.Sprintf("A token is asked for while the provider's %s depends on values that are known only after apply. "+
					"Apply what it depends on first (with -target), or set it from a value that is known when planning, such as a variable or %s.",
					attribute, settingVariable(attribute)))
		}
	}
	return diags
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

// Configure implements [ephemeral.EphemeralResourceWithConfigure].
func (c *configuredEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	c.from(req.ProviderData, &resp.Diagnostics)
}
