package credential_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/credential"
)

// A command does not outlive a provider that was killed.
func TestCommand_EndsWithTheProvider(t *testing.T) {
	if note := os.Getenv("CREDENTIAL_NOTE"); note != "" {
		_, _, err := credential.Command(shell("echo $$ >" + note + ".new; mv " + note + ".new " + note + "; exec sleep 600")).Read(t.Context())
		t.Fatalf("the command has ended: %v", err)
	}
	note := filepath.Join(t.TempDir(), "pid")
	provider := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCommand_EndsWithTheProvider$")
	provider.Env = append(os.Environ(), "CREDENTIAL_NOTE="+note)
	if err := provider.Start(); err != nil {
		t.Fatal(err)
	}
	pid := pidIn(t, note)
	if err := provider.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = provider.Wait()
	awaitEnd(pid)
}
