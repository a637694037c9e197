//go:build !unix

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Signals and process groups are those of Unix; scripts that need them are
// skipped elsewhere.

// killer runs a command and kills it after a while, whatever is to be killed.
// What it started ends with its pipes.
func killer() {
	after, err := time.ParseDuration(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	_ = exec.CommandContext(ctx, os.Args[3], os.Args[4:]...).Run()
}

func led() {
	fmt.Fprintln(os.Stderr, "process groups are those of Unix")
	os.Exit(2)
}

func signalTo(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("signals are those of Unix") }

func gone(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("process groups are those of Unix")
}
