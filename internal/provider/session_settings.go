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
)

// The kinds of session stores.
const (
	storeFile = "file"
	storeNone = "none"
)

// sessionSettings say where sessions are kept and when they count as stale.
type sessionSettings struct {
	store       string
	path        string
	minLifetime time.Duration
	readOnly    bool
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
					"`none`: nowhere, so that every run logs in. " + env(settingSessionStore),
				Optional: true,
			},
			"path": schema.StringAttribute{
				MarkdownDescription: "The folder of the file store, and of the ledger that counts logins. Default: " +
					"`terraform-provider-telematics` in the user's cache directory. " + env(settingSessionPath),
				Optional: true,
			},
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

// session reads the attribute session.
func (r *settingsReader) session(block types.Object) sessionSettings {
	text := func(name string) types.String {
		if block.IsUnknown() {
			return types.StringUnknown()
		}
		value, _ := block.Attributes()[name].(types.String)
		return value
	}
	return sessionSettings{
		store:       r.storeKind(settingSessionStore, text("store")),
		path:        r.text(settingSessionPath, text("path")),
		minLifetime: r.durationFrom(settingSessionMinLifetime, text("min_lifetime"), defaultMinLifetime, 0, "of zero or more"),
		readOnly:    r.flag(settingSessionReadOnly, block),
	}
}

// storeKind reads where sessions are kept.
func (r *settingsReader) storeKind(s setting, attribute types.String) string {
	switch kind := r.text(s, attribute); kind {
	case "":
		return defaultSessionStore
	case storeFile, storeNone:
		return kind
	default:
		r.wrong(s, attribute, fmt.Sprintf("%q is none of the stores: %q, %q.", kind, storeFile, storeNone))
		return defaultSessionStore
	}
}

// flag reads read_only.
func (r *settingsReader) flag(s setting, block types.Object) bool {
	value, _ := block.Attributes()["read_only"].(types.Bool)
	text := types.StringNull()
	switch {
	case block.IsUnknown() || value.IsUnknown():
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
		settingSessionStore, settingSessionPath, settingSessionMinLifetime, settingSessionReadOnly,
	}
}

// lockWait is how long to wait for another process that gets a session of the
// same identity: what its login may wait and its requests may take.
func (s settings) lockWait() time.Duration { return s.loginWait + 5*s.requestTimeout }

// open returns the store of sessions and the ledger of logins. The ledger is
// kept on disk whatever the store is, for the limit is the machine's: it holds
// times only. A folder that cannot be used fails no run (DESIGN.md, rule 6).
func (s sessionSettings) open(log *slog.Logger) (session.Store, session.Ledger) {
	files, err := filestore.Open(filestore.Config{Dir: s.path, Logger: log})
	if err != nil {
		if s.store == storeNone {
			return nil, &session.MemoryLedger{}
		}
		return session.Unavailable(err), &session.MemoryLedger{}
	}
	if s.store == storeNone {
		return nil, files.Ledger()
	}
	return files, files.Ledger()
}
