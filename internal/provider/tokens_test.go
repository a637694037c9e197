package provider_test

import (
	"context"
	"strings"
	"sync"
	"testing"
)

// openAll opens the ephemeral resource that often at the same time.
func (c *core) openAll(count int, args config) []token {
	c.t.Helper()
	tokens := make([]token, count)
	var all sync.WaitGroup
	for i := range tokens {
		all.Go(func() { tokens[i] = c.open(args) })
	}
	all.Wait()
	return tokens
}

func TestOpen_ObjectsOfOneIdentityLogInOnce(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"file", "none"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			c := configured(t, p, p.environment(t).admin(), config{"session": config{"store": store}})
			sources := map[string]int{}
			tokens := c.openAll(10, nil)
			for _, opened := range tokens {
				wantSaid(t, opened.diagnostics)
				p.wantToken(t, opened.results, opened.results["source"], "")
				sources[opened.results["source"]]++
				if opened.results["access_token"] != tokens[0].results["access_token"] {
					t.Error("they got different tokens")
				}
			}
			if sources["logged_in"] != 1 || sources["reused"] != 9 {
				t.Errorf("sources = %v, want one login and nine reuses", sources)
			}
			p.wantIssued(t, 1, 0)
		})
	}
}

func TestOpen_ObjectsOfOneIdentityAreRefusedOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), config{"password": "a-password-that-is-wrong"})
	for _, opened := range c.openAll(10, nil) {
		wantSaid(t, opened.diagnostics, failure("", "Login failed", "The email or the password is wrong."))
	}
	p.wantLoggedIn(t, 1)
}

// holdLogin makes the first login of an admin wait. It returns a channel that
// is closed when the login has come to the platform, and a function that lets
// it go on.
func (p *platform) holdLogin(t *testing.T) (arrived <-chan struct{}, release func()) {
	t.Helper()
	came, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	release = sync.OnceFunc(func() { close(let) })
	t.Cleanup(release)
	p.holdBack(func(r request) {
		if strings.Contains(r.body, adminEmail) {
			once.Do(func() {
				close(came)
				<-let
			})
		}
	})
	return came, release
}

func TestOpen_OtherIdentitiesDoNotWait(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	arrived, release := p.holdLogin(t)
	c := configured(t, p, p.environment(t).admin().user(), nil)
	var admin token
	var held sync.WaitGroup
	held.Go(func() { admin = c.open(nil) })
	<-arrived
	// The admin's login is under way, and stays so until the users have
	// their tokens.
	p.wantToken(t, c.mustOpen(config{"device_token": deviceToken}), "logged_in", deviceToken)
	p.wantToken(t, c.mustOpen(config{"device_token": otherDevice, "instance_id": otherID, "instance_key": otherKey}), "logged_in", otherDevice)
	release()
	held.Wait()
	wantSaid(t, admin.diagnostics)
	p.wantToken(t, admin.results, "logged_in", "")
}

func TestInterruptedObject_SeesItsLoginThrough(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	arrived, release := p.holdLogin(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	ctx, interrupt := context.WithCancel(t.Context())
	var first token
	var others []token
	var interrupted, waiting sync.WaitGroup
	interrupted.Go(func() { first = c.openIn(ctx, nil) })
	<-arrived
	waiting.Go(func() { others = c.openAll(3, nil) })
	interrupt()
	release()
	// The platform has acted on its login: the answer is stored, for the next run
	// and for the others.
	interrupted.Wait()
	waiting.Wait()
	p.wantToken(t, first.results, "logged_in", "")
	for _, opened := range others {
		wantSaid(t, opened.diagnostics)
		p.wantToken(t, opened.results, "reused", "")
	}
	p.wantIssued(t, 1, 0)
}
