// The command terraform-provider-telematics serves the provider to Terraform
// and OpenTofu, which start it; it is not run by hand.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
	"github.com/telematics-tools/terraform-provider-telematics/internal/lifetime"
	"github.com/telematics-tools/terraform-provider-telematics/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve with support for debuggers such as delve, and print what to set TF_REATTACH_PROVIDERS to")
	printVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *printVersion {
		fmt.Println("terraform-provider-telematics " + version)
		return
	}
	// Not being able to is no reason to fail a run.
	if err := coredump.Disable(); err != nil {
		log.Printf("core files cannot be disabled: %v", err)
	}
	var guard lifetime.Guard
	if !*debug {
		if err := coredump.Hide(); err != nil {
			log.Print(err)
		}
		guard.Watch()
	}
	options := provider.Options{Begin: guard.Begin, Interrupted: lifetime.Interrupted()}
	err := providerserver.Serve(context.Background(), provider.New(version, options), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
