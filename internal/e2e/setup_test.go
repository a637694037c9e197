package e2e_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// platformKey and gateKey are where a script's platform and the gate before it
// are kept in its environment.
type (
	platformKey struct{}
	gateKey     struct{}
)

// setUp prepares the folder and the environment of a script: nothing of the
// machine's own configuration, caches or credentials reaches it.
func setUp(env *testscript.Env, cli, binary string) error {
	platform := emulator.New(emulator.Options{})
	platform.AddTestAccounts()
	before := newGate(platform)
	server := httptest.NewServer(before)
	env.Defer(func() {
		before.release()
		platform.Close()
		server.CloseClientConnections()
		server.Close()
	})
	env.Values[platformKey{}], env.Values[gateKey{}] = platform, before

	// A socket's path may have a hundred characters, and the script's name is in
	// that of its folder.
	sockets, err := os.MkdirTemp("", "s")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(sockets) })
	env.Setenv("PLUGIN_UNIX_SOCKET_DIR", sockets)

	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	// The scripts say terraform, whichever CLI runs them.
	if err := place(cli, filepath.Join(bin, "terraform")); err != nil {
		return err
	}
	// The command line is the released provider's, until timetravel.
	if err := place(binary, filepath.Join(bin, clitest.ProviderName)); err != nil {
		return err
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
	env.Setenv("USERPROFILE", filepath.Join(env.WorkDir, ".home"))
	env.Setenv("LocalAppData", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, ".state"))
	env.Setenv("XDG_RUNTIME_DIR", "")
	env.Setenv("CHECKPOINT_DISABLE", "1")
	env.Setenv("TF_IN_AUTOMATION", "1")
	env.Setenv("TF_CLI_ARGS", "-no-color")
	env.Setenv("TF_CLI_ARGS_apply", "-auto-approve")
	env.Setenv("TELEMATICS_USER_SERVICE_URL", server.URL)
	env.Setenv("TELEMATICS_ACCOUNTS_URL", server.URL)
	// An admin's token is checked there, as at the real platform.
	env.Setenv("TELEMATICS_PORTAL_URL", server.URL)
	env.Setenv("ADDRESS", server.Listener.Addr().String())
	env.Setenv("TELEMATICS_REQUEST_TIMEOUT", "5s")
	env.Setenv("TF_VAR_company_id", emulator.CompanyID)
	env.Setenv("TF_VAR_downstream_command", "downstream >downstream.json")
	env.Setenv(clockVariable, "0s")
	return useProvider(env.WorkDir, env.Setenv, filepath.Dir(binary))
}

// place lets a program be called by another path, without its suffix. On Windows it
// is copied, since links take a privilege there.
func place(program, path string) error {
	path += clitest.ProgramSuffix()
	if runtime.GOOS != "windows" {
		return os.Symlink(program, path)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o700)
}

// useProvider lets the CLI take the provider from a folder.
func useProvider(work string, setenv func(key, value string), folder string) error {
	return useProviders(work, setenv, map[string]string{"telematics-tools/telematics": folder})
}

// useProviders lets the CLI take providers from folders instead of a registry, by
// their short addresses. OpenTofu looks those up in its own registry, Terraform in
// the other.
func useProviders(work string, setenv func(key, value string), folders map[string]string) error {
	var overrides strings.Builder
	for address, folder := range folders {
		for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			fmt.Fprintf(&overrides, "    %q = %q\n", registry+"/"+address, folder)
		}
	}
	config := filepath.Join(work, ".terraformrc")
	setenv("TF_CLI_CONFIG_FILE", config)
	return os.WriteFile(config, fmt.Appendf(nil, "provider_installation {\n  dev_overrides {\n%s  }\n  direct {}\n}\n", overrides.String()), 0o600)
}
