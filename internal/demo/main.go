// The command demo shows the provider at work, without an account and without
// the network: it serves the emulator of the platform on loopback and applies
// examples/demo with a real Terraform or OpenTofu. It is what make demo runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == downstreamArgument {
		if err := callPlatform(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "downstream:", err)
			os.Exit(1)
		}
		return
	}
	var d demo
	flag.StringVar(&d.cli, "cli", "terraform", "the `path` of Terraform 1.10 or OpenTofu 1.11, or later")
	flag.StringVar(&d.provider, "provider", "bin/terraform-provider-telematics", "the `path` of the provider's binary, alone in its folder")
	flag.StringVar(&d.configuration, "configuration", "examples/demo/main.tf", "the `path` of the configuration to apply")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d.out = os.Stdout
	if err := d.run(ctx); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "The demo failed:", err)
		os.Exit(1) //nolint:gocritic // What is deferred was just called.
	}
}
