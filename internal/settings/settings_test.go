package settings_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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
			if name == "" && strings.HasSuffix(s.Attribute, "_pem") {
				continue // a file has a variable, and its text has none
			}
			if name == "" || seen[name] {
				t.Errorf("%q is empty or there twice", name)
			}
			seen[name] = true
		}
	}
}

// block is a [settings.Block] of a map.
type block map[string]string

// Value implements [settings.Block]. "?" is not known yet.
func (b block) Value(s settings.Setting) (value string, unknown bool) {
	if b[s.Attribute] == "?" {
		return "", true
	}
	return b[s.Attribute], false
}

// Nested implements [settings.Block].
func (b block) Nested(name string) (set, unknown bool) {
	for attribute := range b {
		set = set || strings.HasPrefix(attribute, name+".")
	}
	return set, false
}

// A credential has one place. What the block has of it wins over all that the
// environment has, and two in one place are an error.
func TestRead_CredentialHasOnePlace(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	const password, file, command = "TELEMATICS_PASSWORD", "TELEMATICS_PASSWORD_FILE", "TELEMATICS_PASSWORD_COMMAND"
	for _, test := range []struct {
		name      string
		block     block
		variables map[string]string
		password  string
		from      string // the attribute that says where it is read from
		invalid   string // the title and the detail of the only error
	}{
		{name: "a password", block: block{"password": "p"}, password: "p"},
		{name: "a file", block: block{"password_file": "/run/p"}, from: "password_file"},
		{name: "a file at home", variables: map[string]string{file: "~/p"}, from: "password_file"},
		{name: "a command", block: block{"password_command": `["op","read"]`}, from: "password_command"},
		{name: "a command in the environment", variables: map[string]string{command: `["op"]`}, from: "password_command"},
		{name: "a password over all variables", block: block{"password": "p"}, variables: map[string]string{password: "v", file: "/v", command: `["v"]`}, password: "p"},
		{name: "a file over a password of the environment", block: block{"password_file": "/run/p"}, variables: map[string]string{password: "v"}, from: "password_file"},
		{name: "a command over a password of the environment", block: block{"password_command": `["op"]`}, variables: map[string]string{password: "v"}, from: "password_command"},
		{name: "a password that is not known over a file of the environment", block: block{"password": "?"}, variables: map[string]string{file: "/v"}},
		{
			name: "a password and a file", block: block{"password": "p", "password_file": "/run/p"}, password: "p",
			invalid: "Invalid password_file: password is set as well. Leave one of them out.",
		},
		{
			name: "a file and a command", block: block{"password_file": "/run/p", "password_command": `["op"]`}, from: "password_file",
			invalid: "Invalid password_command: password_file is set as well. Leave one of them out.",
		},
		{
			name: "two variables", variables: map[string]string{password: "v", command: `["op"]`}, password: "v",
			invalid: "Invalid password_command: The value comes from the environment variable " + command + ". The environment variable " + password +
				" is set as well. Leave one of them out.",
		},
		{name: "a relative path", block: block{"password_file": "secrets/p"}, invalid: `Invalid password_file: "secrets/p" is neither an absolute path`},
		{name: "a home by name", block: block{"password_file": "~ada/p"}, invalid: `Invalid password_file: "~ada" begins with the home directory of a user by name.`},
		{name: "a command that is no list", block: block{"password_command": `"op read"`}, invalid: "Invalid password_command: It must be a list of texts in JSON"},
		{name: "a command with null", block: block{"password_command": `["op",null]`}, invalid: "Invalid password_command: It must be a list of texts in JSON"},
		{name: "a command without a program", block: block{"password_command": `["","x"]`}, invalid: "Invalid password_command: The first text of the list must be a program."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			variables := map[string]string{"HOME": "/home/ada", "USERPROFILE": "/home/ada"}
			maps.Copy(variables, test.variables)
			read, said := settings.Read(test.block, environment(variables))
			said = append(said, read.Invalid...)
			switch {
			case test.invalid == "" && len(said) > 0, test.invalid != "" && len(said) != 1:
				t.Errorf("it says %v", said)
			case test.invalid != "" && (said[0].Warning || !strings.HasPrefix(said[0].Title+": "+said[0].Detail, test.invalid)):
				t.Errorf("it says %v, want %s", said, test.invalid)
			}
			from := ""
			if read.PasswordFrom != nil {
				from = read.PasswordFrom.Attribute
			}
			if read.Password.Reveal() != test.password || from != test.from {
				t.Errorf("the password is %q, or from %q", read.Password.Reveal(), from)
			}
		})
	}
}

// So it is for the key of a group and for each certificate.
func TestRead_OneOfAFileAndItsText(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	for _, test := range []struct{ one, other string }{
		{"instance_key", "instance_key_file"},
		{"tls.ca_cert_file", "tls.ca_cert_pem"},
		{"tls.client_cert_file", "tls.client_cert_pem"},
		{"tls.client_key_file", "tls.client_key_pem"},
	} {
		_, said := settings.Read(block{test.one: "/run/0a1b2c3d-0000-4000-8000-00000000f1ee", test.other: "/run/text"}, environment(nil))
		found := 0
		for _, m := range said {
			if !m.Warning && m.Attribute == test.other && m.Detail == test.one+" is set as well. Leave one of them out." {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s and %s: it says %v", test.one, test.other, said)
		}
		read, said := settings.Read(block{test.other: "/run/text"}, environment(map[string]string{settings.Variable(test.one): "/run/variable"}))
		if len(said) > 0 || len(read.Invalid) > 0 || !read.InstanceKey.IsEmpty() || strings.Contains(fmt.Sprintf("%+v", read.TLS), "variable") {
			t.Errorf("%s over %s: it says %v, %v and has %+v", test.other, settings.Variable(test.one), said, read.Invalid, read.TLS)
		}
	}
}

// A file is checked as the value itself is, when it is read, and its warnings come
// once.
func TestOrigin_ChecksWhatItReads(t *testing.T) {
	t.Parallel()
	const odd, id = " an-odd-key \n", "0a1b2c3d-0000-4000-8000-00000000f1ee"
	for _, test := range []struct {
		text, want string
		warnings   []int // how many come with each reading
	}{
		{odd, "an-odd-key", []int{1, 0}},
		{" " + id + " \n", id, []int{0, 0}},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		read, said := settings.Read(block{"instance_key_file": path}, environment(nil))
		if len(said) > 0 || read.InstanceKeyFrom == nil {
			t.Fatalf("it says %v", said)
		}
		for _, want := range test.warnings {
			key, warnings, err := read.InstanceKeyFrom.Read(t.Context())
			if err != nil || key.Reveal() != test.want || len(warnings) != want {
				t.Errorf("%q, %v, %v, want %q and %d warnings", key.Reveal(), warnings, err, test.want, want)
			}
			if strings.Contains(fmt.Sprint(warnings), "odd-key") {
				t.Errorf("it quotes the key: %v", warnings)
			}
		}
	}
}
