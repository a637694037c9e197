package e2e_test

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// kills runs a command again and again with a session that is stale, and kills
// the CLI, its provider or the group of both with SIGKILL at a random moment, one
// to three times before a run that is let live. That one must succeed, and leave
// a token that works in the file header. The platform must never have been asked
// too often.
//
// A kill may cost one login, for a pair that the platform has issued and that
// nobody stored. One before the request was sent costs none, and a kill of the CLI
// alone costs none at all, for the provider finishes its work.
//
// In a normal build N is cut to a few; make soak does them all.
func kills(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 3, "kills N cli|provider|group COMMAND …")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	n = min(n, mostKills)
	target, command := args[1], args[2:]
	seed := uint64(time.Now().UnixNano())
	ts.Logf("the moments are made of seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // It is to be repeatable.

	p, g := platformOf(ts), gateOf(ts)
	// The answers take a while, so that kills fall into the time of a request.
	const latency = 400 * time.Millisecond
	p.InjectAlways(emulator.Login, emulator.Delay(latency))
	p.InjectAlways(emulator.Refresh, emulator.Delay(latency))
	p.ResetCounts()
	before := g.abandoned()
	clock(ts, false, []string{"3h"})
	started := time.Now()
	ts.Check(ts.Exec(command[0], command[1:]...))
	whole := time.Since(started)
	first := p.Counts().Login
	lived := 1

	for killed := 0; killed < n; {
		for range min(1+random.IntN(3), n-killed) {
			clock(ts, false, []string{"3h"})
			// The first quarter is the CLI's own.
			moment := whole/4 + time.Duration(random.Int64N(int64(whole)*3/4))
			ts.Check(ts.Exec("killer", append([]string{moment.String(), target}, command...)...))
			killed++
		}
		if err := ts.Exec(command[0], command[1:]...); err != nil {
			ts.Fatalf("after %d kills the next run failed: %v", killed, err)
		}
		accepted(ts, false, []string{"header"})
		lived++
	}
	counts, lost := p.Counts(), g.abandoned()-before
	// All pairs but those that the runs which lived ended with.
	others := counts.LoggedIn + counts.Refreshed - lived
	ts.Logf("%d kills of the %s, %d answers lost, %d pairs issued to killed runs, requests %+v", n, target, lost, others, counts)
	switch {
	case counts.RateLimited > 0:
		ts.Fatalf("%d logins were too many for the platform", counts.RateLimited)
	case counts.Refresh == 0:
		ts.Fatalf("nothing was refreshed: %+v", counts)
	case target == "cli" && (lost > 0 || counts.SpentRefresh > 0):
		ts.Fatalf("%d answers were lost, %d refresh tokens spent twice", lost, counts.SpentRefresh)
	case target == "cli" && counts.Login > first, counts.Login-first > min(others, counts.SpentRefresh):
		ts.Fatalf("%d kills cost %d logins", n, counts.Login-first)
	}
}
