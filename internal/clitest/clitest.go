// Package clitest finds the CLI and the provider for tests that run the CLI with
// the provider.
package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// The variables that name the two programs. make test sets both.
const (
	CLIVariable      = "TELEMATICS_E2E_CLI"
	ProviderVariable = "TELEMATICS_E2E_PROVIDER"
)

// ProviderName is the name of the provider's binary. A CLI looks for it in the
// provider's folder.
const ProviderName = "terraform-provider-telematics"

// ProgramSuffix is what the names of programs end with on this system.
func ProgramSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// CLI returns the absolute path of the Terraform or OpenTofu that CLIVariable
// names. If it names none, the test is skipped. If that program cannot be run, the
// test fails.
func CLI(t testing.TB) string {
	t.Helper()
	cli, err := named(CLIVariable)
	if err != nil {
		t.Fatal(err)
	}
	if cli == "" {
		t.Skipf("no CLI is named: set %s to Terraform 1.10 or OpenTofu 1.11, or later, or run make test", CLIVariable)
	}
	return cli
}

// Provider returns the absolute path of the provider's binary that
// ProviderVariable names. Where it names none, the binary is built.
func Provider(t testing.TB) string {
	t.Helper()
	binary, err := named(ProviderVariable)
	if err != nil {
		t.Fatal(err)
	}
	if binary != "" {
		return binary
	}
	binary = filepath.Join(t.TempDir(), ProviderName+ProgramSuffix())
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/telematics-tools/terraform-provider-telematics")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	return binary
}

// named returns the absolute path of the program that a variable names, or an empty
// text if the variable is empty or not set. The error says that the program cannot
// be run.
func named(variable string) (string, error) {
	name := os.Getenv(variable)
	if name == "" {
		return "", nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s names a program that cannot be run: %w", variable, err)
	}
	return filepath.Abs(path)
}
