// Package tokens opens sessions as the settings say: it makes the client of the
// platform, the store, the login budget and the manager, and asks them for a
// session. What comes of it is told in words.
package tokens

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// A Config says where sessions come from, and what an [Opener] works with.
type Config struct {
	Settings settings.Settings
	// UserAgent names the program to the platform.
	UserAgent string
	// CommandLine is true where a person runs the program, and sets variables.
	CommandLine bool
	// Run names the run that the process belongs to, as [session.Config] says.
	Run string
	// Getenv reads the environment, in which the ledger's place is found.
	Getenv func(string) string
	// Now is the clock.
	Now func() time.Time
	// HTTPLogger logs requests, and SessionLogger decisions about sessions.
	HTTPLogger, SessionLogger *slog.Logger
	// Mask returns a context in whose log these secrets do not show, though one of
	// them be revealed by mistake; nil: the context itself.
	Mask func(context.Context, ...secret.String) context.Context
	// Begin and Hook are as [session.Config] says; nil where there is none.
	Begin func() (end func())
	Hook  func(point string)
	// Interrupted is closed when the process is told to end the run; nil where it
	// is told by the context alone.
	Interrupted <-chan struct{}
}

// An Opener opens sessions. What asks the same Opener shares its sessions.
type Opener struct {
	config    Config
	transport http.RoundTripper
	client    *userservice.Client
	store     session.Store // nil: sessions are kept in memory alone
	budget    *session.Budget
	manager   *session.Manager
}

// NewOpener returns an opener. It sends nothing, makes no file, and reads those of
// the tls block alone.
func NewOpener(config Config) *Opener {
	o := &Opener{config: config}
	s := config.Settings
	if s.UserServiceURL == nil || s.Invalid.HasError() {
		// Not known yet, or wrong: Open says so before it asks for anything.
		return o
	}
	var err error
	if o.transport, err = platform.NewTransport(s.TLS); err != nil {
		// Open says so, too. What asks nothing of the platform works without.
		o.config.Settings.Invalid = explain.TLS(err)
	}
	o.client = userservice.New(userservice.Config{
		BaseURL:        s.UserServiceURL,
		PortalURL:      s.PortalURL,
		RequestTimeout: s.RequestTimeout,
		UserAgent:      config.UserAgent,
		Logger:         config.HTTPLogger,
		Now:            config.Now,
		Transport:      o.transport,
	})
	log := config.SessionLogger
	store, ledger := openStores(s, config.Getenv, config.Now, log)
	o.store = store
	o.budget = session.NewBudget(ledger, session.BudgetConfig{
		Limit:          s.LoginLimit,
		Window:         s.LoginWindow,
		Wait:           s.LoginWait,
		RequestTimeout: s.RequestTimeout,
		Now:            config.Now,
		Logger:         log,
	})
	o.manager = session.NewManager(session.Config{
		Store:  store,
		Budget: o.budget,
		// Only the default store goes on in memory by itself: a store that was
		// configured is shared, and what is in it is somebody's.
		Fallback:    s.OnFailure == settings.OnFailureLogin || s.Store == settings.StoreFile && s.Path == "",
		LockWait:    lockWait(s),
		VerifyAfter: s.VerifyAfter,
		Renew:       s.Renew,
		Run:         config.Run,
		LoginForm:   s.LoginForm,
		ReadOnly:    s.ReadOnly,
		Now:         config.Now,
		Logger:      log,
		Begin:       config.Begin,
		Hook:        config.Hook,
	})
	return o
}

// RunOfParent names the run of the CLI that this process belongs to: the CLI starts a
// process for the plan and another for the apply. The same number of a process
// may come again on another machine and after a while; where the system tells
// when a process was started, and since when the machine runs, no two runs have the
// same name.
func RunOfParent() string {
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

// Arguments say which session is asked for.
type Arguments struct {
	// Kind is the kind of the session where somebody has said so. Empty: a user's
	// with a DeviceToken, else an admin's.
	Kind session.Kind
	// DeviceToken is a user's, without space around it.
	DeviceToken secret.String
	// InstanceID and InstanceKey stand in for those of the settings.
	InstanceID  string
	InstanceKey secret.String
	// Access and Refresh are a pair that is kept elsewhere: both or neither.
	Access, Refresh secret.String
	// MinLifetime is how long the token lives at the least; nil: as long as the
	// settings say.
	MinLifetime *time.Duration
	// Refused is a token that the platform has answered with 401: another one is
	// asked for.
	Refused secret.String
}

// Settings returns what the opener goes by.
func (o *Opener) Settings() settings.Settings { return o.config.Settings }

// Transport sends requests to the services of the platform. It is nil where nothing
// is sent, because Open fails before that.
func (o *Opener) Transport() http.RoundTripper { return o.transport }

// Credentials returns what is known of the credentials that the arguments ask
// for: those of a user when there is a device token, else those of the admin. Those
// that live in a file or behind a command are not among them.
func (o *Opener) Credentials(args Arguments) userservice.Credentials {
	s := o.config.Settings
	c := userservice.Credentials{InstanceID: s.InstanceID, InstanceKey: s.InstanceKey}
	if args.InstanceID != "" {
		c.InstanceID = args.InstanceID
	}
	if !args.InstanceKey.IsEmpty() {
		c.InstanceKey = args.InstanceKey
	}
	if !args.DeviceToken.IsEmpty() {
		c.DeviceToken = args.DeviceToken
	} else {
		c.Email, c.Password = s.Email, s.Password
	}
	return c
}

// Open returns the session that the arguments ask for. Its warnings are for
// the user of the token, its errors say why there is none.
func (o *Opener) Open(ctx context.Context, args Arguments) (session.Result, message.List) {
	if found := o.check(args); found.HasError() {
		return session.Result{}, found
	}
	ctx, cancel := o.untilInterrupted(ctx)
	defer cancel()
	s := o.config.Settings
	ctx, credentials, found := o.readCredentials(ctx, args)
	if found.HasError() {
		return session.Result{}, found
	}
	missing := o.missing(credentials)
	resumed := resumedSession(args)
	how := o.attempt(credentials)
	how.Resumed, how.AsAdmin = !resumed.IsZero(), args.Kind == session.Admin
	fail := func(err error) (session.Result, message.List) {
		how.Now = o.config.Now()
		return session.Result{}, append(found, how.Failed(err)...)
	}
	account := credentials.Account(s.UserServiceURL)
	if missing != nil {
		if resumed.IsZero() {
			return fail(missing)
		}
		account.Password = secret.String{}
		if credentials.Kind() == session.Admin && args.Kind == "" {
			account.Kind = session.Resumed // nobody says whose it is
		}
	}
	minLifetime := s.MinLifetime
	if args.MinLifetime != nil {
		minLifetime = *args.MinLifetime
	}
	result, err := o.manager.Open(ctx, session.Request{
		Account:     account,
		Authorizer:  o.client.Authorizer(credentials),
		Resume:      resumed,
		MinLifetime: minLifetime,
		Insist:      minLifetime != s.MinLifetime,
		Refused:     args.Refused,
	})
	if err != nil {
		return fail(err)
	}
	how.Now = o.config.Now()
	return result, append(found, how.Notices(result, minLifetime)...)
}

// untilInterrupted returns ctx with an end at an interrupt: in the plan of an apply,
// Terraform before 1.16 and OpenTofu tell a provider of one only when the plan is
// over.
func (o *Opener) untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-o.config.Interrupted:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// Refresh refreshes the stored session that the arguments ask for, and never logs
// in: see [session.Manager.Refresh].
func (o *Opener) Refresh(ctx context.Context, args Arguments) (session.Result, message.List) {
	ctx, account, how, found := o.stored(ctx, args)
	if found.HasError() {
		return session.Result{}, found
	}
	result, err := o.manager.Refresh(ctx, session.Request{
		Account: account, Authorizer: o.client.Authorizer(how.Credentials), MinLifetime: how.Settings.MinLifetime,
	})
	how.Now = o.config.Now()
	if err != nil {
		return session.Result{}, append(found, how.NotDone("Session not refreshed", err)...)
	}
	return result, append(found, how.Notices(result, how.Settings.MinLifetime)...)
}

// Forget drops the stored session that the arguments ask for, and reports whether
// there was one that the credentials can use: see [session.Manager.Forget].
func (o *Opener) Forget(ctx context.Context, args Arguments) (bool, message.List) {
	ctx, account, how, found := o.stored(ctx, args)
	if found.HasError() {
		return false, found
	}
	had, err := o.manager.Forget(ctx, account)
	if err != nil {
		how.Now = o.config.Now()
		return false, append(found, how.NotDone("Session not forgotten", err)...)
	}
	return had, found
}

// attempt is what is known of an attempt before it is made.
func (o *Opener) attempt(c userservice.Credentials) explain.Attempt {
	return explain.Attempt{Settings: o.config.Settings, Credentials: c, CommandLine: o.config.CommandLine, Now: o.config.Now()}
}

// stored returns the account whose stored session the arguments ask for.
func (o *Opener) stored(ctx context.Context, args Arguments) (context.Context, session.Account, explain.Attempt, message.List) {
	how := o.attempt(o.Credentials(args))
	if found := o.check(args); found.HasError() {
		return ctx, session.Account{}, how, found
	}
	ctx, credentials, found := o.readCredentials(ctx, args)
	if how.Credentials = credentials; found.HasError() {
		return ctx, session.Account{}, how, found
	}
	if missing := o.missing(credentials); missing != nil {
		return ctx, session.Account{}, how, append(found, how.Failed(missing)...)
	}
	return ctx, credentials.Account(how.Settings.UserServiceURL), how, found
}

// check reports the settings that are wrong, or else those that the arguments
// need and that are not known yet: all but the credentials that they do without.
func (o *Opener) check(args Arguments) message.List {
	s := o.config.Settings
	if s.Invalid.HasError() {
		return s.Invalid
	}
	isAdmin := args.DeviceToken.IsEmpty()
	spared := map[string]bool{
		"instance_id":       args.InstanceID != "",
		"instance_key":      isAdmin || !args.InstanceKey.IsEmpty(),
		"instance_key_file": isAdmin || !args.InstanceKey.IsEmpty(),
		"email":             !isAdmin,
		"password":          !isAdmin,
		"password_file":     !isAdmin,
		"password_command":  !isAdmin,
	}
	var found message.List
	for _, attribute := range slices.Sorted(maps.Keys(s.Unknown)) {
		if !spared[attribute] {
			found.Error("Provider configuration not known yet", notKnownYet(attribute))
		}
	}
	return found
}

// notKnownYet says what to do about a setting that a token needs in a plan and that
// only the apply will know.
func notKnownYet(attribute string) string {
	known := "set it from a value that is known when planning, such as a variable"
	if variable := settings.Variable(attribute); variable != "" {
		known += " or " + variable
	}
	first := "Apply what it depends on first (with -target), or " + known + "."
	switch attribute {
	case "instance_id", "instance_key", "instance_key_file":
		// The CLI opens an object whose own arguments are not known in the apply.
		first = "Set instance_id and instance_key on the token itself, in place of the provider's: then the CLI leaves the token to the apply, when they are " +
			"known. Otherwise apply what it depends on first (with -target), or " + known + "."
	}
	return "A token is asked for while the provider's " + attribute + " depends on values that are known only after apply. " + first
}

// resumedSession returns the session of the pair in the arguments, or the zero
// Session. Its times are those of its token.
func resumedSession(args Arguments) session.Session {
	if args.Access.IsEmpty() || args.Refresh.IsEmpty() {
		return session.Session{}
	}
	issued, expires := jwt.Times(args.Access.Reveal())
	return session.Session{
		AccessToken:  args.Access,
		RefreshToken: args.Refresh,
		DeviceToken:  args.DeviceToken,
		IssuedAt:     issued,
		ExpiresAt:    expires,
		Owner:        userservice.Owner(args.Access, secret.String{}),
	}
}
