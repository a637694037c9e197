package command_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/command"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/leakscan"
)

// now is what the clock of the tests stands at.
var now = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

// A terminal is where the tests call the program: a platform and an environment.
type terminal struct {
	t        *testing.T
	platform *emulator.Platform
	program  command.Program
	out, err bytes.Buffer
}

// open returns a place with the admin's and the user's credentials, and sessions of
// its own.
func open(t *testing.T) *terminal {
	t.Helper()
	term := &terminal{t: t, platform: emulator.New(emulator.Options{Now: func() time.Time { return now }})}
	term.platform.AddTestAccounts()
	server := httptest.NewServer(term.platform)
	t.Cleanup(func() {
		term.platform.Close()
		server.Close()
	})
	term.program = command.Program{
		Version: "1.2.3",
		Environ: []string{
			"TELEMATICS_USER_SERVICE_URL=" + server.URL,
			"TELEMATICS_PORTAL_URL=" + server.URL,
			"TELEMATICS_EMAIL=" + emulator.AdminEmail,
			"TELEMATICS_PASSWORD=" + emulator.AdminPassword,
			"TELEMATICS_INSTANCE_ID=" + emulator.InstanceID,
			"TELEMATICS_INSTANCE_KEY=" + emulator.InstanceKey,
			"TELEMATICS_SESSION_PATH=" + t.TempDir(),
			"XDG_STATE_HOME=" + t.TempDir(),
			"TELEMATICS_LOGIN_WAIT=0s",
			"PATH=" + os.Getenv("PATH"),
		},
		Out: &term.out, Err: &term.err,
		Now: func() time.Time { return term.platform.Now() },
	}
	return term
}

// with sets variables.
func (term *terminal) with(variables ...string) *terminal {
	term.program.Environ = append(term.program.Environ, variables...)
	return term
}

// run calls the program, and fails unless it ends with the code. It returns what was
// printed.
func (term *terminal) run(code int, args ...string) (out, said string) {
	term.t.Helper()
	term.out.Reset()
	term.err.Reset()
	if got := command.Run(term.t.Context(), term.program, args); got != code {
		term.t.Errorf("%v: exit code %d, want %d\n%s", args, got, code, term.err.String())
	}
	return term.out.String(), term.err.String()
}

// sent fails unless the platform got so many logins and refreshes.
func (term *terminal) sent(logins, refreshes int) {
	term.t.Helper()
	if got := term.platform.Counts(); got.Login != logins || got.Refresh != refreshes {
		term.t.Errorf("the platform got %d logins and %d refreshes, want %d and %d", got.Login, got.Refresh, logins, refreshes)
	}
}

func TestToken_IsTheSameInEveryFormat(t *testing.T) {
	t.Parallel()
	term := open(t)
	raw, said := term.run(command.ExitDone, "token")
	token := strings.TrimSuffix(raw, "\n")
	if strings.Count(token, ".") != 2 || said != "" {
		t.Fatalf("it printed %q, and said %q", raw, said)
	}
	for _, test := range []struct{ format, want string }{
		{"raw", token},
		{"header", "Authorization: Bearer " + token},
		{"env", "export TELEMATICS_ACCESS_TOKEN='" + token + "'\nexport AUTHORIZATION='Bearer " + token + "'"},
		{"json", `{"access_token":"` + token + `","token_type":"Bearer","authorization":"Bearer ` + token +
			`","issued_at":"2026-03-04T05:06:07Z","expires_at":"2026-03-04T07:06:07Z","source":"reused"}`},
		{"terragrunt", `{"envs":{"AUTHORIZATION":"Bearer ` + token + `","TELEMATICS_ACCESS_TOKEN":"` + token + `"}}`},
		{"kubernetes", `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"` + token +
			`","expirationTimestamp":"2026-03-04T07:06:07Z"}}`},
	} {
		out, said := term.run(command.ExitDone, "token", "--format", test.format)
		got := strings.TrimSuffix(out, "\n")
		if strings.HasPrefix(got, "{") {
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(got)); err != nil {
				t.Errorf("%s: %v", test.format, err)
			}
			got = compact.String()
		}
		if got != test.want || said != "" || !strings.HasSuffix(out, "\n") {
			t.Errorf("%s: it printed %q and said %q, want %q", test.format, out, said, test.want)
		}
	}
	term.sent(1, 0)
}

func TestToken_OfAUser(t *testing.T) {
	t.Parallel()
	term := open(t)
	admin, _ := term.run(command.ExitDone, "token")
	flag, _ := term.run(command.ExitDone, "token", "--device-token", emulator.DeviceToken)
	variable, _ := term.with("TELEMATICS_DEVICE_TOKEN="+emulator.DeviceToken).run(command.ExitDone, "token")
	if flag == admin || flag != variable {
		t.Error("the user's tokens of flag and variable are not one, or the admin's")
	}
	term.sent(2, 0)
}

// An admin's token is not handed out in place of a user's.
func TestToken_EmptyDeviceTokenIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		variable []string
		args     []string
	}{
		{"flag", nil, []string{"token", "--device-token="}},
		{"blank flag", nil, []string{"token", "--device-token", "  "}},
		{"flag beside the variable", []string{"TELEMATICS_DEVICE_TOKEN=" + emulator.DeviceToken}, []string{"token", "--device-token="}},
		{"variable", []string{"TELEMATICS_DEVICE_TOKEN="}, []string{"token"}},
	} {
		term := open(t).with(test.variable...)
		out, said := term.run(command.ExitUsage, test.args...)
		if out != "" || !strings.Contains(said, "is empty") {
			t.Errorf("%s: it printed %q and said %q", test.name, out, said)
		}
		term.sent(0, 0)
	}
}

func TestToken_MinLifetimeRefreshes(t *testing.T) {
	t.Parallel()
	term := open(t)
	first, _ := term.run(command.ExitDone, "token")
	term.platform.Advance(90 * time.Minute)
	second, said := term.run(command.ExitDone, "token", "--min-lifetime", "1h")
	if first == second || said != "" {
		t.Errorf("the token is the same, or it said %q", said)
	}
	term.sent(1, 1)
}

func TestWrongCalls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"tokens"}, `there is no verb "tokens"`},
		{[]string{"token", "--nonsense"}, "flag provided but not defined: -nonsense"},
		{[]string{"token", "--password", "hunter2"}, "it is taken from TELEMATICS_PASSWORD alone"},
		{[]string{"token", "--instance-key=hunter2"}, "it is taken from TELEMATICS_INSTANCE_KEY alone"},
		{[]string{"token", "hunter2"}, `is no flag`},
		{[]string{"token", "--format", "xml"}, "raw, header, json, env, terragrunt, kubernetes"},
		{[]string{"token", "--min-lifetime", "-1s"}, "--min-lifetime"},
		{[]string{"token", "--instance-id="}, "--instance-id is empty"},
		{[]string{"token", "--device-token", "a\nb"}, "holds a control character"},
		{[]string{"exec"}, "there is no command to run"},
		{[]string{"refresh", "now"}, "is no flag"},
		{[]string{"completion", "cmd"}, "bash, fish, zsh"},
	} {
		term := open(t)
		out, said := term.run(command.ExitUsage, test.args...)
		if out != "" || !strings.Contains(said, test.says) {
			t.Errorf("%v: it printed %q and said %q, want %q", test.args, out, said, test.says)
		}
		term.sent(0, 0)
	}
}

// plainFile returns the path of a file, in which there can be no session.
func plainFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	file := plainFile(t)
	for _, test := range []struct {
		name    string
		prepare func(*terminal)
		args    []string
		code    int
		says    string
	}{
		{"setting", func(term *terminal) { term.with("TELEMATICS_LOGIN_LIMIT=many") }, []string{"token"}, command.ExitUsage, "environment variable TELEMATICS_LOGIN_LIMIT"},
		{"missing", func(term *terminal) { term.with("TELEMATICS_PASSWORD=") }, []string{"token"}, command.ExitMissing, "takes TELEMATICS_PASSWORD. Set it in the environment."},
		{"wrong password", func(term *terminal) { term.with("TELEMATICS_PASSWORD=another") }, []string{"token"}, command.ExitRefused, "Login failed"},
		{"read-only", func(term *terminal) { term.with("TELEMATICS_SESSION_READ_ONLY=true") }, []string{"token"}, command.ExitHeldBack, "TELEMATICS_SESSION_READ_ONLY"},
		{"read-only refresh", func(term *terminal) { term.with("TELEMATICS_SESSION_READ_ONLY=true") }, []string{"refresh"}, command.ExitHeldBack, "TELEMATICS_SESSION_READ_ONLY"},
		{"limit", func(term *terminal) {
			term.with("TELEMATICS_LOGIN_LIMIT=1")
			term.run(command.ExitDone, "token")
			term.with("TELEMATICS_DEVICE_TOKEN=" + emulator.DeviceToken)
		}, []string{"token"}, command.ExitHeldBack, "TELEMATICS_LOGIN_WAIT=1m"},
		{"429", func(term *terminal) { term.platform.Inject(emulator.Login, emulator.Status(429)) }, []string{"token"}, command.ExitHeldBack, "are blocked"},
		{"store", func(term *terminal) { term.with("TELEMATICS_SESSION_PATH=" + file) }, []string{"token"}, command.ExitStore, "TELEMATICS_SESSION_ON_FAILURE=login"},
		{"web page", func(term *terminal) { term.platform.Inject(emulator.Login, emulator.HTMLPage(200)) }, []string{"token"}, command.ExitFailed, "web page"},
		{"nothing to refresh", func(*terminal) {}, []string{"refresh"}, command.ExitFailed, "a refresh makes no login"},
		{"spent refresh token", func(term *terminal) {
			term.run(command.ExitDone, "token")
			term.platform.Inject(emulator.Refresh, emulator.Status(401))
		}, []string{"refresh"}, command.ExitRefused, "No login was made"},
		{"no such program", func(*terminal) {}, []string{"exec", "--", "no-such-program"}, 127, "no-such-program"},
		{"not executable", func(*terminal) {}, []string{"exec", "--", "./command_test.go"}, 126, "permission denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.name == "not executable" && runtime.GOOS == "windows" {
				t.Skip("what can be run is told by its name there")
			}
			term := open(t)
			test.prepare(term)
			out, said := term.run(test.code, test.args...)
			if out != "" || !strings.Contains(said, test.says) {
				t.Errorf("it printed %q and said %q, want %q", out, said, test.says)
			}
			if strings.Contains(said, "provider block") {
				t.Errorf("it tells of a provider block: %q", said)
			}
		})
	}
}

func TestExec_HandsTheTokenOverInTheEnvironmentAlone(t *testing.T) {
	t.Parallel()
	term := open(t).with("AUTHORIZATION=an older one")
	var path string
	var args, environ []string
	term.program.Exec = func(p string, a, e []string) (int, error) {
		path, args, environ = p, a, e
		return 7, nil
	}
	out, said := term.run(7, "exec", "--", os.Args[0], "-c", "exit 7", "--verbose")
	token, _ := term.run(command.ExitDone, "token")
	token = strings.TrimSpace(token)
	if out != "" || said != "" {
		t.Errorf("it printed %q and said %q", out, said)
	}
	if program, err := filepath.Abs(os.Args[0]); err != nil || path != program || !slices.Equal(args, []string{os.Args[0], "-c", "exit 7", "--verbose"}) {
		t.Errorf("it ran %s %q", path, args)
	}
	for _, want := range []string{"TELEMATICS_ACCESS_TOKEN=" + token, "AUTHORIZATION=Bearer " + token} {
		if !slices.Contains(environ, want) {
			t.Errorf("%s… is not in the environment", want[:15])
		}
	}
	if slices.Contains(environ, "AUTHORIZATION=an older one") || !slices.Contains(environ, "PATH="+os.Getenv("PATH")) {
		t.Error("the environment is not the caller's with the token")
	}
}

func TestExec_ThatCannotStartSaysSo(t *testing.T) {
	t.Parallel()
	term := open(t)
	term.program.Exec = func(string, []string, []string) (int, error) { return 0, errors.New("exec format error") }
	if _, said := term.run(126, "exec", "--", os.Args[0]); !strings.Contains(said, os.Args[0]+" cannot be run: exec format error") {
		t.Errorf("it said %q", said)
	}
}

// A report is what status --json prints, as far as the tests read it.
type report struct {
	Store    struct{ Kind, Where, Error string }
	Sessions []struct {
		Kind, Login, Reason string
		Stored, Expired     bool
		IssuedAt            string `json:"issued_at"`
		ExpiresAt           string `json:"expires_at"`
		VerifiedAt          string `json:"verified_at"`
	}
	Others *int `json:"other_sessions"`
	Logins struct {
		InWindow     int `json:"in_window"`
		Limit        int
		BlockedUntil string `json:"blocked_until"`
	}
}

// status reads what is told.
func (term *terminal) status(code int, args ...string) (told report) {
	term.t.Helper()
	out, _ := term.run(code, append([]string{"status", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		term.t.Fatalf("%v in %q", err, out)
	}
	return told
}

func TestStatus_TellsWhatIsStored(t *testing.T) {
	t.Parallel()
	term := open(t)
	if told := term.status(command.ExitDone); len(told.Sessions) != 1 || told.Sessions[0].Stored || *told.Others != 0 || told.Logins.InWindow != 0 {
		t.Errorf("before the first: %+v", told)
	}
	term.run(command.ExitDone, "token")
	term.run(command.ExitDone, "token", "--device-token", emulator.DeviceToken)
	term.platform.Advance(10 * time.Minute)
	term.run(command.ExitDone, "token") // makes a proof
	term.platform.Advance(30 * time.Minute)
	before := term.platform.Counts()

	told := term.status(command.ExitDone)
	if len(told.Sessions) != 1 || *told.Others != 1 {
		t.Fatalf("it tells of %d sessions and %d others", len(told.Sessions), *told.Others)
	}
	admin := told.Sessions[0]
	if admin.Kind != "admin" || admin.Login != emulator.AdminEmail || !admin.Stored || admin.Expired ||
		admin.IssuedAt != "2026-03-04T05:06:07Z" || admin.ExpiresAt != "2026-03-04T07:06:07Z" || admin.VerifiedAt != "2026-03-04T05:16:07Z" {
		t.Errorf("the admin's session is %+v", admin)
	}
	told = term.status(command.ExitDone, "--device-token", emulator.DeviceToken)
	if len(told.Sessions) != 2 || *told.Others != 0 || told.Sessions[1].Kind != "user" || !told.Sessions[1].Stored {
		t.Errorf("with a device token: %+v", told)
	}
	if told.Store.Kind != "file" || filepath.Base(told.Store.Where) != "telematics-sessions" || told.Logins.Limit != 5 {
		t.Errorf("store and logins are %+v", told)
	}
	term.platform.Advance(3 * time.Hour)
	if told := term.status(command.ExitDone); !told.Sessions[0].Expired {
		t.Errorf("after its end: %+v", told.Sessions[0])
	}
	if after := term.platform.Counts(); after != before {
		t.Errorf("it asked the platform: %+v, then %+v", before, after)
	}
}

func TestStatus_TellsWhyASessionIsNotToldOf(t *testing.T) {
	t.Parallel()
	file := plainFile(t)
	for _, test := range []struct {
		name      string
		variables []string
		code      int
		reason    string
		others    int
	}{
		{"another password", []string{"TELEMATICS_PASSWORD=another"}, command.ExitDone, "No stored session: ", 1},
		{"no password", []string{"TELEMATICS_PASSWORD="}, command.ExitDone, "takes password", 1},
		{"a store that cannot be used", []string{"TELEMATICS_SESSION_PATH=" + file}, command.ExitStore, file, -1},
		{"no store", []string{"TELEMATICS_SESSION_STORE=none"}, command.ExitDone, "", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.code == command.ExitStore && runtime.GOOS == "windows" {
				t.Skip("a folder below a file is a missing one there")
			}
			term := open(t)
			term.run(command.ExitDone, "token")
			told := term.with(test.variables...).status(test.code)
			others := -1
			if told.Others != nil {
				others = *told.Others
			}
			if told.Sessions[0].Stored || !strings.Contains(told.Sessions[0].Reason, test.reason) || others != test.others {
				t.Errorf("it tells %+v and of %d others", told, others)
			}
			term.sent(1, 0)
		})
	}
}

func TestStatus_WithoutCredentialsCounts(t *testing.T) {
	t.Parallel()
	term := open(t)
	term.run(command.ExitDone, "token")
	term.with("TELEMATICS_EMAIL=", "TELEMATICS_PASSWORD=")
	if told := term.status(command.ExitDone); len(told.Sessions) != 0 || *told.Others != 1 {
		t.Errorf("it tells %+v", told)
	}
}

// A terminal gets colours and how long things are from now; a pipe gets neither.
func TestStatus_InWords(t *testing.T) {
	t.Parallel()
	term := open(t)
	term.run(command.ExitDone, "token")
	piped, _ := term.run(command.ExitDone, "status")
	if strings.Contains(piped, "\x1b") || !strings.Contains(piped, "  ends    2026-03-04T07:06:07Z\n") || !strings.Contains(piped, "  sent    1 of 5 in the last 1m0s\n") {
		t.Errorf("a pipe gets %q", piped)
	}
	term.program.OutIsTerminal = true
	shown, _ := term.run(command.ExitDone, "status")
	if !strings.Contains(shown, "\x1b[1madmin "+emulator.AdminEmail+"\x1b[0m\n") || !strings.Contains(shown, "  ends    2026-03-04T07:06:07Z (in 2h0m0s)\n") {
		t.Errorf("a terminal gets %q", shown)
	}
	shown, _ = term.with("NO_COLOR=1").run(command.ExitDone, "status")
	if strings.Contains(shown, "\x1b") || !strings.Contains(shown, "(in 2h0m0s)") {
		t.Errorf("a terminal without colour gets %q", shown)
	}
}

func TestForget_DropsTheSessionOfOneIdentity(t *testing.T) {
	t.Parallel()
	term := open(t)
	term.program.OutIsTerminal = true
	term.run(command.ExitDone, "token")
	term.run(command.ExitDone, "token", "--device-token", emulator.DeviceToken)
	if out, _ := term.run(command.ExitDone, "forget"); !strings.Contains(out, "The stored session of the admin is forgotten.") {
		t.Errorf("it printed %q", out)
	}
	if told := term.status(command.ExitDone, "--device-token", emulator.DeviceToken); told.Sessions[0].Stored || !told.Sessions[1].Stored {
		t.Errorf("what is left is %+v", told)
	}
	if out, _ := term.run(command.ExitDone, "forget"); !strings.Contains(out, "No session that the credentials of the admin can use was stored.") {
		t.Errorf("the second time it printed %q", out)
	}
	term.sent(2, 0)
}

func TestForget_LoginBlock(t *testing.T) {
	t.Parallel()
	term := open(t)
	term.platform.Inject(emulator.Login, emulator.Status(429))
	term.run(command.ExitHeldBack, "token")
	if told := term.status(command.ExitDone); told.Logins.BlockedUntil != "2026-03-04T06:06:07Z" {
		t.Errorf("the block is %+v", told.Logins)
	}
	term.run(command.ExitHeldBack, "token")
	term.sent(1, 0)
	// No credentials are needed, and a pipe gets no words.
	if out, said := term.run(command.ExitDone, "forget", "--login-block"); out != "" || said != "" {
		t.Errorf("it printed %q and said %q", out, said)
	}
	term.run(command.ExitDone, "token")
	if told := term.status(command.ExitDone); told.Logins.BlockedUntil != "" || !told.Sessions[0].Stored {
		t.Errorf("after it: %+v", told)
	}
	term.program.OutIsTerminal = true
	if out, _ := term.run(command.ExitDone, "forget", "--login-block"); out != "No block of logins was known.\n" {
		t.Errorf("the second time it printed %q", out)
	}
	if told := term.status(command.ExitDone); !told.Sessions[0].Stored {
		t.Error("the session is gone, too")
	}
}

func TestRefresh_MakesOneRefresh(t *testing.T) {
	t.Parallel()
	term := open(t)
	first, _ := term.run(command.ExitDone, "token")
	if out, said := term.run(command.ExitDone, "refresh"); out != "" || said != "" {
		t.Errorf("it printed %q and said %q", out, said)
	}
	second, _ := term.run(command.ExitDone, "token")
	if first == second {
		t.Error("the token is the old one")
	}
	term.program.OutIsTerminal = true
	if out, _ := term.run(command.ExitDone, "refresh"); !strings.Contains(out, "Its access token ends at 2026-03-04T07:06:07Z.") {
		t.Errorf("it printed %q", out)
	}
	term.sent(1, 2)
}

func TestHelp_FitsAScreen(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"help"}, {"token", "--help"}, {"exec", "-h"}} {
		term := open(t)
		out, said := term.run(command.ExitDone, args...)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if len(lines) > 24 || said != "" {
			t.Errorf("%v: it has %d lines, and said %q", args, len(lines), said)
		}
		for _, line := range lines {
			if width := len([]rune(line)); width > 80 {
				t.Errorf("%v: %d columns: %s", args, width, line)
			}
		}
	}
}

func TestCompletion_KnowsEveryVerbFlagAndFormat(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, _ := open(t).run(command.ExitDone, "completion", shell)
		for _, word := range []string{
			"token", "exec", "status", "refresh", "forget", "completion", "raw", "header", "json", "env", "terragrunt", "kubernetes",
			"format", "min-lifetime", "device-token", "instance-id", "login-block", "verbose",
		} {
			if !strings.Contains(script, word) {
				t.Errorf("%s does not complete %s", shell, word)
			}
		}
	}
}

func TestCompletion_InBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	script, _ := open(t).run(command.ExitDone, "completion", "bash")
	for _, test := range []struct{ typed, want string }{
		{"'' ", "token exec status refresh forget completion help"},
		{"st", "status"},
		{"token --f", "--format"},
		{"token --format k", "kubernetes"},
		{"forget --l", "--login-block"},
		{"completion f", "fish"},
	} {
		words := strings.Fields(test.typed)
		typed := script + "\nCOMP_WORDS=(x " + test.typed + "); COMP_CWORD=" + strconv.Itoa(len(words)) + "; _terraform_provider_telematics; echo ${COMPREPLY[@]}"
		out, err := exec.CommandContext(t.Context(), bash, "-c", typed).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != test.want {
			t.Errorf("%q completes to %q, %v, want %q", test.typed, got, err, test.want)
		}
	}
}

// What is printed besides a token holds no secret, with everything logged.
func TestVerbose_HoldsNoSecret(t *testing.T) {
	t.Parallel()
	term := open(t)
	for _, args := range [][]string{{"token"}, {"refresh"}, {"status"}, {"forget"}, {"forget"}, {"token", "--min-lifetime", "3h"}} {
		if args[0] != "token" {
			term.program.OutIsTerminal, term.program.ErrIsTerminal = true, true
		}
		out, said := term.run(command.ExitDone, append([]string{args[0], "--verbose"}, args[1:]...)...)
		if args[0] != "token" {
			said += out
		}
		if found := leakscan.Text("said", []byte(said), term.platform.Secrets()); len(found) > 0 {
			t.Errorf("%v: %v in %q", args, found, said)
		}
	}
}
