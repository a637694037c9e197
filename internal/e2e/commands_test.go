package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/leakscan"
)

// commands are what a script can say besides the commands of testscript.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"account":    account,
	"memory":     memory,
	"users":      users,
	"requests":   requests,
	"fault":      fault,
	"option":     option,
	"pair":       pair,
	"elsewhere":  elsewhere,
	"hold":       hold,
	"await":      await,
	"release":    release,
	"appears":    appears,
	"says":       says,
	"signal":     signalTo,
	"gone":       gone,
	"lifetime":   tokenLifetime,
	"limit":      limit,
	"timetravel": timetravel,
	"clock":      clock,
	"skew":       skew,
	"stacks":     stacks,
	"repeat":     repeat,
	"kills":      kills,
	"clean":      clean,
	"accepted":   accepted,
	"objects":    objects,
	"registers":  registers,
	"drift":      drift,
	"members":    members,
	"role":       role,
	"paste":      paste,
	"converges":  converges,
	"doubts":     doubts,
	"killapply":  killapply,
	"user":       user,
	"byhand":     byHand,
	"whose":      whose,
	"stored":     stored,
	"secure":     secure,
	"idtoken":    idToken,
}

func platformOf(ts *testscript.TestScript) *emulator.Platform {
	platform, ok := ts.Value(platformKey{}).(*emulator.Platform)
	if !ok {
		ts.Fatalf("the script has no platform")
	}
	return platform
}

// plain refuses what a command does not take.
func plain(ts *testscript.TestScript, neg bool, ok bool, usage string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

// duration reads an argument.
func duration(ts *testscript.TestScript, text string) time.Duration {
	d, err := time.ParseDuration(text)
	ts.Check(err)
	return d
}

// credentials are an account of the platform's, as a script names it.
type credentials struct {
	name string
	// login is what [emulator.Platform.LoginElsewhere] calls it.
	login    string
	variable []string // of the environment, and its value
}

var allCredentials = []credentials{
	{"admin", emulator.AdminEmail, []string{"EMAIL", emulator.AdminEmail, "PASSWORD", emulator.AdminPassword}},
	{"other-admin", emulator.OtherAdminEmail, []string{"EMAIL", emulator.OtherAdminEmail, "PASSWORD", emulator.OtherAdminPassword}},
	{"user", emulator.DeviceToken, []string{"INSTANCE_ID", emulator.InstanceID, "INSTANCE_KEY", emulator.InstanceKey}},
	{"other-user", emulator.OtherDeviceToken, []string{"INSTANCE_ID", emulator.OtherInstanceID, "INSTANCE_KEY", emulator.OtherInstanceKey}},
}

func credentialsOf(ts *testscript.TestScript, name string) credentials {
	for _, c := range allCredentials {
		if c.name == name {
			return c
		}
	}
	ts.Fatalf("no account %q", name)
	panic("unreachable")
}

func account(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "account admin|user|other-admin|other-user|none")
	for _, name := range []string{"EMAIL", "PASSWORD", "INSTANCE_ID", "INSTANCE_KEY"} {
		ts.Setenv("TELEMATICS_"+name, "")
	}
	ts.Setenv("TF_VAR_device_token", emulator.DeviceToken)
	ts.Setenv("TF_VAR_other_device_token", emulator.OtherDeviceToken)
	if args[0] == "none" {
		return
	}
	set := credentialsOf(ts, args[0]).variable
	for i := 0; i < len(set); i += 2 {
		ts.Setenv("TELEMATICS_"+set[i], set[i+1])
	}
}

// memoryFolder makes a folder in memory, where the system has one for that.
func memoryFolder() (string, error) {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil || !strings.Contains(string(mounts), " /dev/shm tmpfs ") {
		return "", errors.Join(errors.New("/dev/shm is not in memory"), err)
	}
	return os.MkdirTemp("/dev/shm", "telematics-test-")
}

// memory gives the script a run-time folder in memory.
func memory(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 0, "memory")
	dir, err := memoryFolder()
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	ts.Setenv("XDG_RUNTIME_DIR", dir)
}

func pair(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "pair ACCOUNT|none NAME")
	if args[0] == "none" {
		ts.Setenv("TF_VAR_"+args[1], `{"access_token":"","refresh_token":""}`)
		return
	}
	access, refresh, err := platformOf(ts).LoginElsewhere(credentialsOf(ts, args[0]).login)
	ts.Check(err)
	text, err := json.Marshal(map[string]string{"access_token": access, "refresh_token": refresh})
	ts.Check(err)
	ts.Setenv("TF_VAR_"+args[1], string(text))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".token"), []byte(access), 0o600))
}

func elsewhere(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "elsewhere ACCOUNT")
	_, _, err := platformOf(ts).LoginElsewhere(credentialsOf(ts, args[0]).login)
	ts.Check(err)
}

func users(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "users N")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = fmt.Sprintf("d0e1f2a3-0000-4000-8000-%012d", i)
		platformOf(ts).AddUser(emulator.User{DeviceToken: tokens[i], InstanceID: emulator.InstanceID})
	}
	list, err := json.Marshal(tokens)
	ts.Check(err)
	ts.Setenv("TF_VAR_device_tokens", string(list))
}

func requests(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "requests login=N refresh=N ENDPOINT=N limited=N spent=N")
	p := platformOf(ts)
	counts := p.Counts()
	for _, arg := range args {
		name, number, _ := strings.Cut(arg, "=")
		got, known := map[string]int{
			"login": counts.Login, "refresh": counts.Refresh, "users": counts.Users, "permissions": counts.Permissions,
			"limited": counts.RateLimited, "spent": counts.SpentRefresh,
		}[name]
		if !known {
			endpoint, err := emulator.ParseEndpoint(name)
			ts.Check(err)
			got = p.Requests(endpoint)
		}
		if number != strconv.Itoa(got) {
			ts.Fatalf("the platform got %s=%d, want %s (all: %+v)", name, got, arg, counts)
		}
	}
	p.ResetCounts()
}

func fault(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 2, "fault ENDPOINT [always] FAULT …, or fault ENDPOINT none")
	endpoint, err := emulator.ParseEndpoint(args[0])
	ts.Check(err)
	p, faults := platformOf(ts), args[1:]
	if faults[0] == "none" {
		p.ClearFaults(endpoint)
		return
	}
	always := faults[0] == "always"
	if always {
		faults = faults[1:]
	}
	for _, text := range faults {
		f, err := emulator.ParseFault(text)
		ts.Check(err)
		if always {
			p.InjectAlways(endpoint, f)
		} else {
			p.Inject(endpoint, f)
		}
	}
}

func option(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) > 0, "option NAME=VALUE …")
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		var err error
		flag := func(into *bool) { *into, err = strconv.ParseBool(value) }
		number := func(into *int) { *into, err = strconv.Atoi(value) }
		platformOf(ts).Change(func(o *emulator.Options) {
			switch name {
			case "login_form":
				o.AdminForm, o.UserForm = emulator.LoginForm(value), emulator.LoginForm(value)
			case "login_keeps_tokens":
				flag(&o.LoginKeepsTokens)
			case "refresh_outlives_login":
				flag(&o.RefreshOutlivesLogin)
			case "refresh_omits_device_token":
				flag(&o.RefreshOmitsDeviceToken)
			case "opaque_tokens":
				flag(&o.OpaqueTokens)
			case "login_refused_by":
				number(&o.LoginRefusedBy)
			case "refresh_refused_by":
				number(&o.RefreshRefusedBy)
			case "gone_by":
				number(&o.GoneBy)
			case "bare_lists":
				flag(&o.BareLists)
			case "empty_texts":
				flag(&o.EmptyTexts)
			case "trims_texts":
				flag(&o.TrimsTexts)
			case "absent_query_clears":
				flag(&o.AbsentQueryClears)
			case "inactive_users_do_not_block":
				flag(&o.InactiveUsersDoNotBlock)
			case "custom_token_exists_by":
				number(&o.CustomTokenExistsBy)
			default:
				err = fmt.Errorf("no option is called %q", name)
			}
		})
		ts.Check(err)
	}
}

func tokenLifetime(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "lifetime DURATION")
	platformOf(ts).SetAccessTokenLifetime(duration(ts, args[0]))
}

func limit(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "limit N DURATION")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	platformOf(ts).SetLoginLimit(n, duration(ts, args[1]))
	ts.Setenv("TELEMATICS_LOGIN_LIMIT", args[0])
	ts.Setenv("TELEMATICS_LOGIN_WINDOW", args[1])
}

func timetravel(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 0, "timetravel")
	binary, err := exec.LookPath(clitest.ProviderName)
	ts.Check(err)
	ts.Check(useProvider(ts.Getenv("WORK"), ts.Setenv, filepath.Dir(binary)))
	ts.Check(os.RemoveAll(filepath.Join(ts.Getenv("WORK"), ".bin", clitest.ProviderName)))
}

func clock(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "clock DURATION")
	skew(ts, neg, args)
	platformOf(ts).Advance(duration(ts, args[0]))
}

func skew(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "skew DURATION")
	moved := duration(ts, ts.Getenv(clockVariable)) + duration(ts, args[0])
	ts.Setenv(clockVariable, moved.String())
}

func clean(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: clean FILE|FOLDER …")
	}
	var lines []string
	for _, arg := range args {
		files, found, err := leakscan.Tree(ts.MkAbs(arg), platformOf(ts).Secrets())
		ts.Check(err)
		if len(files) == 0 {
			ts.Fatalf("%s: nothing there to scan", arg)
		}
		for _, file := range files {
			ts.Logf("%8d bytes  %s", file.Size, file.Name)
		}
		for _, finding := range found {
			lines = append(lines, arg+": "+finding.String())
		}
	}
	if isClean := len(lines) == 0; isClean == neg {
		ts.Fatalf("secrets found: %d\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

func accepted(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range tokenFiles(ts, args, "accepted FILE|PATTERN") {
		if platformOf(ts).Accepts(file.token) == neg {
			ts.Fatalf("%s: accepted by the platform: %v", file.name, neg)
		}
	}
}

func whose(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "whose FILE|PATTERN ACCOUNT")
	want := credentialsOf(ts, args[1]).login
	for _, file := range tokenFiles(ts, args[:1], "") {
		if got := platformOf(ts).Whose(file.token); got != want {
			ts.Fatalf("%s is the token of %q, want %q", file.name, got, want)
		}
	}
}

// tokenFile is a file with a token in it, or with a header that holds one.
type tokenFile struct{ name, token string }

func tokenFiles(ts *testscript.TestScript, args []string, usage string) []tokenFile {
	if len(args) != 1 {
		ts.Fatalf("usage: %s", usage)
	}
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(names) == 0 {
		ts.Fatalf("there is no file %s", args[0])
	}
	files := make([]tokenFile, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name)
		ts.Check(err)
		files[i] = tokenFile{name, strings.TrimPrefix(strings.TrimSpace(string(text)), "Bearer ")}
	}
	return files
}

func stored(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "stored N")
	var found []string
	ts.Check(filepath.WalkDir(ts.Getenv("WORK"), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".session") {
			found = append(found, path)
		}
		return err
	}))
	if strconv.Itoa(len(found)) != args[0] {
		ts.Fatalf("%d sessions are stored, want %s: %s", len(found), args[0], found)
	}
}
