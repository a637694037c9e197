package e2e_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/cliconfig"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// platformKey is where a script's platform is kept in its environment.
type platformKey struct{}

// setUp prepares the folder and the environment of a script: nothing of the
// machine's own configuration, caches or credentials reaches it.
func setUp(env *testscript.Env, cli, binary string) error {
	platform := emulator.New(emulator.Options{})
	platform.AddTestAccounts()
	server := httptest.NewServer(platform)
	env.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	env.Values[platformKey{}] = platform

	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	// The scripts say terraform, whichever CLI runs them.
	if err := os.Symlink(cli, filepath.Join(bin, "terraform")); err != nil {
		return err
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		return err
	}
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH")+string(os.PathListSeparator)+filepath.Dir(goTool))
	env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
	env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
	env.Setenv("CHECKPOINT_DISABLE", "1")
	env.Setenv("TF_IN_AUTOMATION", "1")
	env.Setenv("TF_CLI_ARGS", "-no-color")
	env.Setenv("TF_CLI_ARGS_apply", "-auto-approve")
	env.Setenv("TELEMATICS_USER_SERVICE_URL", server.URL)
	env.Setenv("TELEMATICS_REQUEST_TIMEOUT", "5s")
	env.Setenv(clockVariable, "0s")
	return useProvider(env.WorkDir, env.Setenv, filepath.Dir(binary))
}

// useProvider lets the CLI take the provider from a folder.
func useProvider(work string, setenv func(key, value string), folder string) error {
	config := filepath.Join(work, ".terraformrc")
	setenv("TF_CLI_CONFIG_FILE", config)
	return cliconfig.WriteOverride(config, folder)
}
