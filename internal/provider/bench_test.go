package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// BenchmarkStart measures what every run pays for, whether it opens a token or
// not: the schemas, and the provider's configuration with either store.
func BenchmarkStart(b *testing.B) {
	p := newPlatform(b)
	for _, test := range []struct {
		name string
		env  environment
	}{
		{"file", p.environment(b).admin().onDisk()},
		{"vault", p.environment(b).admin().with("TELEMATICS_SESSION_STORE", "vault").with("VAULT_ADDR", "http://127.0.0.1:1")},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				start(b, test.env, p.clock.Now).configure(nil)
			}
		})
	}
	p.wantIssued(b, 0, 0)
}

// BenchmarkWarmOpen measures the opening of a token whose session is stored and
// fresh: the first in a process, which derives the key, and each one after it.
func BenchmarkWarmOpen(b *testing.B) {
	p := newPlatform(b)
	env := p.environment(b).admin().onDisk()
	configured := func() *core {
		c := start(b, env, p.clock.Now)
		c.configure(nil)
		return c
	}
	configured().open(nil)
	b.Run("first in a process", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			configured().open(nil)
		}
	})
	b.Run("the next", func(b *testing.B) {
		c := configured()
		c.open(nil)
		b.ReportAllocs()
		for b.Loop() {
			c.open(nil)
		}
	})
	p.wantIssued(b, 1, 0)
}

// BenchmarkWarmOpen200Identities measures the opening of a token of each of 200
// users of an instance, in a process that has just started. They have one key
// among them.
func BenchmarkWarmOpen200Identities(b *testing.B) {
	const identities = 200
	p := newPlatform(b)
	devices := make([]string, identities)
	for i := range devices {
		devices[i] = fmt.Sprintf("d0e1f2a3-0000-4000-8000-%012d", i)
		p.AddUser(emulator.User{DeviceToken: devices[i], InstanceID: instanceID})
	}
	env := p.environment(b).user().onDisk().with("TELEMATICS_LOGIN_LIMIT", "1000")
	openAll := func() {
		c := start(b, env, p.clock.Now)
		c.configure(nil)
		for _, device := range devices {
			if opened := c.open(config{"device_token": device}); len(opened.diagnostics) > 0 {
				b.Fatal(opened.diagnostics)
			}
		}
	}
	openAll()
	b.ReportAllocs()
	for b.Loop() {
		openAll()
	}
	p.wantIssued(b, identities, 0)
}

// openerVariable holds the environment of a provider, for a process of the
// benchmark's that opens one token with it.
const openerVariable = "TELEMATICS_TEST_OPENER"

// BenchmarkContendingProcesses measures fifty processes that open a token of
// the same identity at the same moment, from their start to the end of the
// last: with nothing stored, and with a session that is fresh.
func BenchmarkContendingProcesses(b *testing.B) {
	const processes = 50
	p := newPlatform(b)
	openAll := func(b *testing.B, env environment) {
		b.Helper()
		text, err := json.Marshal(env)
		if err != nil {
			b.Fatal(err)
		}
		running := make([]*exec.Cmd, processes)
		outs := make([]strings.Builder, processes)
		for i := range running {
			running[i] = exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestOpenInAProcess$")
			running[i].Env = append(os.Environ(), openerVariable+"="+string(text))
			running[i].Stdout, running[i].Stderr = &outs[i], &outs[i]
			if err := running[i].Start(); err != nil {
				b.Fatal(err)
			}
		}
		for i, process := range running {
			if err := process.Wait(); err != nil {
				b.Errorf("process %d: %v\n%s", i, err, outs[i].String())
			}
		}
	}
	b.Run("nothing stored", func(b *testing.B) {
		rounds := 0
		for b.Loop() {
			openAll(b, p.environment(b).admin().onDisk())
			rounds++
		}
		p.wantIssued(b, rounds, 0)
		p.ResetCounts()
	})
	b.Run("fresh session", func(b *testing.B) {
		env := p.environment(b).admin().onDisk()
		configured := start(b, env, p.clock.Now)
		configured.configure(nil)
		configured.open(nil)
		p.ResetCounts()
		for b.Loop() {
			openAll(b, env)
		}
		p.wantIssued(b, 0, 0)
	})
}

// TestOpenInAProcess is what a process of the benchmark's runs.
func TestOpenInAProcess(t *testing.T) {
	env := environment{}
	if err := json.Unmarshal([]byte(os.Getenv(openerVariable)), &env); err != nil {
		t.Skip("It is for BenchmarkContendingProcesses.")
	}
	now := func() time.Time { return startOfTests }
	c := start(t, env, now)
	wantSaid(t, c.configure(nil))
	c.mustOpen(nil)
}
