// Package cliconfig writes the configuration that makes Terraform or OpenTofu
// run a provider that was built here, for the demo and for tests.
package cliconfig

import (
	"fmt"
	"os"
	"strconv"
)

// WriteOverride writes to file, with mode 0600, a configuration of the CLI that
// takes the provider from a folder instead of a registry. TF_CLI_CONFIG_FILE is
// to name it. The error is the system's.
func WriteOverride(file, folder string) error {
	// OpenTofu looks the short address up in its own registry, Terraform in
	// the other.
	text := fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/telematics-tools/telematics" = %[1]s
    "registry.opentofu.org/telematics-tools/telematics" = %[1]s
  }
  direct {}
}
`, strconv.Quote(folder))
	return os.WriteFile(file, []byte(text), 0o600)
}
