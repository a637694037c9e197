// The command telematics-emulator serves the emulator of the platform on
// loopback, to try a configuration or a module without the platform. It prints
// the settings of the provider that go with it, and logs a line for each
// request.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run serves until ctx ends, and returns the exit code: 2 for arguments that
// cannot be used, as usual for a command.
func run(ctx context.Context, args []string, out, logs io.Writer) int {
	s, err := parse(args, logs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := serve(ctx, s, out, logs); err != nil {
		_, _ = fmt.Fprintln(logs, "telematics-emulator:", err)
		return 1
	}
	return 0
}
