package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// The variables that a program gets the token in.
const (
	tokenVariable         = "TELEMATICS_ACCESS_TOKEN" //nolint:gosec // A name.
	authorizationVariable = "AUTHORIZATION"
)

// A format is a way to write a token. The refresh token is in none: what spends it
// elsewhere takes the session from all that share it.
type format struct {
	name  string
	write func(session.Result) (string, error)
}

// formats are all there are; the first is the default.
var formats = []format{
	{"raw", func(r session.Result) (string, error) { return r.AccessToken.Reveal() + "\n", nil }},
	{"header", func(r session.Result) (string, error) { return "Authorization: " + bearer(r) + "\n", nil }},
	{"json", func(r session.Result) (string, error) {
		return document(struct {
			AccessToken   string    `json:"access_token"`
			TokenType     string    `json:"token_type"`
			Authorization string    `json:"authorization"`
			IssuedAt      time.Time `json:"issued_at,omitzero"`
			ExpiresAt     time.Time `json:"expires_at,omitzero"`
			Source        string    `json:"source"`
		}{r.AccessToken.Reveal(), "Bearer", bearer(r), r.IssuedAt.UTC(), r.ExpiresAt.UTC(), string(r.Source)})
	}},
	{"env", func(r session.Result) (string, error) {
		return fmt.Sprintf("export %s=%s\nexport %s=%s\n",
			tokenVariable, quoted(r.AccessToken.Reveal()), authorizationVariable, quoted(bearer(r))), nil
	}},
	{"terragrunt", func(r session.Result) (string, error) {
		return document(map[string]any{"envs": map[string]string{
			tokenVariable: r.AccessToken.Reveal(), authorizationVariable: bearer(r),
		}})
	}},
	{"kubernetes", func(r session.Result) (string, error) {
		type status struct {
			Token               string    `json:"token"`
			ExpirationTimestamp time.Time `json:"expirationTimestamp,omitzero"`
		}
		return document(struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Status     status `json:"status"`
		}{"client.authentication.k8s.io/v1", "ExecCredential", status{r.AccessToken.Reveal(), r.ExpiresAt.UTC()}})
	}},
}

func formatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// bearer is the value of the header Authorization.
func bearer(r session.Result) string { return "Bearer " + r.AccessToken.Reveal() }

// quoted writes a text for a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// document writes JSON in lines.
func document(v any) (string, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return string(text) + "\n", err
}

func (c *call) tokenFlags(f *flag.FlagSet) {
	f.StringVar(&c.format, "format", formats[0].name, "")
	c.lifetimeFlag(f)
}

func (c *call) lifetimeFlag(f *flag.FlagSet) { f.StringVar(&c.minLifetime, "min-lifetime", "", "") }

// token prints a token, and nothing where there is none.
func (c *call) token(ctx context.Context) int {
	if !c.noArguments() {
		return c.wrong("%q is no flag", c.rest[0])
	}
	i := slices.Index(formatNames(), c.format)
	if i < 0 {
		return c.wrong("there is no format %q; it is one of %s", c.format, strings.Join(formatNames(), ", "))
	}
	result, code := c.session(ctx)
	if code != ExitDone {
		return code
	}
	text, err := formats[i].write(result)
	if err != nil {
		c.complain("%s: the token cannot be written as %s", Name, c.format)
		return ExitFailed
	}
	return c.print(text)
}

// session returns the session that the flags ask for. Where there is none, it has
// said why.
func (c *call) session(ctx context.Context) (session.Result, int) {
	args, code, ok := c.arguments()
	if !ok {
		return session.Result{}, code
	}
	if code, ok := c.open(); !ok {
		return session.Result{}, code
	}
	result, said := c.opener.Open(ctx, args)
	return result, c.failed(said)
}

// exec runs a program with a token in its environment, in place of this one: signals
// reach it, and its exit code is the one that is seen.
func (c *call) exec(ctx context.Context) int {
	if c.noArguments() {
		return c.wrong("there is no command to run; give it after --")
	}
	// It is looked for before a session is: a login for nothing helps nobody.
	path, err := exec.LookPath(c.rest[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		c.complain("%s exec: %v", Name, err)
		if errors.Is(err, exec.ErrNotFound) {
			return exitNotFound
		}
		return exitNotExecutable
	}
	result, code := c.session(ctx)
	if code != ExitDone {
		return code
	}
	environ := slices.DeleteFunc(slices.Clone(c.Environ), func(variable string) bool {
		return strings.HasPrefix(variable, tokenVariable+"=") || strings.HasPrefix(variable, authorizationVariable+"=")
	})
	environ = append(environ, tokenVariable+"="+result.AccessToken.Reveal(), authorizationVariable+"="+bearer(result))
	code, err = c.Exec(path, c.rest, environ)
	if err != nil {
		c.complain("%s exec: %s cannot be run: %v", Name, c.rest[0], err)
		return exitNotExecutable
	}
	return code
}
