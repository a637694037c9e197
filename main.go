// The command terraform-provider-telematics serves the provider to Terraform
// and OpenTofu, which start it. With a verb it is a command line on the same
// sessions, for people and scripts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	buildinfo "runtime/debug"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/telematics-tools/terraform-provider-telematics/internal/command"
	"github.com/telematics-tools/terraform-provider-telematics/internal/coredump"
	"github.com/telematics-tools/terraform-provider-telematics/internal/lifetime"
	"github.com/telematics-tools/terraform-provider-telematics/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

// magicCookie is the variable by which a plugin knows that a CLI has started it.
const magicCookie = "TF_PLUGIN_MAGIC_COOKIE"

// released is the version of a release, also where go install has built it, and
// dev otherwise.
func released() string {
	info, ok := buildinfo.ReadBuildInfo()
	if !ok || version != "dev" {
		return version
	}
	tag, tagged := strings.CutPrefix(info.Main.Version, "v")
	if !tagged || strings.ContainsAny(tag, "-+") { // a commit after a release, or not committed
		return version
	}
	return tag
}

func main() {
	flags := flag.NewFlagSet(command.Name, flag.ContinueOnError)
	flags.Usage = func() {}
	debug := flags.Bool("debug", false, "serve with support for debuggers such as delve, and print what to set TF_REATTACH_PROVIDERS to")
	printVersion := flags.Bool("version", false, "print the version and exit")
	switch err := flags.Parse(os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		command.Help(os.Stdout)
		return
	case err != nil: // it has said so
		command.Help(os.Stderr)
		os.Exit(command.ExitUsage)
	}
	if *printVersion {
		fmt.Println(command.Name + " " + released())
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
	}
	// A CLI gives no arguments.
	if flags.NArg() > 0 {
		guard.Catch(command.Stopping)
		os.Exit(command.Run(context.Background(), command.System(released(), guard.Begin), flags.Args()))
	}
	if !*debug {
		if os.Getenv(magicCookie) == "" {
			command.Help(os.Stderr)
			os.Exit(command.ExitUsage)
		}
		guard.Watch()
	}
	options := provider.Options{Begin: guard.Begin, Interrupted: lifetime.Interrupted()}
	err := providerserver.Serve(context.Background(), provider.New(released(), options), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
