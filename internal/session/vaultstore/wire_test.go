//go:build vault

package vaultstore_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A fate is what becomes of a request on its way to Vault.
type fate int

const (
	arrives fate = iota
	// lost requests do not reach Vault.
	lost
	// unanswered requests do, and the answer is lost.
	unanswered
)

// A wire is the network between a store and Vault.
type wire struct {
	address string
	server  *httptest.Server

	mu sync.Mutex
	// decide is asked for the fate of each request.
	decide func(*http.Request) fate
	seen   []string
	// ahead is how much later the answers say that it is.
	ahead time.Duration
}

// newWire returns a wire to the server that nothing happens on.
func newWire(t testing.TB, s *server) *wire {
	t.Helper()
	target, err := url.Parse(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{decide: func(*http.Request) fate { return arrives }}
	forward := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorLog: log.New(io.Discard, "", 0),
		ModifyResponse: func(resp *http.Response) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.ahead != 0 {
				resp.Header.Set("Date", time.Now().Add(w.ahead).UTC().Format(http.TimeFormat))
			}
			return nil
		},
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r.Method)
		what := w.decide(r)
		w.mu.Unlock()
		switch what {
		case lost:
			panic(http.ErrAbortHandler)
		case unanswered:
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			forward.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(w.server.Close)
	w.address = w.server.URL
	return w
}

// each decides the fates from here on.
func (w *wire) each(decide func(*http.Request) fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide = decide
}

// cut loses everything from here on.
func (w *wire) cut() { w.each(func(*http.Request) fate { return lost }) }

// mend loses nothing from here on.
func (w *wire) mend() { w.each(func(*http.Request) fate { return arrives }) }

// next lets the next n requests with the method have the fate.
func (w *wire) next(method string, n int, what fate) {
	w.each(func(r *http.Request) fate {
		if r.Method != method || n == 0 {
			return arrives
		}
		n--
		return what
	})
}

// requests are the methods of what was sent since it was last asked.
func (w *wire) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	return seen
}

// setAhead makes the server's clock seem to be ahead of that of its versions.
func (w *wire) setAhead(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = d
}
