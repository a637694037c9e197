package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/command"
	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
	"github.com/telematics-tools/terraform-provider-telematics/internal/lifetime"
	"github.com/telematics-tools/terraform-provider-telematics/internal/provider"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the scripts with what they came to")

// clockVariable tells the provider that timetravel runs by how much its clock
// is moved. The released provider knows nothing of it.
const clockVariable = "TELEMATICS_E2E_CLOCK"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		clitest.ProviderName: serveTimeTraveller,
		"each":               each,
		"together":           together,
		"killer":             killer,
		"led":                led,
		"downstream":         downstream,
	})
}

// panicVariable tells the same provider at which point to panic: one that
// [provider.Options] calls its Hook with.
const panicVariable = "TELEMATICS_E2E_PANIC"

// serveTimeTraveller is the provider with a clock that a script can move. The
// test binary turns into it when it is called by the provider's name.
func serveTimeTraveller() {
	offset, err := time.ParseDuration(os.Getenv(clockVariable))
	if err != nil {
		log.Fatalf("%s: %v", clockVariable, err)
	}
	if err := errors.Join(coredump.Disable(), coredump.Hide()); err != nil {
		log.Fatal(err)
	}
	fatal := os.Getenv(panicVariable)
	now := func() time.Time { return time.Now().Add(offset) }
	var guard lifetime.Guard
	if len(os.Args) > 1 {
		guard.Catch(command.Stopping)
		program := command.System("e2e", guard.Begin)
		program.Now = now
		os.Exit(command.Run(context.Background(), program, os.Args[1:]))
	}
	guard.Watch()
	options := provider.Options{
		Begin:       guard.Begin,
		Interrupted: lifetime.Interrupted(),
		Now:         now,
		Hook: func(point string) {
			if point == fatal {
				panic("ordered by the script")
			}
		},
	}
	if err := providerserver.Serve(context.Background(), provider.New("e2e", options), providerserver.ServeOpts{Address: provider.Address}); err != nil {
		log.Fatal(err)
	}
}

func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script")
}

// runScripts runs every script of a folder, each in a folder of its own with a
// platform of its own.
func runScripts(t *testing.T, dir string) {
	t.Helper()
	cli, binary := clitest.CLI(t), clitest.Provider(t)
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: *update,
		// A script may wait for a real CLI; what makes it fail is said in it.
		Setup: func(env *testscript.Env) error { return setUp(env, cli, binary) },
		Cmds:  commands,
		Condition: func(name string) (bool, error) {
			if least, is := strings.CutPrefix(name, "terraform-1."); is {
				return isTerraform(t, cli, least)
			}
			if name == "tofu" {
				newer, err := isTerraform(t, cli, "0")
				return !newer, err
			}
			if name == "memory" {
				dir, err := memoryFolder()
				return err == nil && os.Remove(dir) == nil, nil
			}
			if name != "mounts" {
				return false, fmt.Errorf("no condition is called %q", name)
			}
			return exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt").Run() == nil, nil
		},
	})
}

var terraformVersion = regexp.MustCompile(`(?m)^Terraform v1\.(\d+)\.`)

// isTerraform reports whether the CLI is Terraform 1.least or later.
func isTerraform(t *testing.T, cli, least string) (bool, error) {
	want, err := strconv.Atoi(least)
	if err != nil {
		return false, err
	}
	asked := exec.CommandContext(t.Context(), cli, "version")
	asked.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	out, err := asked.Output()
	if err != nil {
		return false, err
	}
	found := terraformVersion.FindSubmatch(out)
	if found == nil {
		return false, nil // OpenTofu
	}
	minor, err := strconv.Atoi(string(found[1]))
	return minor >= want, err
}
