package provider

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/vaultstore"
)

// The kinds of session stores.
const (
	storeFile  = "file"
	storeVault = "vault"
	storeNone  = "none"
)

// sessionSettings say where sessions are kept and when they count as stale.
type sessionSettings struct {
	store       string
	path        string
	vault       vaultSettings
	minLifetime time.Duration
	readOnly    bool
}

// vaultSettings say where in which Vault. What is empty is found in the way of
// Vault's own tools.
type vaultSettings struct {
	mount     string
	path      string
	address   string
	namespace string
}

// sessionAttribute is the attribute session of the provider block.
func sessionAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Where sessions are kept between runs, and when they count as stale. Without it they are kept in the user's " +
			"cache directory, encrypted.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"store": schema.StringAttribute{
				MarkdownDescription: "`file` (default): in files of the user's, each encrypted with a key that is derived from the credential itself. " +
					"`vault` (default where `vault` is set): in Vault or OpenBao, for runners that share no disk, encrypted in the same way. " +
					"`none`: nowhere, so that every run logs in. " + env(settingSessionStore),
				Optional: true,
			},
			"path": schema.StringAttribute{
				MarkdownDescription: "The folder of the file store, and of the ledger that counts logins. They lie in a folder of their own in it, " +
					"`telematics-sessions`; nothing else in it is touched. Default: `terraform-provider-telematics` in the user's cache directory. " +
					env(settingSessionPath),
				Optional: true,
			},
			"vault": vaultAttribute(),
			"min_lifetime": schema.StringAttribute{
				MarkdownDescription: "How long a token that is handed out lives at the least, as a Go duration, where the token itself does not say " +
					"otherwise. Default `15m`. " + env(settingSessionMinLifetime),
				Optional: true,
			},
			"read_only": schema.BoolAttribute{
				MarkdownDescription: "For speculative plans: hand out what is stored while it is alive, but never refresh and never log in. Where " +
					"that would be needed, the run fails and says so. Default `false`. " + env(settingSessionReadOnly),
				Optional: true,
			},
		},
	}
}

// vaultAttribute is the attribute session.vault. The token is found in the way
// of Vault's own tools and is no attribute: it is a secret, and it is short-lived.
func vaultAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Keeps sessions in a KV v2 secrets engine of Vault or OpenBao. The token is found as Vault's own tools find it: in the " +
			"environment variable `VAULT_TOKEN`, else where `vault login` has left it.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"mount": schema.StringAttribute{
				MarkdownDescription: "The path of the secrets engine. Default `" + vaultstore.DefaultMount + "`. " + env(settingVaultMount),
				Optional:            true,
			},
			"path": schema.StringAttribute{
				MarkdownDescription: "The path below the mount under which there is a secret for each identity. Default `" +
					vaultstore.DefaultPrefix + "`. " + env(settingVaultPath),
				Optional: true,
			},
			"address": schema.StringAttribute{
				MarkdownDescription: "Vault's URL. " + env(settingVaultAddress),
				Optional:            true,
			},
			"namespace": schema.StringAttribute{
				MarkdownDescription: "The namespace, of Vault Enterprise or OpenBao. " + env(settingVaultNamespace),
				Optional:            true,
			},
		},
	}
}

// session reads the attribute session.
func (r *settingsReader) session(block types.Object) sessionSettings {
	if block.IsUnknown() {
		r.unknown[settingSession] = true
		return sessionSettings{store: storeNone}
	}
	vault := nestedObject(block, "vault")
	return sessionSettings{
		store: r.storeKind(settingSessionStore, nestedText(block, "store"), vault),
		path:  r.text(settingSessionPath, nestedText(block, "path")),
		vault: vaultSettings{
			mount:     r.text(settingVaultMount, nestedText(vault, "mount")),
			path:      r.text(settingVaultPath, nestedText(vault, "path")),
			address:   r.text(settingVaultAddress, nestedText(vault, "address")),
			namespace: r.text(settingVaultNamespace, nestedText(vault, "namespace")),
		},
		minLifetime: r.durationFrom(settingSessionMinLifetime, nestedText(block, "min_lifetime"), defaultMinLifetime, 0, "of zero or more"),
		readOnly:    r.flag(settingSessionReadOnly, block),
	}
}

// nestedText is an attribute of an object, unknown when the object is, and
// null when the object is.
func nestedText(object types.Object, name string) types.String {
	if object.IsUnknown() {
		return types.StringUnknown()
	}
	value, _ := object.Attributes()[name].(types.String)
	return value
}

// nestedObject is the same for an object in an object.
func nestedObject(object types.Object, name string) types.Object {
	if object.IsUnknown() {
		return object
	}
	value, _ := object.Attributes()[name].(types.Object)
	return value
}

// storeKind reads where sessions are kept. To say where in Vault is to say
// that they are kept there.
func (r *settingsReader) storeKind(s setting, attribute types.String, vault types.Object) string {
	kind := r.text(s, attribute)
	switch {
	case kind == storeVault || kind == "" && !vault.IsNull():
		return storeVault
	case kind == "":
		return storeFile
	case kind != storeFile && kind != storeNone:
		r.wrong(s, attribute, fmt.Sprintf("%q is none of the stores: %q, %q, %q.", kind, storeFile, storeVault, storeNone))
	case !vault.IsNull() && !vault.IsUnknown() && !attribute.IsNull():
		r.wrong(s, attribute, fmt.Sprintf("It is %q, and session.vault is set as well. Leave one of them out.", kind))
	}
	return kind
}

// flag reads read_only.
func (r *settingsReader) flag(s setting, block types.Object) bool {
	value, _ := block.Attributes()["read_only"].(types.Bool)
	text := types.StringNull()
	switch {
	case value.IsUnknown():
		text = types.StringUnknown()
	case !value.IsNull():
		text = types.StringValue(strconv.FormatBool(value.ValueBool()))
	}
	word := r.text(s, text)
	if word == "" {
		return false
	}
	on, err := strconv.ParseBool(word)
	if err != nil {
		r.wrong(s, text, fmt.Sprintf("%q is neither true nor false.", word))
	}
	return on
}

// neededAlways are the settings without which nothing can be opened.
func (s settings) neededAlways() []setting {
	return []setting{
		settingUserServiceURL, settingLoginFormat, settingRequestTimeout, settingLoginLimit, settingLoginWindow, settingLoginWait,
		settingSession, settingSessionStore, settingSessionPath, settingSessionMinLifetime, settingSessionReadOnly,
		settingVaultMount, settingVaultPath, settingVaultAddress, settingVaultNamespace,
	}
}

// lockWait is how long to wait for another process that gets a session of the
// same identity: what its login may wait and its requests may take.
func (s settings) lockWait() time.Duration { return s.loginWait + 5*s.requestTimeout }

// open returns the store of sessions and the ledger of logins. The ledger is
// kept on disk whatever the store is, for the limit is the machine's: it holds
// times only. A folder that cannot be used fails no run (DESIGN.md, rule 6).
func (s sessionSettings) open(now func() time.Time, log *slog.Logger) (session.Store, session.Ledger) {
	files, unusable := filestore.Open(filestore.Config{Dir: s.path, Logger: log})
	var ledger session.Ledger = &session.MemoryLedger{}
	if unusable == nil {
		ledger = files.Ledger()
	}
	switch {
	case s.store == storeNone:
		return nil, ledger
	case s.store == storeVault:
		return s.vault.open(now, log), ledger
	case unusable != nil:
		return session.Unavailable(unusable), ledger
	default:
		return files, ledger
	}
}

// open returns the store in Vault, which is asked for nothing yet.
func (v vaultSettings) open(now func() time.Time, log *slog.Logger) session.Store {
	store, err := vaultstore.Open(vaultstore.Config{
		Mount:     v.mount,
		Prefix:    v.path,
		Address:   v.address,
		Namespace: v.namespace,
		Logger:    log,
		Now:       now,
	})
	if err != nil {
		return session.Unavailable(err)
	}
	return store
}
