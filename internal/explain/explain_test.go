package explain_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// What to set is named as the person sets it: in a configuration or by a variable.
func TestFailed_NamesWhatTheReaderCanSet(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)
	read, _ := settings.Read(settings.NoBlock, func(string) string { return "" })
	admin := &userservice.MissingCredentialsError{Kind: session.Admin, Names: []string{"email", "password"}}
	for _, test := range []struct {
		name                     string
		err                      error
		title                    string
		inTerraform, atThePrompt string
	}{
		{"missing", admin, "Missing credentials",
			"takes email (environment variable TELEMATICS_EMAIL) and password (environment variable TELEMATICS_PASSWORD). Set them in the provider block or in the environment.",
			"takes TELEMATICS_EMAIL and TELEMATICS_PASSWORD. Set them in the environment."},
		{"a user instead", admin, "Missing credentials", "set device_token.", "give --device-token."},
		{"store", &session.StoreError{Err: errors.New("no disk")}, "Session store failed",
			`session.on_failure (environment variable TELEMATICS_SESSION_ON_FAILURE) = "login".`, "TELEMATICS_SESSION_ON_FAILURE=login."},
		{"read-only", &session.ReadOnlyError{Would: session.LoggedIn}, "Read-only run has no token",
			"without session.read_only (environment variable TELEMATICS_SESSION_READ_ONLY) come before", "without TELEMATICS_SESSION_READ_ONLY come before"},
		{"limit", &session.BudgetError{Platform: "https://p.example", At: now.Add(time.Minute), Limit: 5, Window: time.Minute, Wait: 70 * time.Second}, "Login held back",
			`login_wait (environment variable TELEMATICS_LOGIN_WAIT) = "2m"`, "TELEMATICS_LOGIN_WAIT=2m"},
	} {
		for _, reader := range []struct {
			commandLine bool
			want, not   string
		}{{false, test.inTerraform, test.atThePrompt}, {true, test.atThePrompt, test.inTerraform}} {
			said := explain.Attempt{Settings: read, Now: now, CommandLine: reader.commandLine}.Failed(test.err)
			if len(said) != 1 || said[0].Warning || said[0].Title != test.title || !errors.Is(said[0].Err, test.err) {
				t.Errorf("%s: %+v", test.name, said)
				continue
			}
			if !strings.Contains(said[0].Detail, reader.want) || strings.Contains(said[0].Detail, reader.not) {
				t.Errorf("%s, command line %t: %q, want %q", test.name, reader.commandLine, said[0].Detail, reader.want)
			}
		}
	}
}

func TestNotices_NameWhatTheReaderCanSet(t *testing.T) {
	t.Parallel()
	result := session.Result{Notices: []session.Notice{{Kind: session.VerifyUseless}}}
	for _, test := range []struct {
		commandLine bool
		want        string
	}{
		{false, `session.verify_after (environment variable TELEMATICS_SESSION_VERIFY_AFTER) = "never".`},
		{true, "Switch it off with TELEMATICS_SESSION_VERIFY_AFTER=never."},
	} {
		said := explain.Attempt{CommandLine: test.commandLine}.Notices(result, 0)
		if len(said) != 1 || !said[0].Warning || !strings.Contains(said[0].Detail, test.want) {
			t.Errorf("command line %t: %+v, want %q", test.commandLine, said, test.want)
		}
	}
}
