package provider

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

const (
	// defaultMinLifetime is how long a token lives at the least.
	defaultMinLifetime = 15 * time.Minute
	// defaultVerifyAfter is how old the last proof of a token's life may be.
	defaultVerifyAfter = 5 * time.Minute
)

// What becomes of a run whose session store fails.
const (
	onFailureFail  = "fail"
	onFailureLogin = "login"
)

// The kinds of session stores.
const (
	storeFile  = "file"
	storeVault = "vault"
	storeNone  = "none"
)

// settings are what the provider block and the environment come to.
type settings struct {
	instanceID     string
	instanceKey    secret.String
	email          string
	password       secret.String
	userServiceURL *url.URL
	portalURL      *url.URL
	accountsURL    *url.URL
	loginForm      session.LoginForm // empty: auto
	requestTimeout time.Duration
	loginLimit     int
	loginWindow    time.Duration
	loginWait      time.Duration

	store       string
	path        string
	home        string // what ~/ stands for; empty where there is none
	minLifetime time.Duration
	readOnly    bool
	verifyAfter time.Duration // zero: never
	onFailure   string
	renew       session.Source
	vault       vaultstore.Config

	// unknown holds the attributes whose values are not known yet. They fail
	// a run only when it asks for a token that needs them.
	unknown map[string]bool
	// invalid are the errors of the environment's values. They fail a run when it
	// asks for a token: at the provider, the CLI would say that a provider block
	// is missing.
	invalid diag.Diagnostics
}

// defaultSettings are the settings of an empty block and environment.
func defaultSettings() settings {
	s := settings{
		requestTimeout: session.DefaultRequestTimeout,
		loginLimit:     session.DefaultLoginLimit,
		loginWindow:    session.DefaultLoginWindow,
		loginWait:      session.DefaultLoginWait,
		minLifetime:    defaultMinLifetime,
		verifyAfter:    defaultVerifyAfter,
		unknown:        map[string]bool{},
	}
	s.userServiceURL, _ = url.Parse(userservice.DefaultURL)
	return s
}

// A setting is an attribute of the provider block with the environment
// variable that stands in for it.
type setting struct {
	// attribute is the attribute's name; a dot leads into a nested block.
	attribute   string
	variable    string
	description string
	// kind is what the attribute holds: text, number or flag.
	kind      kind
	sensitive bool
	// read takes over a value. Its error follows upon the origin of the value,
	// and quotes it only where it cannot be a secret.
	read func(*settings, string) error
}

// kind is the type of an attribute.
type kind int

const (
	text kind = iota
	number
	flag
)

// settingTable holds every setting of the provider block. Schema and
// documentation come from it, and the environment is read through it and
// nowhere else, but for Vault's token and TLS settings, which Vault's own
// client reads.
var settingTable = []setting{
	{
		attribute: "instance_id", variable: "TELEMATICS_INSTANCE_ID",
		description: "The instance ID, a UUID. To authorize as admin: the API InstanceID that comes with the API authorization credentials; may be " +
			"left out. To authorize as user: the user group's InstanceID.",
		read: into(func(s *settings) *string { return &s.instanceID }),
	},
	{
		attribute: "instance_key", variable: "TELEMATICS_INSTANCE_KEY", sensitive: true,
		description: "The user group's InstanceKey, a UUID. Needed to authorize as user.",
		read:        intoSecret(func(s *settings) *secret.String { return &s.instanceKey }),
	},
	{
		attribute: "email", variable: "TELEMATICS_EMAIL",
		description: "The API login: the email of the API authorization credentials generated in DataHub, which is not the login of the DataHub " +
			"web page. Needed to authorize as admin.",
		read: into(func(s *settings) *string { return &s.email }),
	},
	{
		attribute: "password", variable: "TELEMATICS_PASSWORD", sensitive: true,
		description: "The API password of the API authorization credentials. Needed to authorize as admin.",
		read:        intoSecret(func(s *settings) *secret.String { return &s.password }),
	},
	{
		attribute: "user_service_url", variable: "TELEMATICS_USER_SERVICE_URL",
		description: "The base URL of the platform's user-service. It must be `https`, unless its host is this machine (`localhost` or a loopback " +
			"address). Default `" + userservice.DefaultURL + "`.",
		read: readURL(func(s *settings) **url.URL { return &s.userServiceURL }, userservice.DefaultURL),
	},
	{
		attribute: "portal_url", variable: "TELEMATICS_PORTAL_URL",
		description: "The base URL of the service that is asked whether an admin's token is still good (see `session.verify_after`). Default `" +
			userservice.DefaultPortalURL + "`. With a `user_service_url` of your own there is no default, and without `portal_url` an admin's token is not checked.",
		read: readURL(func(s *settings) **url.URL { return &s.portalURL }, userservice.DefaultPortalURL),
	},
	{
		attribute: "accounts_url", variable: "TELEMATICS_ACCOUNTS_URL",
		description: "The base URL of the Accounts service, which manages applications and instances. Default `" + accounts.DefaultURL +
			"`; with a `user_service_url` of your own there is no default, and what needs the service asks for it.",
		read: readURL(func(s *settings) **url.URL { return &s.accountsURL }, accounts.DefaultURL),
	},
	{
		attribute: "login_format", variable: "TELEMATICS_LOGIN_FORMAT",
		description: "How the login is written: `object` sends the login fields as a JSON object, `string` as a JSON document inside a string. The " +
			"platform's documentation has both. `auto` (default) sends the form that has worked before. If none is known, it sends `object`, and if " +
			"that is refused, `string`, once.",
		read: readLoginFormat,
	},
	{
		attribute: "request_timeout", variable: "TELEMATICS_REQUEST_TIMEOUT",
		description: "How long one request to the platform may take, as a Go duration such as `30s`. Default `30s`.",
		read:        aboveZero(func(s *settings) *time.Duration { return &s.requestTimeout }),
	},
	{
		attribute: "login_limit", variable: "TELEMATICS_LOGIN_LIMIT", kind: number,
		description: "How many logins the platform allows an address within `login_window`. One more would block the address for an hour, so it is " +
			"held back. A whole number from 1 to 10000. Default `5`.",
		read: readLoginLimit,
	},
	{
		attribute: "login_window", variable: "TELEMATICS_LOGIN_WINDOW",
		description: "The window that `login_limit` is for, as a Go duration. Default `1m`.",
		read:        aboveZero(func(s *settings) *time.Duration { return &s.loginWindow }),
	},
	{
		attribute: "login_wait", variable: "TELEMATICS_LOGIN_WAIT",
		description: "How long the logins of a run wait for their places within the limit, as a Go duration, from when the first of them has to. A login " +
			"that would have to wait longer is not sent, and the error says when it can be, and how long all of them take. While a login waits, the CLI " +
			"says that it is still opening the token; with `TF_LOG_PROVIDER=INFO` the log says until when, and a warning at the end of the run how long " +
			"it was. Default `2m`.",
		read: zeroOrMore(func(s *settings) *time.Duration { return &s.loginWait }),
	},
	{
		attribute: "session.store", variable: "TELEMATICS_SESSION_STORE",
		description: "Where sessions are kept. `file` (default): in files of the user, each encrypted with a key that is derived from the credential " +
			"itself. `vault` (default if `vault` is set): in Vault or OpenBao, for runners that share no disk, encrypted in the same way. `none`: in " +
			"memory, so that a plan logs in, and its apply logs in again. Each provider block (`alias`) then logs in for itself, too, which may revoke " +
			"the tokens of the others.",
		read: readStore,
	},
	{
		attribute: "session.path", variable: "TELEMATICS_SESSION_PATH",
		description: "The folder of the file store. Sessions lie in a folder of their own in it, `telematics-sessions`; nothing else in it is " +
			"touched. `~/` at its beginning is the home directory. The ledger that counts logins is the machine's, and never in it. Default: " +
			"`terraform-provider-telematics` in the user's cache directory.",
		read: readPath(func(s *settings) *string { return &s.path }),
	},
	{
		attribute: "session.min_lifetime", variable: "TELEMATICS_SESSION_MIN_LIFETIME",
		description: "How long a token lives at least when it is handed out, as a Go duration, unless the token has a `min_lifetime` of its own. " +
			"Default `15m`.",
		read: zeroOrMore(func(s *settings) *time.Duration { return &s.minLifetime }),
	},
	{
		attribute: "session.read_only", variable: "TELEMATICS_SESSION_READ_ONLY", kind: flag,
		description: "For speculative plans: hand out the stored token while it lives, and send nothing to the platform. If a refresh or a login is " +
			"needed, the run fails and says so. Default `false`.",
		read: readReadOnly,
	},
	{
		attribute: "session.verify_after", variable: "TELEMATICS_SESSION_VERIFY_AFTER",
		description: "For how long a stored token is trusted after the platform has last accepted it, as a Go duration. Then one request checks it before " +
			"it is reused, because another program's login may have revoked it. `0s` checks in each run, `never` makes no check. Default `5m`.",
		read: readVerifyAfter,
	},
	{
		attribute: "session.on_failure", variable: "TELEMATICS_SESSION_ON_FAILURE",
		description: "What happens if the store at `path` or in `vault` cannot be used, after a minute of new attempts where they can help. `fail` " +
			"(default): the run fails. `login`: it logs in and goes on without the store, which may revoke the tokens of everybody that shares the store.",
		read: readOnFailure,
	},
	{
		attribute: "session.vault.mount", variable: "TELEMATICS_SESSION_VAULT_MOUNT",
		description: "The path of the secrets engine. Default `" + vaultstore.DefaultMount + "`.",
		read:        into(func(s *settings) *string { return &s.vault.Mount }),
	},
	{
		attribute: "session.vault.path", variable: "TELEMATICS_SESSION_VAULT_PATH",
		description: "The path below the mount under which there is a secret for each identity. Default `" + vaultstore.DefaultPrefix + "`.",
		read:        into(func(s *settings) *string { return &s.vault.Prefix }),
	},
	{
		attribute: "session.vault.address", variable: "VAULT_ADDR",
		description: "Vault's URL.",
		read:        into(func(s *settings) *string { return &s.vault.Address }),
	},
	{
		attribute: "session.vault.namespace", variable: "VAULT_NAMESPACE",
		description: "The namespace, of Vault Enterprise or OpenBao.",
		read:        into(func(s *settings) *string { return &s.vault.Namespace }),
	},
}

// nestedBlocks describe the blocks that the settings' names lead into. The
// token of Vault is no attribute: it is a secret, and it is short-lived.
var nestedBlocks = map[string]string{
	"session": "Where sessions are kept between runs, and when they count as stale. Without it they are kept in the user's cache directory, " +
		"encrypted.",
	"session.vault": "Keeps sessions in a KV v2 secrets engine of Vault or OpenBao. The token is found as Vault's own tools find it: in the " +
		"environment variable `VAULT_TOKEN`, else where `vault login` has left it.",
}

// settingAttributes returns the attributes of the block whose name and a dot
// the prefix is; it is empty for the provider block.
func settingAttributes(prefix string) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, s := range settingTable {
		rest, inside := strings.CutPrefix(s.attribute, prefix)
		name, _, nested := strings.Cut(rest, ".")
		described := s.description + " May be set by the environment variable `" + s.variable + "`."
		switch {
		case !inside:
		case nested:
			attributes[name] = schema.SingleNestedAttribute{
				MarkdownDescription: nestedBlocks[prefix+name],
				Optional:            true,
				Attributes:          settingAttributes(prefix + name + "."),
			}
		case s.kind == number:
			attributes[name] = schema.NumberAttribute{MarkdownDescription: described, Optional: true}
		case s.kind == flag:
			attributes[name] = schema.BoolAttribute{MarkdownDescription: described, Optional: true}
		default:
			attributes[name] = schema.StringAttribute{MarkdownDescription: described, Optional: true, Sensitive: s.sensitive}
		}
	}
	return attributes
}

// settingName names a setting by its attribute and its variable, for the
// person that has to set one of them.
func settingName(attribute string) string {
	return fmt.Sprintf("%s (environment variable %s)", attribute, settingVariable(attribute))
}

// settingVariable returns the variable of a setting. That of a nested block is
// the one of its first setting.
func settingVariable(attribute string) string {
	for _, s := range settingTable {
		if s.attribute == attribute || strings.HasPrefix(s.attribute, attribute+".") {
			return s.variable
		}
	}
	return ""
}

// path is where the attribute is.
func (s setting) path() path.Path {
	names := strings.Split(s.attribute, ".")
	at := path.Root(names[0])
	for _, name := range names[1:] {
		at = at.AtName(name)
	}
	return at
}

// readSettings reads the provider block and the environment. An empty text
// counts as not set, in both. Errors and warnings about an attribute point at
// it; those about a variable name it, and the errors are in the settings.
func readSettings(ctx context.Context, block tfsdk.Config, getenv func(string) string) (settings, diag.Diagnostics) {
	r := reader{block: block, settings: defaultSettings()}
	r.settings.home = homeOf(getenv)
	for _, s := range settingTable {
		if r.unknownBlock(ctx, s) {
			continue
		}
		value, unknown := r.value(ctx, s)
		fromBlock := value != ""
		switch {
		case unknown:
			// The environment does not make up for it: its value will win.
			r.settings.unknown[s.attribute] = true
			continue
		case !fromBlock:
			value = getenv(s.variable)
		}
		if s.attribute == "session.store" && !fromBlock && r.isSet(ctx, "session", "vault") {
			// To say where in Vault is to say that sessions are kept there.
			value = storeVault
		}
		if value != "" {
			r.report(s, fromBlock, s.read(&r.settings, value))
		}
		if s.attribute == "session.store" && fromBlock && value != storeVault && r.isSet(ctx, "session", "vault") && r.settings.store != "" {
			r.report(s, fromBlock, sayf("It is %q, and session.vault is set as well. Leave one of them out.", value))
		}
	}
	if r.settings.store == "" {
		r.settings.store = storeFile
	}
	r.settings.addServices()
	r.readRenew(getenv)
	return r.settings, r.diags
}

// addServices sets the URLs of the other services where the user-service is the
// platform's own. Elsewhere they have no default: a token goes to no host that was
// not meant.
func (s *settings) addServices() {
	if s.userServiceURL == nil || session.CanonicalURL(s.userServiceURL) != userservice.DefaultURL {
		return
	}
	if s.accountsURL == nil {
		s.accountsURL, _ = url.Parse(accounts.DefaultURL)
	}
	if s.portalURL == nil {
		s.portalURL, _ = url.Parse(userservice.DefaultPortalURL)
	}
}

// renewVariable does not reuse a session, for one run. It is no attribute: a
// configuration would keep it.
const renewVariable = "TELEMATICS_SESSION_RENEW"

// readRenew reads whether what is stored is to be replaced.
func (r *reader) readRenew(getenv func(string) string) {
	switch value := getenv(renewVariable); value {
	case "":
	case "refresh":
		r.settings.renew = session.Refreshed
	case "login":
		r.settings.renew = session.LoggedIn
	default:
		r.settings.invalid.AddError("Invalid "+renewVariable, fmt.Sprintf("%q is neither \"refresh\" nor \"login\".", value))
	}
}

// A reader reads settings one by one and collects what is wrong with them.
type reader struct {
	block    tfsdk.Config
	settings settings
	diags    diag.Diagnostics
}

// unknownBlock reports whether s is in a nested block that is not known yet,
// which it notes.
func (r *reader) unknownBlock(ctx context.Context, s setting) bool {
	names := strings.Split(s.attribute, ".")
	at := path.Empty()
	for i, name := range names[:len(names)-1] {
		at = at.AtName(name)
		var nested types.Object
		r.diags.Append(r.block.GetAttribute(ctx, at, &nested)...)
		if nested.IsUnknown() {
			r.settings.unknown[strings.Join(names[:i+1], ".")] = true
			return true
		}
	}
	return false
}

// isSet reports whether a nested block is given.
func (r *reader) isSet(ctx context.Context, names ...string) bool {
	at := path.Empty()
	for _, name := range names {
		at = at.AtName(name)
	}
	var nested types.Object
	r.diags.Append(r.block.GetAttribute(ctx, at, &nested)...)
	return !nested.IsNull()
}

// value returns the text of an attribute, empty when it is null.
func (r *reader) value(ctx context.Context, s setting) (value string, unknown bool) {
	switch s.kind {
	case number:
		var n types.Number
		r.diags.Append(r.block.GetAttribute(ctx, s.path(), &n)...)
		if n.IsNull() || n.IsUnknown() {
			return "", n.IsUnknown()
		}
		return n.ValueBigFloat().Text('f', -1), false
	case flag:
		var b types.Bool
		r.diags.Append(r.block.GetAttribute(ctx, s.path(), &b)...)
		if b.IsNull() || b.IsUnknown() {
			return "", b.IsUnknown()
		}
		return strconv.FormatBool(b.ValueBool()), false
	default:
		var t types.String
		r.diags.Append(r.block.GetAttribute(ctx, s.path(), &t)...)
		return t.ValueString(), t.IsUnknown()
	}
}

// An unusualError is a value that is used as it is: the platform is the judge.
type unusualError struct{ detail string }

func (e *unusualError) Error() string { return e.detail }

// report tells what is wrong with a value. A variable has no place in the
// configuration, so that it is named.
func (r *reader) report(s setting, fromBlock bool, err error) {
	if err == nil {
		return
	}
	summary, detail := "Invalid "+s.attribute, err.Error()
	var unusual *unusualError
	isUnusual := errors.As(err, &unusual)
	if isUnusual {
		summary = "Unusual " + s.attribute
	}
	if !fromBlock {
		detail = "The value comes from the environment variable " + s.variable + ". " + detail
	}
	switch {
	case isUnusual && fromBlock:
		r.diags.AddAttributeWarning(s.path(), summary, detail)
	case isUnusual:
		r.diags.AddWarning(summary, detail)
	case fromBlock:
		r.diags.AddAttributeError(s.path(), summary, detail)
	default:
		r.settings.invalid.AddError(summary, detail)
	}
}

// The readers of values. Their errors are sentences for a person.

// into stores a text.
func into(field func(*settings) *string) func(*settings, string) error {
	return func(s *settings, value string) error {
		value = strings.TrimSpace(value)
		if field(s) == &s.instanceID {
			if strings.ContainsFunc(value, unicode.IsControl) {
				return sayf("%s", controlCharacter)
			}
			*field(s) = value
			return checkUUID("instance_id", value)
		}
		*field(s) = value
		return nil
	}
}

// homeOf returns the home directory that the environment names. The system's list
// of users is not asked: where HOME is not set, its home is not what was meant.
func homeOf(getenv func(string) string) string {
	if runtime.GOOS == "windows" {
		return getenv("USERPROFILE")
	}
	return getenv("HOME")
}

// readPath reads the path of a file or a folder. No shell has expanded ~/ in an
// attribute, and often not in a variable.
func readPath(field func(*settings) *string) func(*settings, string) error {
	return func(s *settings, value string) error {
		value = strings.TrimSpace(value)
		first, rest, _ := strings.Cut(filepath.ToSlash(value), "/")
		switch {
		case !strings.HasPrefix(first, "~"):
		case first != "~":
			return sayf("%q begins with the home directory of a user by name. Only ~/ is known, which is that of the user who runs the provider; "+
				"begin with ./ for a folder of this name.", first)
		case s.home == "":
			return sayf("It begins with ~/, and there is no home directory: HOME is not set. Write the whole path.")
		default:
			value = filepath.Join(s.home, rest)
		}
		*field(s) = value
		return nil
	}
}

// intoSecret stores a secret.
func intoSecret(field func(*settings) *secret.String) func(*settings, string) error {
	return func(s *settings, value string) error {
		if strings.ContainsAny(value, "\r\n") {
			return sayf("It holds a line break, such as the one at the end of a file. Take it away, for example with trimspace(file(…)): " +
				"the platform would refuse it as a wrong password.")
		}
		isKey := field(s) == &s.instanceKey
		if isKey && strings.ContainsFunc(value, unicode.IsControl) {
			return sayf("%s", controlCharacter)
		}
		if isKey {
			value = strings.TrimSpace(value) // it is an id by its shape
		}
		*field(s) = secret.New(value)
		if isKey {
			return checkUUID("instance_key", value)
		}
		return nil
	}
}

// checkUUID returns an [*unusualError] for a value that is no UUID.
func checkUUID(attribute, value string) error {
	if isUUID(value) {
		return nil
	}
	return &unusualError{notUUID(attribute)}
}

// sentenceError is an error whose text is sentences for a person.
type sentenceError string

func (e sentenceError) Error() string { return string(e) }

// sayf makes sentences for a person.
func sayf(format string, args ...any) error { return sentenceError(fmt.Sprintf(format, args...)) }

// aboveZero stores a Go duration that is longer than zero.
func aboveZero(field func(*settings) *time.Duration) func(*settings, string) error {
	return duration(field, 1, "above zero")
}

// zeroOrMore stores a Go duration that is not negative.
func zeroOrMore(field func(*settings) *time.Duration) func(*settings, string) error {
	return duration(field, 0, "of zero or more")
}

func duration(field func(*settings) *time.Duration, least time.Duration, bound string) func(*settings, string) error {
	return func(s *settings, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least {
			return sayf("%q is not a Go duration %s, such as 30s or 2m.", value, bound)
		}
		*field(s) = d
		return nil
	}
}

// readURL reads the base URL of a service.
func readURL(field func(*settings) **url.URL, example string) func(*settings, string) error {
	return func(s *settings, value string) (err error) {
		*field(s), err = parseURL(value, example)
		return err
	}
}

// parseURL parses the base URL of a service, and writes it in one way.
func parseURL(value, example string) (*url.URL, error) {
	parsed, err := url.Parse(value)
	switch {
	case err != nil || parsed.Host == "" || parsed.Hostname() == "":
		// The parser's error quotes the text, which may hold a password.
		return nil, sayf("It is not a URL with a scheme and a host, such as %s.", example)
	case parsed.User != nil:
		return nil, sayf("It must not hold a user name or a password: proxies and logs show the URL.")
	case parsed.RawQuery != "" || parsed.Fragment != "":
		return nil, sayf("It must not have a query or a fragment: the provider adds paths to it, such as /v1/Auth/Login.")
	case parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		return nil, sayf("Plain http would send passwords in the clear. Use https; http is accepted only for this machine (localhost or a loopback address).")
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return nil, sayf("Its scheme must be https.")
	}
	// One spelling per service, so that it is one identity to the session
	// store.
	return url.Parse(session.CanonicalURL(parsed))
}

// isLoopback reports whether host is this machine by name or by address.
func isLoopback(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// readLoginFormat reads the form of the login (PLATFORM-API.md §2).
func readLoginFormat(s *settings, value string) error {
	switch form := session.LoginForm(value); form {
	case "auto":
		s.loginForm = ""
	case session.FormObject, session.FormString:
		s.loginForm = form
	default:
		return sayf("It must be %q, %q or %q.", "auto", session.FormObject, session.FormString)
	}
	return nil
}

// readVerifyAfter reads a duration or "never".
func readVerifyAfter(s *settings, value string) error {
	d, err := time.ParseDuration(value)
	switch {
	case value == "never":
		s.verifyAfter = 0
	case err != nil || d < 0:
		return sayf("%q is neither a Go duration of zero or more, such as 5m, nor %q.", value, "never")
	default:
		s.verifyAfter = max(d, 1) // each time, where it is zero
	}
	return nil
}

// readOnFailure reads what becomes of a run whose store fails.
func readOnFailure(s *settings, value string) error {
	if value != onFailureFail && value != onFailureLogin {
		return sayf("It must be %q or %q.", onFailureFail, onFailureLogin)
	}
	s.onFailure = value
	return nil
}

// mostLogins bounds login_limit: the ledger has an entry for each login.
const mostLogins = 10_000

// readLoginLimit reads a whole number above zero.
func readLoginLimit(s *settings, value string) error {
	n, ok := new(big.Int).SetString(value, 10)
	if !ok || n.Sign() <= 0 || n.Cmp(big.NewInt(mostLogins)) > 0 {
		if len(value) > 20 {
			value = value[:20] + "…"
		}
		return sayf("%q is not a whole number from 1 to %d.", value, mostLogins)
	}
	s.loginLimit = int(n.Int64())
	return nil
}

// readStore reads where sessions are kept.
func readStore(s *settings, value string) error {
	switch value {
	case storeFile, storeVault, storeNone:
		s.store = value
		return nil
	default:
		return sayf("%q is none of the stores: %q, %q, %q.", value, storeFile, storeVault, storeNone)
	}
}

// readReadOnly reads a switch.
func readReadOnly(s *settings, value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return sayf("%q is neither true nor false.", value)
	}
	s.readOnly = on
	return nil
}
