package settings_test

import (
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// environment reads variables from a map.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestRead_EnvironmentAlone(t *testing.T) {
	t.Parallel()
	read, said := settings.Read(settings.NoBlock, environment(map[string]string{
		"TELEMATICS_EMAIL":                "api@example.com",
		"TELEMATICS_PASSWORD":             "a-password",
		"TELEMATICS_LOGIN_LIMIT":          "7",
		"TELEMATICS_SESSION_READ_ONLY":    "true",
		"TELEMATICS_SESSION_MIN_LIFETIME": "20m",
		"TELEMATICS_SESSION_STORE":        "vault",
		"VAULT_ADDR":                      "https://vault.example.com",
	}))
	if len(said) > 0 || len(read.Invalid) > 0 {
		t.Fatalf("it says %v, and %v", said, read.Invalid)
	}
	if read.Email != "api@example.com" || read.Password.Reveal() != "a-password" || read.LoginLimit != 7 || !read.ReadOnly ||
		read.MinLifetime != 20*time.Minute || read.Store != settings.StoreVault || read.Vault.Address != "https://vault.example.com" {
		t.Errorf("the settings are %+v", read)
	}
}

func TestRead_EmptyEnvironmentHasDefaults(t *testing.T) {
	t.Parallel()
	read, said := settings.Read(settings.NoBlock, environment(nil))
	if len(said) > 0 || len(read.Invalid) > 0 || len(read.Unknown) > 0 {
		t.Fatalf("it says %v, and %v, and %v is unknown", said, read.Invalid, read.Unknown)
	}
	if read.UserServiceURL.String() != userservice.DefaultURL || read.AccountsURL.String() != accounts.DefaultURL || read.PortalURL.String() != userservice.DefaultPortalURL {
		t.Errorf("the URLs are %s, %s and %s", read.UserServiceURL, read.AccountsURL, read.PortalURL)
	}
	if read.Store != settings.StoreFile || read.LoginLimit != 5 || read.MinLifetime != 15*time.Minute || read.VerifyAfter != 5*time.Minute {
		t.Errorf("the settings are %+v", read)
	}
}

func TestRead_ErrorOfAVariableNamesItAndWaits(t *testing.T) {
	t.Parallel()
	read, said := settings.Read(settings.NoBlock, environment(map[string]string{"TELEMATICS_LOGIN_WAIT": "soon", "TELEMATICS_INSTANCE_ID": "x"}))
	if len(said) != 1 || !said[0].Warning || said[0].Attribute != "" || said[0].Title != "Unusual instance_id" {
		t.Errorf("it says %v, want a warning about the id alone", said)
	}
	if len(read.Invalid) != 1 || read.Invalid[0].Title != "Invalid login_wait" ||
		read.Invalid[0].Detail != `The value comes from the environment variable TELEMATICS_LOGIN_WAIT. "soon" is not a Go duration of zero or more, such as 30s or 2m.` {
		t.Errorf("the errors are %v", read.Invalid)
	}
}

func TestAll_NamesAndVariablesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range settings.All() {
		for _, name := range []string{s.Attribute, s.Variable} {
			if name == "" || seen[name] {
				t.Errorf("%q is empty or there twice", name)
			}
			seen[name] = true
		}
	}
}
