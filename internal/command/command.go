// Package command is the provider's binary outside Terraform: verbs that a person
// or a script runs, on the same sessions and with the same environment as the
// provider. Secrets go to standard output and into a program's environment, and
// are never taken as arguments, which every user of the machine can read.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/telematics-tools/terraform-provider-telematics/internal/message"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
	"github.com/telematics-tools/terraform-provider-telematics/internal/tokens"
)

// Name is the program's.
const Name = "terraform-provider-telematics"

// A Program is a call of the command line and its surroundings. [System] makes the
// one of the process.
type Program struct {
	Version string
	// Environ is the environment, as [os.Environ] has it.
	Environ []string
	// Out and Err are standard output and standard error.
	Out, Err io.Writer
	// OutIsTerminal and ErrIsTerminal are true where a person reads them.
	OutIsTerminal, ErrIsTerminal bool
	// Now is the clock.
	Now func() time.Time
	// Begin is called before something is asked of the platform whose answer must
	// be stored, and what it returns afterwards. It may be nil.
	Begin func() (end func())
	// Exec runs a program in place of this one. It returns the exit code, where it
	// returns at all, or why the program did not start.
	Exec func(path string, args, environ []string) (int, error)
}

// System returns the program that the process is, of that version.
func System(version string, begin func() (end func())) Program {
	environ := os.Environ()
	return Program{
		Version: version,
		Environ: environ,
		Out:     os.Stdout, Err: os.Stderr,
		OutIsTerminal: isTerminal(os.Stdout), ErrIsTerminal: isTerminal(os.Stderr),
		Now:   time.Now,
		Begin: begin,
		Exec: func(path string, args, environ []string) (int, error) {
			return replaceProcess(path, args, environ, begin)
		},
	}
}

func isTerminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()) }

// The exit codes. A program that is run by exec has its own.
const (
	ExitDone = iota
	// ExitFailed is any failure that has no code of its own.
	ExitFailed
	// ExitUsage is a call that is wrong, or a wrong value in the environment.
	ExitUsage
	// ExitMissing is a login that is not possible: credentials are missing.
	ExitMissing
	// ExitRefused is a login or a refresh that the platform has refused.
	ExitRefused
	// ExitHeldBack is a request that was not sent: by the login limit, a block, or a
	// read-only run.
	ExitHeldBack
	// ExitStore is a session store that cannot be used.
	ExitStore
)

// The exit codes of shells for programs that cannot be run.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// A verb is something that the command line does.
type verb struct {
	name string
	// args follow the name in the help, and about says what the verb does.
	args, about string
	// flags adds the verb's own flags.
	flags func(*call, *flag.FlagSet)
	// run does it. The arguments that are left are in the call.
	run func(*call, context.Context) int
}

// verbs are all there are, in the order of the help.
func verbs() []verb {
	return []verb{
		{"token", "[--format FORMAT]", "print an access token, and nothing else", (*call).tokenFlags, (*call).token},
		{"exec", "-- COMMAND …", "run a command with the token in its environment", (*call).lifetimeFlag, (*call).exec},
		{"status", "[--json]", "tell what is stored; nothing is sent", (*call).statusFlags, (*call).status},
		{"refresh", "", "refresh the stored session now; never log in", nil, (*call).refresh},
		{"forget", "[--login-block]", "drop the stored session, or the block of logins", (*call).forgetFlags, (*call).forget},
		{"completion", "SHELL", "print a completion script for bash, zsh or fish", nil, (*call).completion},
	}
}

// A call is a verb with its flags.
type call struct {
	Program
	verb verb
	// rest are the arguments that are no flags.
	rest []string

	deviceToken, instanceID, minLifetime string
	verbose, asJSON, loginBlock          bool
	format                               string

	flags    *flag.FlagSet
	settings settings.Settings
	opener   *tokens.Opener
}

// Stopping tells a person why an interrupted program does not end at once.
func Stopping() {
	_, _ = fmt.Fprintln(os.Stderr, "Interrupted. The platform's answer is waited for and stored, so that the session is not lost.")
}

// Run does what the arguments say, the first of which is the verb, and returns the
// exit code.
func Run(ctx context.Context, p Program, args []string) int {
	if len(args) == 0 || args[0] == "help" {
		Help(p.Out)
		return ExitDone
	}
	for _, v := range verbs() {
		if v.name == args[0] {
			c := &call{Program: p, verb: v}
			return c.run(ctx, args[1:])
		}
	}
	return (&call{Program: p}).wrong("there is no verb %q", args[0])
}

// run parses the flags and does it.
func (c *call) run(ctx context.Context, args []string) int {
	c.flags = flag.NewFlagSet(c.verb.name, flag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.flags.StringVar(&c.deviceToken, "device-token", "", "")
	c.flags.StringVar(&c.instanceID, "instance-id", "", "")
	c.flags.BoolVar(&c.verbose, "verbose", false, "")
	if c.verb.flags != nil {
		c.verb.flags(c, c.flags)
	}
	switch err := c.flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		Help(c.Out)
		return ExitDone
	case err != nil:
		return c.wrong("%s%s", err, noSecretFlag(err))
	}
	c.rest = c.flags.Args()
	return c.verb.run(c, ctx)
}

// noSecretFlag says where a secret is to be put, after the error of a flag that
// would have taken it.
func noSecretFlag(err error) string {
	for _, name := range []string{"password", "instance-key", "instance_key"} {
		if strings.HasSuffix(err.Error(), ": -"+name) {
			variable := settings.Variable(strings.ReplaceAll(name, "-", "_"))
			return "; every user of the machine can read arguments, so it is taken from " + variable + " alone"
		}
	}
	return ""
}

// wrong says what is wrong with the call.
func (c *call) wrong(format string, args ...any) int {
	name := Name
	if c.verb.name != "" {
		name += " " + c.verb.name
	}
	c.complain("%s: %s.\nSee %s --help.", name, fmt.Sprintf(format, args...), Name)
	return ExitUsage
}

// open reads the settings and the flags. It returns false, and the exit code, where
// one of them is wrong.
func (c *call) open() (code int, ok bool) {
	var said message.List
	c.settings, said = settings.Read(settings.NoBlock, c.getenv)
	c.say(said)
	if c.settings.Invalid.HasError() {
		c.say(c.settings.Invalid)
		return ExitUsage, false
	}
	c.opener = tokens.NewOpener(tokens.Config{
		Settings:      c.settings,
		UserAgent:     Name + "/" + c.Version,
		CommandLine:   true,
		Getenv:        c.getenv,
		Now:           c.Now,
		HTTPLogger:    c.logger(),
		SessionLogger: c.logger(),
		Begin:         c.Begin,
	})
	// What only its use shows to be wrong.
	if wrong := c.opener.Settings().Invalid; wrong.HasError() {
		c.say(wrong)
		return ExitUsage, false
	}
	return ExitDone, true
}

// deviceTokenVariable stands in for --device-token.
const deviceTokenVariable = "TELEMATICS_DEVICE_TOKEN" //nolint:gosec // A name.

// arguments say which session the flags ask for. A device token that is there and
// empty may come from a value that is missing: no admin's token is handed out in
// its place.
func (c *call) arguments() (args tokens.Arguments, code int, ok bool) {
	device, given := c.lookup(deviceTokenVariable)
	where := deviceTokenVariable
	if c.given("device-token") {
		device, given, where = c.deviceToken, true, "--device-token"
	}
	device = strings.TrimSpace(device)
	if given && device == "" {
		return args, c.wrong("%s is empty; leave it out to authorize as admin", where), false
	}
	args.DeviceToken = secret.New(device)
	if args.InstanceID = strings.TrimSpace(c.instanceID); c.given("instance-id") && args.InstanceID == "" {
		return args, c.wrong("--instance-id is empty"), false
	}
	for _, id := range []struct{ where, value string }{{where, device}, {"--instance-id", args.InstanceID}} {
		if strings.ContainsFunc(id.value, isControl) {
			return args, c.wrong("%s holds a control character", id.where), false
		}
	}
	if c.given("min-lifetime") {
		d, err := time.ParseDuration(c.minLifetime)
		if err != nil || d < 0 {
			return args, c.wrong("--min-lifetime %q is not a duration of zero or more, such as 30s or 2h", c.minLifetime), false
		}
		args.MinLifetime = &d
	}
	return args, ExitDone, true
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// given reports whether a flag is among the arguments.
func (c *call) given(name string) bool {
	found := false
	c.flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// noArguments reports whether all arguments were flags.
func (c *call) noArguments() bool { return len(c.rest) == 0 }

// lookup finds a variable of the environment; the last one of a name counts.
func (c *call) lookup(name string) (value string, found bool) {
	for _, variable := range c.Environ {
		if rest, is := strings.CutPrefix(variable, name+"="); is {
			value, found = rest, true
		}
	}
	return value, found
}

func (c *call) getenv(name string) string {
	value, _ := c.lookup(name)
	return value
}

// logger logs to standard error where that was asked for. A person at a terminal
// gets the decisions in words.
func (c *call) logger() *slog.Logger {
	switch {
	case c.verbose:
		return slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	case c.ErrIsTerminal:
		return slog.New(progress{c.Err})
	default:
		return slog.New(slog.DiscardHandler)
	}
}

// progress implements [slog.Handler]: a line for what takes a while, such as a login
// and the wait for its place.
type progress struct{ to io.Writer }

// Enabled implements [slog.Handler].
func (progress) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle implements [slog.Handler]. What was found the verb tells itself.
func (p progress) Handle(_ context.Context, record slog.Record) error {
	line, over := record.Message, false
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "until":
			line += " until " + a.Value.String()
		case "found":
			over = true
		}
		return true
	})
	if over {
		return nil
	}
	_, err := fmt.Fprintln(p.to, line+" …")
	return err
}

// WithAttrs implements [slog.Handler].
func (p progress) WithAttrs([]slog.Attr) slog.Handler { return p }

// WithGroup implements [slog.Handler].
func (p progress) WithGroup(string) slog.Handler { return p }

// say prints errors and warnings to standard error.
func (c *call) say(said message.List) {
	for _, m := range said {
		label := c.coloured(c.ErrIsTerminal, red, "Error:")
		if m.Warning {
			label = c.coloured(c.ErrIsTerminal, yellow, "Warning:")
		}
		c.complain("%s %s\n%s", label, m.Title, m.Detail)
	}
}

// failed says what went wrong and returns the exit code of the first error.
func (c *call) failed(said message.List) int {
	c.say(said)
	for _, m := range said {
		if !m.Warning {
			return exitCode(m.Err)
		}
	}
	return ExitDone
}

// complain prints a line to standard error, of which nobody could be told that it
// cannot be written.
func (c *call) complain(format string, args ...any) { _, _ = fmt.Fprintf(c.Err, format+"\n", args...) }

// print writes to standard output.
func (c *call) print(text string) int {
	if _, err := io.WriteString(c.Out, text); err != nil {
		c.complain("%s: standard output cannot be written: %v", Name, err)
		return ExitFailed
	}
	return ExitDone
}

// The colours of a terminal.
const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	bold   = "\x1b[1m"
	plain  = "\x1b[0m"
)

// coloured colours a text for a terminal that has colours, and whose user has
// nothing against them (no-color.org).
func (c *call) coloured(terminal bool, colour, text string) string {
	if !terminal || c.getenv("NO_COLOR") != "" || c.getenv("TERM") == "dumb" {
		return text
	}
	return colour + text + plain
}
