package e2e_test

import (
	"encoding/json"
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
	"users":      users,
	"requests":   requests,
	"fault":      fault,
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

func account(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "account admin|user|none")
	for _, name := range []string{"EMAIL", "PASSWORD", "INSTANCE_ID", "INSTANCE_KEY"} {
		ts.Setenv("TELEMATICS_"+name, "")
	}
	ts.Setenv("TF_VAR_device_token", emulator.DeviceToken)
	switch args[0] {
	case "admin":
		ts.Setenv("TELEMATICS_EMAIL", emulator.AdminEmail)
		ts.Setenv("TELEMATICS_PASSWORD", emulator.AdminPassword)
	case "user":
		ts.Setenv("TELEMATICS_INSTANCE_ID", emulator.InstanceID)
		ts.Setenv("TELEMATICS_INSTANCE_KEY", emulator.InstanceKey)
	case "none":
	default:
		ts.Fatalf("no account %q", args[0])
	}
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
	plain(ts, neg, len(args) >= 2, "fault ENDPOINT FAULT …")
	endpoint, err := emulator.ParseEndpoint(args[0])
	ts.Check(err)
	for _, arg := range args[1:] {
		f, err := emulator.ParseFault(arg)
		ts.Check(err)
		platformOf(ts).Inject(endpoint, f)
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
	if len(args) != 1 {
		ts.Fatalf("usage: accepted FILE|PATTERN")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("there is no file %s", args[0])
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		ts.Check(err)
		token := strings.TrimPrefix(strings.TrimSpace(string(text)), "Bearer ")
		if platformOf(ts).Accepts(token) == neg {
			ts.Fatalf("%s: accepted by the platform: %v", file, neg)
		}
	}
}
