package e2e_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// benchmarkConfiguration starts and configures the provider and has one
// resource to make, with a token or without one.
const benchmarkConfiguration = `terraform {
  required_providers {
    telematics = { source = "telematics-tools/telematics" }
  }
}

variable "tokens" {
  type = number
}

ephemeral "telematics_access_token" "admin" {
  count = var.tokens
}

resource "terraform_data" "consumer" {
  triggers_replace = timestamp()
}
`

// BenchmarkWarmApply measures an apply that opens one token whose session is
// stored and fresh, beside the same apply without a token. What is left of the
// difference is the provider's work; the ratio is what a user feels.
func BenchmarkWarmApply(b *testing.B) {
	cli := newBenchmarkCLI(b)
	cli.apply(b, "1") // logs in
	var warm, bare time.Duration
	for b.Loop() {
		warm += cli.apply(b, "1")
		bare += cli.apply(b, "0")
	}
	b.ReportMetric(float64(warm.Milliseconds())/float64(b.N), "warm-ms/op")
	b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "bare-ms/op")
	b.ReportMetric(warm.Seconds()/bare.Seconds(), "warm/bare")
	if counts := cli.platform.Counts(); counts.Login != 1 || counts.Refresh != 0 {
		b.Errorf("the platform was asked %+v, want one login before the start", counts)
	}
}

// benchmarkCLI is a CLI in a folder with a configuration.
type benchmarkCLI struct {
	path, folder string
	env          []string
	platform     *emulator.Platform
}

func newBenchmarkCLI(b *testing.B) *benchmarkCLI {
	b.Helper()
	cli, binary := clitest.CLI(b), clitest.Provider(b)
	c := &benchmarkCLI{path: cli, folder: b.TempDir(), platform: emulator.New(emulator.Options{})}
	c.platform.AddTestAccounts()
	server := httptest.NewServer(c.platform)
	b.Cleanup(server.Close)
	set := func(key, value string) { c.env = append(c.env, key+"="+value) }
	for _, key := range []string{"PATH", "TMPDIR", "XDG_RUNTIME_DIR"} {
		set(key, os.Getenv(key))
	}
	set("HOME", c.folder)
	set("XDG_CACHE_HOME", filepath.Join(c.folder, "cache"))
	set("CHECKPOINT_DISABLE", "1")
	set("TELEMATICS_USER_SERVICE_URL", server.URL)
	set("TELEMATICS_EMAIL", emulator.AdminEmail)
	set("TELEMATICS_PASSWORD", emulator.AdminPassword)
	if err := useProvider(c.folder, set, filepath.Dir(binary)); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.folder, "main.tf"), []byte(benchmarkConfiguration), 0o600); err != nil {
		b.Fatal(err)
	}
	return c
}

// apply applies the configuration and returns how long that took.
func (c *benchmarkCLI) apply(b *testing.B, tokens string) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), c.path, "apply", "-auto-approve", "-input=false", "-var", "tokens="+tokens)
	cmd.Dir, cmd.Env = c.folder, c.env
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return time.Since(started)
}
