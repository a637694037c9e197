package e2e_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// The variables that name the binaries of providers to compare with, of
// hashicorp/http and magodo/restful. They log in with each run. Without a
// variable its provider is left out.
const (
	httpVariable    = "TELEMATICS_BENCH_HTTP"
	restfulVariable = "TELEMATICS_BENCH_RESTFUL"
)

// consumer is the one resource of every configuration.
const consumer = `
resource "terraform_data" "consumer" {
  triggers_replace = timestamp()
}
`

// telematics configures the provider, and opens a number of tokens.
const telematics = `
terraform {
  required_providers {
    telematics = { source = "telematics-tools/telematics" }
  }
}

variable "device_tokens" {
  type    = list(string)
  default = []
}

variable "tokens" {
  type    = number
  default = 0
}

ephemeral "telematics_access_token" "admin" {
  count = var.tokens
}

ephemeral "telematics_access_token" "user" {
  count        = length(var.device_tokens)
  device_token = var.device_tokens[count.index]
}
`

// logsInByHTTP logs in with hashicorp/http, which writes the token into the state.
const logsInByHTTP = `
terraform {
  required_providers {
    http = { source = "hashicorp/http" }
  }
}

data "http" "login" {
  url             = "%[1]s/v1/Auth/Login"
  method          = "POST"
  request_headers = { "Content-Type" = "application/json" }
  request_body    = jsonencode(%[2]s)
}
`

// logsInByRESTful logs in with the ephemeral resource of magodo/restful.
const logsInByRESTful = `
terraform {
  required_providers {
    restful = { source = "magodo/restful" }
  }
}

provider "restful" {
  base_url = "%[1]s"
}

ephemeral "restful_resource" "login" {
  path   = "/v1/Auth/Login"
  method = "POST"
  body   = %[2]s
}
`

// credentialsBody is the body of an admin's login.
var credentialsBody = fmt.Sprintf(`{ LoginFields = jsonencode({ email = %q }), Password = %q }`, emulator.AdminEmail, emulator.AdminPassword)

// BenchmarkWarmApply measures an apply that opens one token whose session is
// stored and fresh, beside the same apply without a token: what is left of the
// difference is the provider's work, and the ratio is what a user feels. It is
// measured with a run-time folder in memory and without one (derived), and before
// a platform that answers at once and one that takes 80 ms.
func BenchmarkWarmApply(b *testing.B) {
	for _, latency := range []time.Duration{0, 80 * time.Millisecond} {
		b.Run(fmt.Sprintf("latency=%s", latency), func(b *testing.B) {
			cli := newBenchmarkCLI(b, latency)
			empty := cli.configure(b, consumer)
			own := cli.configure(b, telematics+consumer)
			runs := []*benchmarkRun{
				{name: "floor", folder: empty},
				{name: "bare", folder: own},
				{name: "derived", folder: own, args: []string{"-var", "tokens=1"}},
			}
			if dir, err := memoryFolder(); err == nil {
				b.Cleanup(func() { _ = os.RemoveAll(dir) })
				runs = append(runs, &benchmarkRun{name: "warm", folder: own, args: []string{"-var", "tokens=1"}, env: []string{"XDG_RUNTIME_DIR=" + dir}})
			}
			for _, peer := range []struct{ name, variable, configuration string }{
				{"http", httpVariable, logsInByHTTP}, {"restful", restfulVariable, logsInByRESTful},
			} {
				if os.Getenv(peer.variable) != "" {
					runs = append(runs, &benchmarkRun{name: peer.name, folder: cli.configure(b, fmt.Sprintf(peer.configuration, cli.url, credentialsBody)+consumer)})
				}
			}
			logins := cli.measure(b, runs)
			if logins["derived"]+logins["warm"] != 1 {
				b.Errorf("the tokens took %v logins, want one before the start", logins)
			}
			report(b, runs, "bare", "http", "restful")
		})
	}
}

// BenchmarkApplyOf200Users measures an apply that opens a token of each of 200
// users, whose sessions are stored and fresh.
func BenchmarkApplyOf200Users(b *testing.B) {
	const users = 200
	cli := newBenchmarkCLI(b, 0)
	devices := make([]string, users)
	for i := range devices {
		devices[i] = fmt.Sprintf("d0e1f2a3-0000-4000-8000-%012d", i)
		cli.platform.AddUser(emulator.User{DeviceToken: devices[i], InstanceID: emulator.InstanceID})
	}
	cli.env = append(cli.env, "TELEMATICS_EMAIL=", "TELEMATICS_PASSWORD=", "TELEMATICS_LOGIN_LIMIT=1000",
		"TELEMATICS_INSTANCE_ID="+emulator.InstanceID, "TELEMATICS_INSTANCE_KEY="+emulator.InstanceKey)
	own := cli.configure(b, telematics+consumer)
	runs := []*benchmarkRun{{name: "bare", folder: own}, {name: "warm", folder: own, args: []string{"-var", "device_tokens=" + list(devices)}}}
	if os.Getenv(httpVariable) != "" {
		configuration := fmt.Sprintf(logsInByHTTP, cli.url, credentialsBody)
		configuration += fmt.Sprintf("\ndata \"http\" \"more\" {\n  count = %d\n  url = data.http.login.url\n  method = \"POST\"\n"+
			"  request_headers = data.http.login.request_headers\n  request_body = data.http.login.request_body\n}\n", users-1)
		runs = append(runs, &benchmarkRun{name: "http", folder: cli.configure(b, configuration+consumer)})
	}
	if logins := cli.measure(b, runs); logins["warm"] != users {
		b.Errorf("the tokens took %v logins, want one of each user before the start", logins)
	}
	report(b, runs, "bare", "http")
}

// list writes texts as a list in HCL.
func list(texts []string) string {
	return `["` + strings.Join(texts, `","`) + `"]`
}

// A benchmarkRun is an apply whose time is taken.
type benchmarkRun struct {
	name, folder string
	args, env    []string
	times        []time.Duration
}

// median is the median of the times, in milliseconds.
func (r *benchmarkRun) median() float64 {
	slices.Sort(r.times)
	return float64(r.times[len(r.times)/2].Microseconds()) / 1000
}

// report reports the median of each run, and the ratio of warm to some.
func report(b *testing.B, runs []*benchmarkRun, to ...string) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // of all runs together, which says nothing
	medians := make(map[string]float64)
	for _, run := range runs {
		medians[run.name] = run.median()
		b.ReportMetric(medians[run.name], run.name+"-ms")
	}
	for _, name := range to {
		for _, ours := range []string{"warm", "derived"} {
			if medians[name] != 0 && medians[ours] != 0 {
				b.ReportMetric(medians[ours]/medians[name], ours+"/"+name)
			}
		}
	}
}

// benchmarkCLI is a CLI before a platform, with the providers.
type benchmarkCLI struct {
	path, url string
	env       []string
	platform  *emulator.Platform
}

func newBenchmarkCLI(b *testing.B, latency time.Duration) *benchmarkCLI {
	b.Helper()
	c := &benchmarkCLI{path: clitest.CLI(b), platform: emulator.New(emulator.Options{Latency: latency, LoginLimit: -1})}
	c.platform.AddTestAccounts()
	server := httptest.NewServer(c.platform)
	b.Cleanup(server.Close)
	c.url = server.URL
	home := b.TempDir()
	set := func(key, value string) { c.env = append(c.env, key+"="+value) }
	for _, key := range []string{"PATH", "TMPDIR"} {
		set(key, os.Getenv(key))
	}
	set("HOME", home)
	set("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	set("CHECKPOINT_DISABLE", "1")
	set("TELEMATICS_USER_SERVICE_URL", server.URL)
	set("TELEMATICS_EMAIL", emulator.AdminEmail)
	set("TELEMATICS_PASSWORD", emulator.AdminPassword)
	overrides := map[string]string{"telematics-tools/telematics": filepath.Dir(clitest.Provider(b))}
	for address, variable := range map[string]string{"hashicorp/http": httpVariable, "magodo/restful": restfulVariable} {
		if binary := os.Getenv(variable); binary != "" {
			overrides[address] = filepath.Dir(binary)
		}
	}
	if err := useProviders(home, set, overrides); err != nil {
		b.Fatal(err)
	}
	return c
}

// configure makes a folder with a configuration.
func (c *benchmarkCLI) configure(b *testing.B, configuration string) string {
	b.Helper()
	folder := b.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(configuration), 0o600); err != nil {
		b.Fatal(err)
	}
	return folder
}

// measure does the runs in turn, after two of each that are not measured, and
// returns how many logins each of them took.
func (c *benchmarkCLI) measure(b *testing.B, runs []*benchmarkRun) map[string]int {
	b.Helper()
	logins := make(map[string]int)
	apply := func(run *benchmarkRun) time.Duration {
		before := c.platform.Counts().Login
		took := c.apply(b, run)
		logins[run.name] += c.platform.Counts().Login - before
		return took
	}
	for range 2 {
		for _, run := range runs {
			apply(run)
		}
	}
	for b.Loop() {
		for _, run := range runs {
			run.times = append(run.times, apply(run))
		}
	}
	return logins
}

// apply does a run and returns how long that took.
func (c *benchmarkCLI) apply(b *testing.B, run *benchmarkRun) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), c.path, append([]string{"apply", "-auto-approve", "-input=false"}, run.args...)...)
	cmd.Dir, cmd.Env = run.folder, append(slices.Clip(c.env), run.env...)
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", run.name, err, out)
	}
	return time.Since(started)
}
