// Package lifetime lets a process end between two pieces of work and not in the
// middle of one: what the platform has answered is stored before (ARCHITECTURE.md,
// rule 7).
package lifetime

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// A Guard knows whether the process is at work. The zero value is ready for
// use.
type Guard struct {
	mu     sync.Mutex
	busy   int
	ending chan struct{} // closed when exit has returned; nil while it is not to end
	exit   func()
}

// Begin is called before a piece of work, and what it returns afterwards. Once
// the process is to end, it does not return before it has: no new work is begun.
func (g *Guard) Begin() (end func()) {
	g.mu.Lock()
	if g.ending != nil {
		g.mu.Unlock()
		<-g.ending
		return func() {}
	}
	g.busy++
	g.mu.Unlock()
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.busy--
		if g.ending != nil && g.busy == 0 {
			g.end()
		}
	})
}

// End calls exit as soon as no work is under way. It returns at once.
func (g *Guard) End(exit func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ending != nil {
		return
	}
	g.ending, g.exit = make(chan struct{}), exit
	if g.busy == 0 {
		g.end()
	}
}

func (g *Guard) end() {
	g.exit()
	close(g.ending)
}

// readerCheck is how often Watch looks whether the CLI is still there.
const readerCheck = time.Second

// Watch ends the process, after its work, when it gets SIGTERM or the CLI has
// gone, which holds the other end of standard output. The pipe tells so even if the
// CLI was killed before the process began; the parent's number would not, and may be
// 1 in a container. Windows has no such way: there a provider may outlive a CLI that
// is killed.
//
// A broken pipe does not end the process in the middle of its work. SIGINT does not
// end it: a CLI that gets it, too, stops its providers itself. See [Interrupted].
func (g *Guard) Watch() {
	ignorePipe()
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	exit := func() { os.Exit(1) }
	go func() {
		<-terminate
		g.End(exit)
	}()
	// The plugin's server puts another file in its place.
	out := os.Stdout
	go func() {
		for !unread(out) {
			time.Sleep(readerCheck)
		}
		g.End(exit)
	}()
}

// Interrupted returns a channel that is closed at the first SIGINT. A terminal
// sends it to the CLI and to its providers.
func Interrupted() <-chan struct{} {
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	interrupted := make(chan struct{})
	go func() {
		<-interrupt
		close(interrupted)
	}()
	return interrupted
}

// Catch ends the process, after its work, when it gets SIGINT, SIGTERM or SIGHUP:
// for a command that a person runs. The exit code is then 128 and the signal's
// number, as shells have it. A signal that was ignored when the process began stays
// ignored, as nohup wants it. With work under way, later is called: a person should
// know what is waited for.
//
// Other than [Guard.Watch], it does not ask whether standard output is read: the
// reader of a command may go first, as head does. A write to a broken pipe fails, and
// does not end the process in the middle of its work. SIGPIPE is not ignored for
// that, since a program that takes the place of the process would inherit it.
func (g *Guard) Catch(later func()) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	caught := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	go func() {
		code := 1
		if number, ok := (<-caught).(syscall.Signal); ok {
			code = 128 + int(number)
		}
		g.End(func() { os.Exit(code) })
		later()
	}()
}
