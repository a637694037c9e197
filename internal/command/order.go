package command

import (
	"context"
	"flag"
	"fmt"

	"github.com/telematics-tools/terraform-provider-telematics/internal/explain"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tokens"
)

// whose names the owner of the session that the arguments ask for.
func whose(args tokens.Arguments) string {
	if args.DeviceToken.IsEmpty() {
		return "admin"
	}
	return "user"
}

// tell tells a person what was done. A script knows by the exit code.
func (c *call) tell(format string, args ...any) int {
	if !c.OutIsTerminal {
		return ExitDone
	}
	return c.print(fmt.Sprintf(format, args...) + "\n")
}

// refresh refreshes the stored session, and never logs in.
func (c *call) refresh(ctx context.Context) int {
	args, code, ok := c.order()
	if !ok {
		return code
	}
	result, said := c.opener.Refresh(ctx, args)
	if code := c.failed(said); code != ExitDone {
		return code
	}
	if result.Source == session.Reused {
		return c.tell("Another process has refreshed the session of the %s meanwhile. Its access token ends at %s.", whose(args), explain.Time(result.ExpiresAt))
	}
	return c.tell("The session of the %s is refreshed. Its access token ends at %s.", whose(args), explain.Time(result.ExpiresAt))
}

func (c *call) forgetFlags(f *flag.FlagSet) { f.BoolVar(&c.loginBlock, "login-block", false, "") }

// forget drops the stored session, or the block of logins that is known.
func (c *call) forget(ctx context.Context) int {
	args, code, ok := c.order()
	switch {
	case !ok:
		return code
	case c.loginBlock:
		return c.unblock(ctx)
	}
	found, said := c.opener.Forget(ctx, args)
	if code := c.failed(said); code != ExitDone {
		return code
	}
	if !found {
		return c.tell("No session that the credentials of the %s can use was stored.", whose(args))
	}
	return c.tell("The stored session of the %s is forgotten. Its tokens live on at the platform until they end. What asks for a token next makes a login.", whose(args))
}

func (c *call) unblock(ctx context.Context) int {
	until, said := c.opener.Unblock(ctx)
	if code := c.failed(said); code != ExitDone {
		return code
	}
	if until.IsZero() {
		return c.tell("No block of logins was known.")
	}
	return c.tell("The block of logins until %s is forgotten. If the platform still blocks this address, the next login is refused and writes the block down again.", explain.Time(until))
}

// order prepares a verb that takes no arguments but flags.
func (c *call) order() (tokens.Arguments, int, bool) {
	if !c.noArguments() {
		return tokens.Arguments{}, c.wrong("%q is no flag", c.rest[0]), false
	}
	args, code, ok := c.arguments()
	if !ok {
		return args, code, false
	}
	code, ok = c.open()
	return args, code, ok
}
