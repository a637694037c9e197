package provider_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// logged is a log at the level TRACE, of the provider and of the framework.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
	// call is called when the word is logged.
	word string
	call func()
}

// Write implements [io.Writer].
func (l *logged) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.call != nil && bytes.Contains(text, []byte(l.word)) {
		l.call()
	}
	return l.text.Write(text)
}

// String is what was logged.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// context returns one whose log goes to l.
func (l *logged) context(t *testing.T) context.Context {
	t.Helper()
	return tflogtest.RootLogger(tfsdklogtest.RootLogger(t.Context(), l), l)
}

// withLogCalling returns a context that calls a function when words are
// logged.
func withLogCalling(t *testing.T, word string, call func()) context.Context {
	t.Helper()
	log := &logged{word: word, call: call}
	return log.context(t)
}

func TestLog_HoldsNoSecret(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	env := p.environment(t).admin().user().onDisk()
	log := &logged{}
	ctx := log.context(t)
	c := configured(t, p, env, nil)
	user := config{"device_token": deviceToken}
	for _, args := range []config{nil, user} {
		c.openIn(ctx, args)
	}
	c = configured(t, p, env, nil)
	c.openIn(ctx, nil) // reused
	p.clock.Advance(3 * time.Hour)
	refreshed := c.openIn(ctx, nil)
	p.clock.Advance(3 * time.Hour)
	// A resumed session that is refused, and logins that are.
	p.Inject(emulator.Refresh, emulator.Status(401))
	p.Inject(emulator.Login, emulator.Status(401), emulator.TruncatedJSON())
	resume := resuming(refreshed.results)
	failed := configured(t, p, p.environment(t).admin(), nil).openIn(ctx, resume)
	wantSaid(t, failed.diagnostics, failure("", "Login failed"))
	failed = configured(t, p, p.environment(t).user(), nil).openIn(ctx, user)
	wantSaid(t, failed.diagnostics, failure("", "Login failed", "cut off or damaged"))

	text := log.String()
	p.wantNoSecret(t, "the log", text)
	for _, words := range []string{
		"telematics", `"@level":"trace"`, "request to the platform", "/v1/Auth/Login", "/v1/Auth/RefreshToken",
		"logging in; tokens issued before may be revoked by it", "refreshing the session", "the session is good as it is", "provider.http", "provider.session",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is not in the log", words)
		}
	}
}
