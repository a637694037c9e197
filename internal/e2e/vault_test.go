//go:build vault

package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/clitest"
	"github.com/telematics-tools/terraform-provider-telematics/internal/vaulttest"
)

// TestVaultScripts runs the scripts that need a real Vault, each with one of
// its own. They have its CLI as vault.
func TestVaultScripts(t *testing.T) {
	binary := os.Getenv(vaulttest.BinaryVariable)
	cli, provider := clitest.CLI(t), clitest.Provider(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/vault",
		Setup: func(env *testscript.Env) error {
			server, err := vaulttest.Start()
			if err != nil {
				return err
			}
			env.Defer(server.Stop)
			env.Setenv("VAULT_ADDR", server.Address)
			env.Setenv("VAULT_TOKEN", vaulttest.RootToken)
			env.Setenv("VAULT_UNSEAL_KEY", server.UnsealKey)
			if err := setUp(env, cli, provider); err != nil {
				return err
			}
			return os.Symlink(binary, filepath.Join(env.WorkDir, ".bin", "vault"))
		},
		Cmds: commands,
	})
}
