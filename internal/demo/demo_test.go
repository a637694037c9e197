package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
)

// TestMain lets the test binary be the downstream, as the demo's own is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == downstreamArgument {
		main()
		return
	}
	os.Exit(m.Run())
}

// newDemo returns a demo whose scratch folder is below the folder that is
// returned, with the CLI and the provider that make test chose.
func newDemo(t *testing.T, configuration string) (d *demo, out *strings.Builder, scratch string) {
	t.Helper()
	cli, provider := clitest.CLI(t), clitest.Provider(t)
	scratch = t.TempDir()
	t.Setenv("TMPDIR", scratch)
	out = new(strings.Builder)
	return &demo{cli: cli, provider: provider, configuration: configuration, out: out}, out, scratch
}

// mustBeGone fails the test if the demo left something in the scratch folder.
func mustBeGone(t *testing.T, scratch string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(scratch, "telematics-demo-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("the demo left %v, error %v", left, err)
	}
}

func TestDemo(t *testing.T) {
	d, out, scratch := newDemo(t, "../../examples/demo/main.tf")
	if err := d.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := out.String()
	for _, want := range []string{
		"1. An emulator", "2. ", "3. Plan", "1 to add", "4. Apply", "Resources: 1 added", "5. The downstream", "companiesPermissions",
		"6. Looking for", "terraform.tfstate", "No secret is in any of them.", "7. The platform counted: logins 1,", "8. The emulator has stopped",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("the demo did not show %q, or not where it belongs:\n%s", want, out)
		}
		rest = after
	}
	for i, secret := range d.platform.Secrets() {
		if strings.Contains(out.String(), secret) {
			t.Errorf("secret %d was shown", i)
		}
	}
	mustBeGone(t, scratch)
}

func TestDemoSaysWhatWentWrong(t *testing.T) {
	const provider = "terraform {\n  required_providers {\n    telematics = { source = \"telematics-tools/telematics\" }\n  }\n}\n"
	for _, tc := range []struct {
		name                string
		configuration, want string
	}{
		{"a secret in state",
			provider + "data \"telematics_access_token\" \"admin\" {}\n" +
				"variable \"downstream_command\" {}\n" +
				"resource \"terraform_data\" \"downstream\" {\n  provisioner \"local-exec\" {\n    command = var.downstream_command\n" +
				"    environment = { AUTHORIZATION = data.telematics_access_token.admin.authorization }\n  }\n}\n",
			"terraform.tfstate: secret",
		},
		{"a token that the platform does not take",
			"variable \"downstream_command\" {}\n" +
				"resource \"terraform_data\" \"downstream\" {\n  provisioner \"local-exec\" {\n    command = var.downstream_command\n" +
				"    environment = { AUTHORIZATION = \"Bearer nonsense\" }\n  }\n}\n",
			"apply: exit status 1",
		},
		{"nothing downstream", provider + "ephemeral \"telematics_access_token\" \"admin\" {}\n", "the downstream got no answer"},
		{"no configuration", "resource {", "plan: exit status 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			configuration := filepath.Join(t.TempDir(), "main.tf")
			if err := os.WriteFile(configuration, []byte(tc.configuration), 0o600); err != nil {
				t.Fatal(err)
			}
			d, out, scratch := newDemo(t, configuration)
			err := d.run(t.Context())
			if err == nil || !strings.Contains(fmt.Sprint(err), tc.want) {
				t.Errorf("error %v, want %q\n%s", err, tc.want, out)
			}
			mustBeGone(t, scratch)
		})
	}
}

func TestDemoIsInterrupted(t *testing.T) {
	d, _, scratch := newDemo(t, "../../examples/demo/main.tf")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.run(ctx); err == nil {
		t.Error("the demo went on")
	}
	mustBeGone(t, scratch)
}
