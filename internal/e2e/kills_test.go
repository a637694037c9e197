package e2e_test

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// kills runs a command again and again with a session that is stale or not
// there, and kills it and all that it started with SIGKILL at a random moment,
// one to three times before a run that is let live. That one must succeed, and
// leave a token that works in the file header. A kill can cost one login and no
// more, and the platform must never have been asked too often.
//
// In a normal build N is cut to a dozen; make soak does them all.
func kills(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 2, "kills N COMMAND …")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	n = min(n, mostKills)
	seed := uint64(time.Now().UnixNano())
	ts.Logf("the moments are made of seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // It is to be repeatable.

	p := platformOf(ts)
	// The answers take a while, so that kills fall into the time of a request.
	const latency = 400 * time.Millisecond
	slow := func() {
		p.Inject(emulator.Login, emulator.Delay(latency))
		p.Inject(emulator.Refresh, emulator.Delay(latency))
	}
	slow()
	started := time.Now()
	ts.Check(ts.Exec(args[1], args[2:]...))
	whole := time.Since(started)

	for killed := 0; killed < n; {
		clock(ts, false, []string{"3h"})
		for range min(1+random.IntN(3), n-killed) {
			slow()
			// The first quarter is the CLI's own.
			moment := whole/4 + time.Duration(random.Int64N(int64(whole)*3/4))
			ts.Check(ts.Exec("killer", append([]string{moment.String()}, args[1:]...)...))
			killed++
		}
		if err := ts.Exec(args[1], args[2:]...); err != nil {
			ts.Fatalf("after %d kills the next run failed: %v", killed, err)
		}
		accepted(ts, false, []string{"header"})
	}
	counts := p.Counts()
	ts.Logf("%d kills, requests %+v", n, counts)
	if counts.Login > n+1 || counts.RateLimited > 0 {
		ts.Fatalf("%d kills cost %d logins, of which %d were too many for the platform", n, counts.Login, counts.RateLimited)
	}
	if counts.Refresh == 0 || counts.Login < 1 {
		ts.Fatalf("nothing was refreshed: %+v", counts)
	}
}
