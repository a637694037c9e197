package e2e_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// A gate stands before the platform and holds answers back, so that a script
// does something at a moment that it knows: the platform has acted, and nobody
// has its answer yet.
type gate struct {
	platform http.Handler

	mu     sync.Mutex
	opened chan struct{} // closed by release
	closed map[emulator.Endpoint]bool
	held   map[emulator.Endpoint]int
	lost   int
}

func newGate(platform http.Handler) *gate {
	return &gate{
		platform: platform,
		opened:   make(chan struct{}),
		closed:   make(map[emulator.Endpoint]bool),
		held:     make(map[emulator.Endpoint]int),
	}
}

// ServeHTTP implements [http.Handler].
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint := endpointOf(r)
	g.mu.Lock()
	closed, opened := g.closed[endpoint], g.opened
	g.mu.Unlock()
	if !closed {
		g.platform.ServeHTTP(w, r)
		g.note(endpoint, r)
		return
	}
	answer := httptest.NewRecorder()
	g.platform.ServeHTTP(answer, r)
	g.mu.Lock()
	g.held[endpoint]++
	g.mu.Unlock()
	<-opened
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// note counts an answer with tokens whose receiver has gone.
func (g *gate) note(endpoint emulator.Endpoint, r *http.Request) {
	if r.Context().Err() == nil || endpoint != emulator.Login && endpoint != emulator.Refresh {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lost++
}

// abandoned is how many answers with tokens nobody was there to get.
func (g *gate) abandoned() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lost
}

func endpointOf(r *http.Request) emulator.Endpoint {
	switch r.URL.Path {
	case "/v1/Auth/Login":
		return emulator.Login
	case "/v1/Auth/RefreshToken":
		return emulator.Refresh
	case "/v1/Management/users":
		return emulator.Users
	case "/auth/permissions":
		return emulator.Permissions
	case "/v1/Registration/create":
		return emulator.UserRegister
	}
	for _, of := range []struct {
		method, prefix, suffix string
		endpoint               emulator.Endpoint
	}{
		{http.MethodPost, "/v1/companies/", "/applications", emulator.ApplicationCreate},
		{http.MethodPost, "/v1/applications/", "/instances", emulator.InstanceCreate},
		{http.MethodPatch, "/v1/Instances/", "", emulator.InstanceUpdate},
		{http.MethodDelete, "/v1/Instances/", "", emulator.InstanceDelete},
	} {
		if r.Method == of.method && strings.HasPrefix(r.URL.Path, of.prefix) && strings.HasSuffix(r.URL.Path, of.suffix) {
			return of.endpoint
		}
	}
	return ""
}

// hold lets the platform act on requests to an endpoint, and keeps its answers.
func (g *gate) hold(endpoint emulator.Endpoint) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed[endpoint] = true
}

// holding is how many answers are held back.
func (g *gate) holding(endpoint emulator.Endpoint) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held[endpoint]
}

// pass holds no further answers back, and keeps those that it has.
func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.closed)
}

// release sends all answers, and holds none back from now on.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.opened)
	g.opened = make(chan struct{})
	clear(g.closed)
	clear(g.held)
}

func gateOf(ts *testscript.TestScript) *gate {
	g, ok := ts.Value(gateKey{}).(*gate)
	if !ok {
		ts.Fatalf("the script has no gate")
	}
	return g
}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "hold ENDPOINT|none")
	if args[0] == "none" {
		gateOf(ts).pass()
		return
	}
	endpoint, err := emulator.ParseEndpoint(args[0])
	ts.Check(err)
	gateOf(ts).hold(endpoint)
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "await ENDPOINT N")
	endpoint, err := emulator.ParseEndpoint(args[0])
	ts.Check(err)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	eventually(ts, "the platform got "+args[1]+" "+args[0], func() bool { return gateOf(ts).holding(endpoint) >= n })
}

func release(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 0, "release")
	gateOf(ts).release()
}

// appears waits for a file.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "appears FILE")
	eventually(ts, args[0]+" is there", func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil
	})
}

// says waits until a text is in a file, or in that many files of a pattern.
func says(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2 || len(args) == 3, "says FILE|PATTERN TEXT [N]")
	want := 1
	if len(args) == 3 {
		var err error
		want, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	eventually(ts, args[0]+" says "+args[1], func() bool {
		files, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		found := 0
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), args[1]) {
				found++
			}
		}
		return found >= want
	})
}

// eventually fails the script unless something comes to be so. The bound is for
// what never does, also where a hundred processes share two cores.
func eventually(ts *testscript.TestScript, what string, isSo func() bool) {
	for end := time.Now().Add(5 * time.Minute); !isSo(); {
		if time.Now().After(end) {
			ts.Fatalf("waited for five minutes, and not: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
