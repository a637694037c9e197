package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A setting is an attribute of the provider block with the environment
// variable that stands in for it.
type setting struct {
	attribute string
	variable  string
}

// The settings of the provider block (DESIGN.md, "What users see"). The
// environment is read through this table and nowhere else, but for Vault's
// token and TLS settings, which its own client reads.
var (
	settingInstanceID     = setting{"instance_id", "TELEMATICS_INSTANCE_ID"}
	settingInstanceKey    = setting{"instance_key", "TELEMATICS_INSTANCE_KEY"}
	settingEmail          = setting{"email", "TELEMATICS_EMAIL"}
	settingPassword       = setting{"password", "TELEMATICS_PASSWORD"}
	settingUserServiceURL = setting{"user_service_url", "TELEMATICS_USER_SERVICE_URL"}
	settingLoginFormat    = setting{"login_format", "TELEMATICS_LOGIN_FORMAT"}
	settingRequestTimeout = setting{"request_timeout", "TELEMATICS_REQUEST_TIMEOUT"}
	settingLoginLimit     = setting{"login_limit", "TELEMATICS_LOGIN_LIMIT"}
	settingLoginWindow    = setting{"login_window", "TELEMATICS_LOGIN_WINDOW"}
	settingLoginWait      = setting{"login_wait", "TELEMATICS_LOGIN_WAIT"}

	settingSession            = setting{"session", "TELEMATICS_SESSION_STORE"}
	settingSessionStore       = setting{"session.store", "TELEMATICS_SESSION_STORE"}
	settingSessionPath        = setting{"session.path", "TELEMATICS_SESSION_PATH"}
	settingSessionMinLifetime = setting{"session.min_lifetime", "TELEMATICS_SESSION_MIN_LIFETIME"}
	settingSessionReadOnly    = setting{"session.read_only", "TELEMATICS_SESSION_READ_ONLY"}

	settingVaultMount     = setting{"session.vault.mount", "TELEMATICS_SESSION_VAULT_MOUNT"}
	settingVaultPath      = setting{"session.vault.path", "TELEMATICS_SESSION_VAULT_PATH"}
	settingVaultAddress   = setting{"session.vault.address", "VAULT_ADDR"}
	settingVaultNamespace = setting{"session.vault.namespace", "VAULT_NAMESPACE"}
)

// settingOf returns the setting of a credential.
func settingOf(attribute string) setting {
	for _, s := range []setting{settingInstanceID, settingInstanceKey, settingEmail, settingPassword} {
		if s.attribute == attribute {
			return s
		}
	}
	return setting{attribute: attribute}
}

// path is where the attribute is; a dot leads into the nested block.
func (s setting) path() path.Path {
	first, rest, nested := strings.Cut(s.attribute, ".")
	at := path.Root(first)
	for nested {
		first, rest, nested = strings.Cut(rest, ".")
		at = at.AtName(first)
	}
	return at
}

// String names both, for a person who has to set one of them.
func (s setting) String() string {
	return fmt.Sprintf("%s (environment variable %s)", s.attribute, s.variable)
}

// value returns what is configured: the attribute's value, else the
// variable's. An empty text counts as not set, in both. An unknown attribute
// is not made up for by the environment, because its value will win.
func (s setting) value(attribute types.String, getenv func(string) string) (text string, unknown bool) {
	if attribute.IsUnknown() {
		return "", true
	}
	if text := attribute.ValueString(); text != "" {
		return text, false
	}
	return getenv(s.variable), false
}
