// Package settings knows the provider's settings: their names, their variables,
// and how their values are read. Terraform's provider block and the command line
// go by the same table.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/credential"
	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
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

// What becomes of a run whose session store fails: session.on_failure.
const (
	OnFailureFail  = "fail"
	OnFailureLogin = "login"
)

// The kinds of session stores: session.store.
const (
	StoreFile  = "file"
	StoreVault = "vault"
	StoreNone  = "none"
)

// Settings are what the provider block and the environment come to.
type Settings struct {
	InstanceID  string
	InstanceKey secret.String
	Email       string
	Password    secret.String
	// InstanceKeyFrom and PasswordFrom are where they are read from when they are
	// not set themselves; nil where they are, or are missing.
	InstanceKeyFrom, PasswordFrom *Origin

	TLS            platform.TLS
	UserServiceURL *url.URL          // nil: not known yet, or wrong
	PortalURL      *url.URL          // nil: an admin's token is not checked
	AccountsURL    *url.URL          // nil: what needs the service asks for it
	LoginForm      session.LoginForm // empty: auto
	RequestTimeout time.Duration
	LoginLimit     int
	LoginWindow    time.Duration
	LoginWait      time.Duration

	Store       string // StoreFile, StoreVault or StoreNone
	Path        string
	MinLifetime time.Duration
	ReadOnly    bool
	VerifyAfter time.Duration // zero: never
	OnFailure   string        // OnFailureFail, OnFailureLogin, or empty
	Renew       session.Source
	Vault       vaultstore.Config

	// Unknown holds the attributes whose values are not known yet. They fail
	// a run only when it asks for a token that needs them.
	Unknown map[string]bool
	// Invalid are the errors of the environment's values. They fail a run when it
	// asks for a token: at the provider, the CLI would say that a provider block
	// is missing.
	Invalid message.List

	home string // what ~/ stands for; empty where there is none
}

// An Origin is where a credential is read from when it is needed.
type Origin struct {
	// Attribute is the setting that says so, such as "password_file".
	Attribute string
	source    *credential.Source
	check     func(string) (string, error)
	once      sync.Once // has been warned of
}

// Read returns the credential. Its warnings come once. Its error is a
// [*credential.Error], whose text is sentences for a person, or that of ctx.
func (o *Origin) Read(ctx context.Context) (value secret.String, warnings message.List, err error) {
	value, warning, err := o.source.Read(ctx)
	if err != nil {
		return secret.String{}, nil, err
	}
	checked, err := o.check(value.Reveal())
	var unusual *unusualError
	isUnusual := errors.As(err, &unusual)
	if err != nil && !isUnusual {
		return secret.String{}, nil, err
	}
	o.once.Do(func() {
		if warning != "" {
			warnings.Warn("Others may read "+o.Attribute, warning)
		}
		if isUnusual {
			warnings.Warn("Unusual "+o.Attribute, unusual.detail)
		}
	})
	return secret.New(checked), warnings, nil
}

// defaults are the settings of an empty block and environment.
func defaults() Settings {
	s := Settings{
		RequestTimeout: session.DefaultRequestTimeout,
		LoginLimit:     session.DefaultLoginLimit,
		LoginWindow:    session.DefaultLoginWindow,
		LoginWait:      session.DefaultLoginWait,
		MinLifetime:    defaultMinLifetime,
		VerifyAfter:    defaultVerifyAfter,
		Unknown:        map[string]bool{},
	}
	s.UserServiceURL, _ = url.Parse(userservice.DefaultURL)
	return s
}

// A Setting is an attribute of the provider block with the environment variable
// that stands in for it.
type Setting struct {
	// Attribute is the attribute's name; a dot leads into a nested block.
	Attribute string
	// Variable is the environment variable's name; empty where there is none.
	Variable string
	// Description is Markdown, for the registry's page.
	Description string
	// Kind is what the attribute holds.
	Kind Kind
	// Sensitive is true where a value must not be shown.
	Sensitive bool
	// read takes over a value. Its error follows upon the origin of the value,
	// and quotes it only where it cannot be a secret.
	read func(*Settings, string) error
}

// Kind is the type of an attribute.
type Kind int

// The kinds of attributes.
const (
	Text Kind = iota
	Number
	Flag
	// List is a list of texts. As a text it is JSON.
	List
)

// table holds every setting. Schema and documentation come from it, and the
// environment is read through it and nowhere else, but for Vault's token and TLS
// settings, which Vault's own client reads.
var table = []Setting{
	{
		Attribute: "instance_id", Variable: "TELEMATICS_INSTANCE_ID",
		Description: "The instance ID, a UUID. To authorize as admin: the API InstanceID that comes with the API authorization credentials; may be " +
			"left out. To authorize as user: the user group's InstanceID.",
		read: into(func(s *Settings) *string { return &s.InstanceID }),
	},
	{
		Attribute: "instance_key", Variable: "TELEMATICS_INSTANCE_KEY", Sensitive: true,
		Description: "The user group's InstanceKey, a UUID. Needed to authorize as user.",
		read:        intoSecret(func(s *Settings) *secret.String { return &s.InstanceKey }, checkKey),
	},
	{
		Attribute: "instance_key_file", Variable: "TELEMATICS_INSTANCE_KEY_FILE",
		Description: "A file with the InstanceKey, as `password_file` is one with the password.",
		read:        readOrigin("instance_key_file", checkKey, func(s *Settings) **Origin { return &s.InstanceKeyFrom }),
	},
	{
		Attribute: "email", Variable: "TELEMATICS_EMAIL",
		Description: "The API login: the email of the API authorization credentials generated in DataHub, which is not the login of the DataHub " +
			"web page. Needed to authorize as admin.",
		read: into(func(s *Settings) *string { return &s.Email }),
	},
	{
		Attribute: "password", Variable: "TELEMATICS_PASSWORD", Sensitive: true,
		Description: "The API password of the API authorization credentials. Needed to authorize as admin.",
		read:        intoSecret(func(s *Settings) *secret.String { return &s.Password }, checkPassword),
	},
	{
		Attribute: "password_file", Variable: "TELEMATICS_PASSWORD_FILE",
		Description: "A file with the API password, such as one that a secret store has mounted. The path is absolute or begins with `~/`, which is the home " +
			"directory. The file is read when a token is asked for, and one line break at its end is dropped. If other users may read it, a warning says so.",
		read: readOrigin("password_file", checkPassword, func(s *Settings) **Origin { return &s.PasswordFrom }),
	},
	{
		Attribute: "password_command", Variable: "TELEMATICS_PASSWORD_COMMAND", Kind: List,
		Description: "A command that prints the API password to its standard output, such as `[\"op\", \"read\", \"op://Fleet/Telematics/password\"]`: the program " +
			"and its arguments, which no shell reads. It is run when an admin's token is asked for, once in each plan and each apply: stored sessions are " +
			"encrypted with the password. `validate` does not run it, and a plan without a token does not either. It has no standard input, may take 30 " +
			"seconds, and is then ended with all that it has started. If it fails, the error shows its standard error; its standard output is never " +
			"shown. In the environment it is a JSON list.",
		read: readCommand,
	},
	{
		Attribute: "tls.ca_cert_file", Variable: "TELEMATICS_CA_CERT_FILE",
		Description: "A file with certificates of authorities, in PEM, that are trusted besides those of the system.",
		read:        readPath(func(s *Settings) *string { return &s.TLS.CACertFile }),
	},
	{
		Attribute:   "tls.ca_cert_pem",
		Description: "The text of such a file.",
		read:        into(func(s *Settings) *string { return &s.TLS.CACertPEM }),
	},
	{
		Attribute: "tls.client_cert_file", Variable: "TELEMATICS_CLIENT_CERT_FILE",
		Description: "A file with the client's certificate, in PEM, for servers that know their clients by certificates (mTLS). Certificates between it and " +
			"its authority follow it. It takes `client_key_file` or `client_key_pem`.",
		read: readPath(func(s *Settings) *string { return &s.TLS.ClientCertFile }),
	},
	{
		Attribute:   "tls.client_cert_pem",
		Description: "The text of such a file.",
		read:        into(func(s *Settings) *string { return &s.TLS.ClientCertPEM }),
	},
	{
		Attribute: "tls.client_key_file", Variable: "TELEMATICS_CLIENT_KEY_FILE",
		Description: "A file with the key of the client's certificate, in PEM and without a passphrase.",
		read:        readPath(func(s *Settings) *string { return &s.TLS.ClientKeyFile }),
	},
	{
		Attribute: "tls.client_key_pem", Sensitive: true,
		Description: "The text of such a file.",
		read: func(s *Settings, value string) error {
			s.TLS.ClientKeyPEM = secret.New(value)
			return nil
		},
	},
	{
		Attribute: "tls.server_name", Variable: "TELEMATICS_TLS_SERVER_NAME",
		Description: "The name that the certificate of each service must have, where it is not the host of the service's URL.",
		read:        into(func(s *Settings) *string { return &s.TLS.ServerName }),
	},
	{
		Attribute: "user_service_url", Variable: "TELEMATICS_USER_SERVICE_URL",
		Description: "The base URL of the platform's user-service. It must be `https`, unless its host is this machine (`localhost` or a loopback " +
			"address). Default `" + userservice.DefaultURL + "`.",
		read: readURL(func(s *Settings) **url.URL { return &s.UserServiceURL }, userservice.DefaultURL),
	},
	{
		Attribute: "portal_url", Variable: "TELEMATICS_PORTAL_URL",
		Description: "The base URL of the service that is asked whether an admin's token is still good (see `session.verify_after`). Default `" +
			userservice.DefaultPortalURL + "`. With a `user_service_url` of your own there is no default, and without `portal_url` an admin's token is not checked.",
		read: readURL(func(s *Settings) **url.URL { return &s.PortalURL }, userservice.DefaultPortalURL),
	},
	{
		Attribute: "accounts_url", Variable: "TELEMATICS_ACCOUNTS_URL",
		Description: "The base URL of the Accounts service, which manages applications and instances. Default `" + accounts.DefaultURL +
			"`; with a `user_service_url` of your own there is no default, and what needs the service asks for it.",
		read: readURL(func(s *Settings) **url.URL { return &s.AccountsURL }, accounts.DefaultURL),
	},
	{
		Attribute: "login_format", Variable: "TELEMATICS_LOGIN_FORMAT",
		Description: "How the login is written: `object` sends the login fields as a JSON object, `string` as a JSON document inside a string. The " +
			"platform's documentation has both. `auto` (default) sends the form that has worked before. If none is known, it sends `object`, and if " +
			"that is refused, `string`, once.",
		read: readLoginFormat,
	},
	{
		Attribute: "request_timeout", Variable: "TELEMATICS_REQUEST_TIMEOUT",
		Description: "How long one request to the platform may take, as a Go duration such as `30s`. Default `30s`.",
		read:        aboveZero(func(s *Settings) *time.Duration { return &s.RequestTimeout }),
	},
	{
		Attribute: "login_limit", Variable: "TELEMATICS_LOGIN_LIMIT", Kind: Number,
		Description: "How many logins the platform allows an address within `login_window`. One more would block the address for an hour, so it is " +
			"held back. A whole number from 1 to 10000. Default `5`.",
		read: readLoginLimit,
	},
	{
		Attribute: "login_window", Variable: "TELEMATICS_LOGIN_WINDOW",
		Description: "The window that `login_limit` is for, as a Go duration. Default `1m`.",
		read:        aboveZero(func(s *Settings) *time.Duration { return &s.LoginWindow }),
	},
	{
		Attribute: "login_wait", Variable: "TELEMATICS_LOGIN_WAIT",
		Description: "How long the logins of a run wait for their places within the limit, as a Go duration, from when the first of them has to. A login " +
			"that would have to wait longer is not sent, and the error says when it can be, and how long all of them take. While a login waits, the CLI " +
			"says that it is still opening the token; with `TF_LOG_PROVIDER=INFO` the log says until when, and a warning at the end of the run how long " +
			"it was. Default `2m`.",
		read: zeroOrMore(func(s *Settings) *time.Duration { return &s.LoginWait }),
	},
	{
		Attribute: "session.store", Variable: "TELEMATICS_SESSION_STORE",
		Description: "Where sessions are kept. `file` (default): in files of the user, each encrypted with a key that is derived from the credential " +
			"itself. `vault` (default if `vault` is set): in Vault or OpenBao, for runners that share no disk, encrypted in the same way. `none`: in " +
			"memory, so that a plan logs in, and its apply logs in again. Each provider block (`alias`) then logs in for itself, too, which may revoke " +
			"the tokens of the others.",
		read: readStore,
	},
	{
		Attribute: "session.path", Variable: "TELEMATICS_SESSION_PATH",
		Description: "The folder of the file store. Sessions lie in a folder of their own in it, `telematics-sessions`; nothing else in it is " +
			"touched. `~/` at its beginning is the home directory. The ledger that counts logins is the machine's, and never in it. Default: " +
			"`terraform-provider-telematics` in the user's cache directory.",
		read: readPath(func(s *Settings) *string { return &s.Path }),
	},
	{
		Attribute: "session.min_lifetime", Variable: "TELEMATICS_SESSION_MIN_LIFETIME",
		Description: "How long a token lives at least when it is handed out, as a Go duration, unless the token has a `min_lifetime` of its own. " +
			"Default `15m`.",
		read: zeroOrMore(func(s *Settings) *time.Duration { return &s.MinLifetime }),
	},
	{
		Attribute: "session.read_only", Variable: "TELEMATICS_SESSION_READ_ONLY", Kind: Flag,
		Description: "For speculative plans: hand out the stored token while it lives, and send nothing to the platform. If a refresh or a login is " +
			"needed, the run fails and says so. Default `false`.",
		read: readReadOnly,
	},
	{
		Attribute: "session.verify_after", Variable: "TELEMATICS_SESSION_VERIFY_AFTER",
		Description: "For how long a stored token is trusted after the platform has last accepted it, as a Go duration. Then one request checks it before " +
			"it is reused, because another program's login may have revoked it. `0s` checks in each run, `never` makes no check. Default `5m`.",
		read: readVerifyAfter,
	},
	{
		Attribute: "session.on_failure", Variable: "TELEMATICS_SESSION_ON_FAILURE",
		Description: "What happens if the store at `path` or in `vault` cannot be used, after a minute of new attempts where they can help. `fail` " +
			"(default): the run fails. `login`: it logs in and goes on without the store, which may revoke the tokens of everybody that shares the store.",
		read: readOnFailure,
	},
	{
		Attribute: "session.vault.mount", Variable: "TELEMATICS_SESSION_VAULT_MOUNT",
		Description: "The path of the secrets engine. Default `" + vaultstore.DefaultMount + "`.",
		read:        into(func(s *Settings) *string { return &s.Vault.Mount }),
	},
	{
		Attribute: "session.vault.path", Variable: "TELEMATICS_SESSION_VAULT_PATH",
		Description: "The path below the mount under which there is a secret for each identity. Default `" + vaultstore.DefaultPrefix + "`.",
		read:        into(func(s *Settings) *string { return &s.Vault.Prefix }),
	},
	{
		Attribute: "session.vault.address", Variable: "VAULT_ADDR",
		Description: "Vault's URL.",
		read:        into(func(s *Settings) *string { return &s.Vault.Address }),
	},
	{
		Attribute: "session.vault.namespace", Variable: "VAULT_NAMESPACE",
		Description: "The namespace, of Vault Enterprise or OpenBao.",
		read:        into(func(s *Settings) *string { return &s.Vault.Namespace }),
	},
}

// alternatives are settings of which one alone is set, in the provider block or in
// the environment. What the block has of them wins over all that the environment
// has.
var alternatives = [][]string{
	{"instance_key", "instance_key_file"},
	{"password", "password_file", "password_command"},
	{"tls.ca_cert_file", "tls.ca_cert_pem"},
	{"tls.client_cert_file", "tls.client_cert_pem"},
	{"tls.client_key_file", "tls.client_key_pem"},
}

// alternativesOf returns the settings that a setting excludes.
func alternativesOf(attribute string) (others []Setting) {
	for _, group := range alternatives {
		if !slices.Contains(group, attribute) {
			continue
		}
		for _, s := range table {
			if s.Attribute != attribute && slices.Contains(group, s.Attribute) {
				others = append(others, s)
			}
		}
	}
	return others
}

// All returns every setting, in the order in which they are read.
func All() []Setting { return slices.Clone(table) }

// blocks describe the blocks that the settings' names lead into. The token of Vault
// is no attribute: it is a secret, and it is short-lived.
var blocks = map[string]string{
	"session": "Where sessions are kept between runs, and when they count as stale. Without it they are kept in the user's cache directory, " +
		"encrypted.",
	"tls": "How the provider and the services of the platform know each other, where a proxy or a server of your own stands between them. It holds for " +
		"`user_service_url`, `accounts_url` and `portal_url`. There is no switch that turns verification off. Vault's settings are Vault's own (`VAULT_CACERT` " +
		"and others).",
	"session.vault": "Keeps sessions in a KV v2 secrets engine of Vault or OpenBao. The token is found as Vault's own tools find it: in the " +
		"environment variable `VAULT_TOKEN`, else where `vault login` has left it.",
}

// DescribeBlock describes the nested block of a name, in Markdown.
func DescribeBlock(name string) string { return blocks[name] }

// Name names a setting by its attribute and its variable, for the person that has
// to set one of them.
func Name(attribute string) string {
	if Variable(attribute) == "" {
		return attribute
	}
	return fmt.Sprintf("%s (environment variable %s)", attribute, Variable(attribute))
}

// Variable returns the variable of a setting. That of a nested block is the one of
// its first setting.
func Variable(attribute string) string {
	for _, s := range table {
		if s.Attribute == attribute || strings.HasPrefix(s.Attribute, attribute+".") {
			return s.Variable
		}
	}
	return ""
}

// A Block is a provider block, or what stands in for one.
type Block interface {
	// Value returns the text of an attribute. It is empty when the attribute is not
	// set, and unknown when its value is not known yet.
	Value(Setting) (value string, unknown bool)
	// Nested reports whether a nested block is set, and whether it is unknown; one
	// that is unknown counts as set.
	Nested(name string) (set, unknown bool)
}

// NoBlock is a [Block] in which nothing is set: the environment has it all.
var NoBlock Block = noBlock{}

type noBlock struct{}

// Value implements [Block].
func (noBlock) Value(Setting) (string, bool) { return "", false }

// Nested implements [Block].
func (noBlock) Nested(string) (set, unknown bool) { return false, false }

// Read reads the provider block and the environment. An empty text counts as not
// set, in both. Errors and warnings about an attribute point at it; those about a
// variable name it, and the errors are in the settings.
func Read(block Block, getenv func(string) string) (Settings, message.List) {
	r := reader{block: block, settings: defaults()}
	r.settings.home = homeOf(getenv)
	vault, _ := block.Nested("session.vault")
	for _, s := range table {
		if r.unknownBlock(s) {
			continue
		}
		value, unknown := block.Value(s)
		fromBlock := value != ""
		switch {
		case unknown:
			// The environment does not make up for it: its value will win.
			r.settings.Unknown[s.Attribute] = true
			continue
		case !fromBlock:
			value = r.fromEnvironment(s, getenv)
		}
		if other := r.alternative(s, fromBlock, getenv); value != "" && other != "" {
			r.report(s, fromBlock, sayf("%s is set as well. Leave one of them out.", other))
			continue
		}
		if s.Attribute == "session.store" && !fromBlock && vault {
			// To say where in Vault is to say that sessions are kept there.
			value = StoreVault
		}
		if value != "" {
			r.report(s, fromBlock, s.read(&r.settings, value))
		}
		if s.Attribute == "session.store" && fromBlock && value != StoreVault && vault && r.settings.Store != "" {
			r.report(s, fromBlock, sayf("It is %q, and session.vault is set as well. Leave one of them out.", value))
		}
	}
	if r.settings.Store == "" {
		r.settings.Store = StoreFile
	}
	r.settings.addServices()
	r.readRenew(getenv)
	return r.settings, r.found
}

// fromEnvironment returns the value of a setting's variable. What the block has
// in its place, also what is not known yet, wins over it.
func (r *reader) fromEnvironment(s Setting, getenv func(string) string) string {
	if s.Variable == "" {
		return ""
	}
	for _, other := range alternativesOf(s.Attribute) {
		if value, unknown := r.block.Value(other); value != "" || unknown {
			return ""
		}
	}
	return getenv(s.Variable)
}

// alternative names a setting that is set in the same place as s, which excludes it
// and comes before it. It is empty where there is none.
func (r *reader) alternative(s Setting, fromBlock bool, getenv func(string) string) string {
	for _, other := range alternativesOf(s.Attribute) {
		if slices.IndexFunc(table, func(each Setting) bool { return each.Attribute == other.Attribute }) >
			slices.IndexFunc(table, func(each Setting) bool { return each.Attribute == s.Attribute }) {
			continue
		}
		if value, _ := r.block.Value(other); fromBlock && value != "" {
			return other.Attribute
		}
		if !fromBlock && other.Variable != "" && getenv(other.Variable) != "" {
			return "The environment variable " + other.Variable
		}
	}
	return ""
}

// addServices sets the URLs of the other services where the user-service is the
// platform's own. Elsewhere they have no default: a token goes to no host that was
// not meant.
func (s *Settings) addServices() {
	if s.UserServiceURL == nil || session.CanonicalURL(s.UserServiceURL) != userservice.DefaultURL {
		return
	}
	if s.AccountsURL == nil {
		s.AccountsURL, _ = url.Parse(accounts.DefaultURL)
	}
	if s.PortalURL == nil {
		s.PortalURL, _ = url.Parse(userservice.DefaultPortalURL)
	}
}

// RenewVariable does not reuse a session, for one run. It is no attribute: a
// configuration would keep it.
const RenewVariable = "TELEMATICS_SESSION_RENEW"

// readRenew reads whether what is stored is to be replaced.
func (r *reader) readRenew(getenv func(string) string) {
	switch value := getenv(RenewVariable); value {
	case "":
	case "refresh":
		r.settings.Renew = session.Refreshed
	case "login":
		r.settings.Renew = session.LoggedIn
	default:
		r.settings.Invalid.Error("Invalid "+RenewVariable, fmt.Sprintf("%q is neither \"refresh\" nor \"login\".", value))
	}
}

// A reader reads settings one by one and collects what is wrong with them.
type reader struct {
	block    Block
	settings Settings
	found    message.List
}

// unknownBlock reports whether s is in a nested block that is not known yet,
// which it notes.
func (r *reader) unknownBlock(s Setting) bool {
	names := strings.Split(s.Attribute, ".")
	for i := range names[:len(names)-1] {
		name := strings.Join(names[:i+1], ".")
		if _, unknown := r.block.Nested(name); unknown {
			r.settings.Unknown[name] = true
			return true
		}
	}
	return false
}

// An unusualError is a value that is used as it is: the platform is the judge.
type unusualError struct{ detail string }

func (e *unusualError) Error() string { return e.detail }

// report tells what is wrong with a value. A variable has no place in the
// configuration, so that it is named.
func (r *reader) report(s Setting, fromBlock bool, err error) {
	if err == nil {
		return
	}
	said := message.Message{Title: "Invalid " + s.Attribute, Detail: err.Error()}
	var unusual *unusualError
	if errors.As(err, &unusual) {
		said = message.Message{Warning: true, Title: "Unusual " + s.Attribute, Detail: unusual.detail}
	}
	if fromBlock {
		said.Attribute = s.Attribute
	} else {
		said.Detail = "The value comes from the environment variable " + s.Variable + ". " + said.Detail
	}
	if fromBlock || said.Warning {
		r.found = append(r.found, said)
	} else {
		r.settings.Invalid = append(r.settings.Invalid, said)
	}
}

// The readers of values. Their errors are sentences for a person.

// into stores a text.
func into(field func(*Settings) *string) func(*Settings, string) error {
	return func(s *Settings, value string) error {
		value = strings.TrimSpace(value)
		if field(s) == &s.InstanceID {
			if strings.ContainsFunc(value, unicode.IsControl) {
				return sayf("%s", ControlCharacter)
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
func readPath(field func(*Settings) *string) func(*Settings, string) error {
	return func(s *Settings, value string) error {
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
func intoSecret(field func(*Settings) *secret.String, check func(string) (string, error)) func(*Settings, string) error {
	return func(s *Settings, value string) error {
		value, err := check(value)
		*field(s) = secret.New(value)
		return err
	}
}

// checkPassword returns a password as it is sent.
func checkPassword(value string) (string, error) {
	if strings.ContainsAny(value, "\r\n") {
		return "", sayf("It holds a line break, such as the one at the end of a file. Take it away, for example with trimspace(file(…)): " +
			"the platform would refuse it as a wrong password.")
	}
	return value, nil
}

// checkKey returns an InstanceKey as it is sent. It is an id by its shape.
func checkKey(value string) (string, error) {
	if value, err := checkPassword(value); err != nil {
		return value, err
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return "", sayf("%s", ControlCharacter)
	}
	value = strings.TrimSpace(value)
	return value, checkUUID("instance_key", value)
}

// readOrigin reads the path of a file that holds a credential, and leaves the file
// alone.
func readOrigin(attribute string, check func(string) (string, error), field func(*Settings) **Origin) func(*Settings, string) error {
	return func(s *Settings, value string) error {
		var name string
		if err := readPath(func(*Settings) *string { return &name })(s, value); err != nil {
			return err
		}
		if !filepath.IsAbs(name) {
			return sayf("%q is neither an absolute path nor one that begins with ~/: what another one starts from depends on where the CLI is started. "+
				"Write \"${abspath(path.module)}/…\" for a file beside the configuration.", value)
		}
		*field(s) = &Origin{Attribute: attribute, source: credential.File(name), check: check}
		return nil
	}
}

// readCommand reads the command that prints the password, and does not run it. A
// word of it may be a secret, and is not quoted.
func readCommand(s *Settings, value string) error {
	var words []*string
	if err := json.Unmarshal([]byte(value), &words); err != nil || slices.Contains(words, nil) {
		return sayf("It must be a list of texts in JSON, such as [\"op\", \"read\", \"op://Fleet/Telematics/password\"]: a program and its arguments.")
	}
	argv := make([]string, len(words))
	for i, word := range words {
		argv[i] = *word
	}
	if len(argv) == 0 || argv[0] == "" {
		return sayf("The first text of the list must be a program.")
	}
	if strings.HasPrefix(argv[0], "~/") {
		if err := readPath(func(*Settings) *string { return &argv[0] })(s, argv[0]); err != nil {
			return err
		}
	}
	s.PasswordFrom = &Origin{Attribute: "password_command", source: credential.Command(argv), check: checkPassword}
	return nil
}

// uuidShape is what the platform's ids look like (PLATFORM-API.md §1).
var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// IsUUID reports whether a text has the shape of the platform's ids and keys.
func IsUUID(text string) bool { return uuidShape.MatchString(text) }

// NotUUID warns of a value that has another shape, without quoting it: keys
// are checked as well.
func NotUUID(attribute string) string {
	return "The platform's ids and keys are UUIDs (8-4-4-4-12 hexadecimal digits), and the value of " + attribute +
		" is not. It is used as it is; if the platform refuses it, look for a value that was cut short or mixed up with another."
}

// ControlCharacter refuses a value that HTTP cannot carry, or that the platform
// refuses as a wrong one.
const ControlCharacter = "It holds a line break or another control character, such as the one at the end of a file. " +
	"Take it away, for example with trimspace(file(…))."

// checkUUID returns an [*unusualError] for a value that is no UUID.
func checkUUID(attribute, value string) error {
	if IsUUID(value) {
		return nil
	}
	return &unusualError{NotUUID(attribute)}
}

// sentenceError is an error whose text is sentences for a person.
type sentenceError string

func (e sentenceError) Error() string { return string(e) }

// sayf makes sentences for a person.
func sayf(format string, args ...any) error { return sentenceError(fmt.Sprintf(format, args...)) }

// aboveZero stores a Go duration that is longer than zero.
func aboveZero(field func(*Settings) *time.Duration) func(*Settings, string) error {
	return duration(field, 1, "above zero")
}

// zeroOrMore stores a Go duration that is not negative.
func zeroOrMore(field func(*Settings) *time.Duration) func(*Settings, string) error {
	return duration(field, 0, "of zero or more")
}

func duration(field func(*Settings) *time.Duration, least time.Duration, bound string) func(*Settings, string) error {
	return func(s *Settings, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < least {
			return sayf("%q is not a Go duration %s, such as 30s or 2m.", value, bound)
		}
		*field(s) = d
		return nil
	}
}

// readURL reads the base URL of a service.
func readURL(field func(*Settings) **url.URL, example string) func(*Settings, string) error {
	return func(s *Settings, value string) (err error) {
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
func readLoginFormat(s *Settings, value string) error {
	switch form := session.LoginForm(value); form {
	case "auto":
		s.LoginForm = ""
	case session.FormObject, session.FormString:
		s.LoginForm = form
	default:
		return sayf("It must be %q, %q or %q.", "auto", session.FormObject, session.FormString)
	}
	return nil
}

// readVerifyAfter reads a duration or "never".
func readVerifyAfter(s *Settings, value string) error {
	d, err := time.ParseDuration(value)
	switch {
	case value == "never":
		s.VerifyAfter = 0
	case err != nil || d < 0:
		return sayf("%q is neither a Go duration of zero or more, such as 5m, nor %q.", value, "never")
	default:
		s.VerifyAfter = max(d, 1) // each time, where it is zero
	}
	return nil
}

// readOnFailure reads what becomes of a run whose store fails.
func readOnFailure(s *Settings, value string) error {
	if value != OnFailureFail && value != OnFailureLogin {
		return sayf("It must be %q or %q.", OnFailureFail, OnFailureLogin)
	}
	s.OnFailure = value
	return nil
}

// mostLogins bounds login_limit: the ledger has an entry for each login.
const mostLogins = 10_000

// readLoginLimit reads a whole number above zero.
func readLoginLimit(s *Settings, value string) error {
	n, ok := new(big.Int).SetString(value, 10)
	if !ok || n.Sign() <= 0 || n.Cmp(big.NewInt(mostLogins)) > 0 {
		if len(value) > 20 {
			value = value[:20] + "…"
		}
		return sayf("%q is not a whole number from 1 to %d.", value, mostLogins)
	}
	s.LoginLimit = int(n.Int64())
	return nil
}

// readStore reads where sessions are kept.
func readStore(s *Settings, value string) error {
	switch value {
	case StoreFile, StoreVault, StoreNone:
		s.Store = value
		return nil
	default:
		return sayf("%q is none of the stores: %q, %q, %q.", value, StoreFile, StoreVault, StoreNone)
	}
}

// readReadOnly reads a switch.
func readReadOnly(s *Settings, value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return sayf("%q is neither true nor false.", value)
	}
	s.ReadOnly = on
	return nil
}
