package command

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/telematics-tools/terraform-provider-telematics/internal/settings"
)

// Help prints what the program can do. It fits a screen of 24 lines.
func Help(to io.Writer) {
	text := "usage: " + Name + " VERB [FLAGS]\n\n"
	for _, v := range verbs() {
		text += fmt.Sprintf("  %-25s %s\n", strings.TrimSpace(v.name+" "+v.args), v.about)
	}
	text += fmt.Sprintf(`
  --format raw              or %s
  --min-lifetime 15m        token, exec: how long the token lives at the least
  --device-token TOKEN      a user's session, not the admin's; or, unseen by ps,
                            in %s
  --instance-id ID          instead of %s
  --verbose                 log each decision to standard error

Credentials and settings come from TELEMATICS_EMAIL, TELEMATICS_PASSWORD and the
provider's other variables; no secret is an argument. exec sets
%s and, with Bearer, %s.

Exit codes: 0 done, 1 failed, 2 wrong call or setting, 3 credentials missing,
4 refused by the platform, 5 held back and not sent, 6 session store failed.
`, strings.Join(formatNames()[1:], ", "), deviceTokenVariable, settings.Variable("instance_id"), tokenVariable, authorizationVariable)
	_, _ = io.WriteString(to, text)
}

// The completion scripts.
var (
	//go:embed completion.bash
	bashCompletion string
	//go:embed completion.zsh
	zshCompletion string
	//go:embed completion.fish
	fishCompletion string
)

// completion prints the script that lets a shell complete verbs and flags.
func (c *call) completion(context.Context) int {
	scripts := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	if len(c.rest) == 1 {
		if script, known := scripts[c.rest[0]]; known {
			return c.print(script)
		}
	}
	return c.wrong("it takes one of %s", strings.Join(slices.Sorted(maps.Keys(scripts)), ", "))
}
