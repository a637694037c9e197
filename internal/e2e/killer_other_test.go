//go:build !unix

package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"time"
)

// killer runs a command and kills it after a while. What it started ends with
// its pipes.
func killer() {
	after, err := time.ParseDuration(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	_ = exec.CommandContext(ctx, os.Args[2], os.Args[3:]...).Run()
}
