//go:build unix

package credential_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/credential"
)

func shell(script string) []string { return []string{"/bin/sh", "-c", script} }

func TestCommand(t *testing.T) {
	for _, test := range []struct {
		name    string
		argv    []string
		want    string
		problem string
	}{
		{name: "a line", argv: shell("echo secret"), want: "secret"},
		{name: "without its line break", argv: shell("printf secret"), want: "secret"},
		{name: "beside words", argv: shell("echo words >&2; echo secret"), want: "secret"},
		{name: "no shell", argv: []string{"echo", "$HOME", "*;"}, want: "$HOME *;"},
		{name: "no standard input", argv: shell("cat; echo secret"), want: "secret"},
		{name: "with an agent that goes on", argv: shell("sleep 5 & echo secret"), want: "secret"},
		{name: "two lines", argv: shell("echo secret; echo other"), problem: "It has more than one line."},
		{name: "nothing", argv: shell("echo sorry >&2"), problem: "printed nothing to its standard output. It wrote to its standard error:\n\nsorry"},
		{name: "failure", argv: shell("echo secret; printf 'not \\033[31msigned\\033[0m in\\nsign in\\n' >&2; exit 3"), problem: `"/bin/sh" ended with exit status 3. It wrote to its standard error:` + "\n\nnot signed in\nsign in"},
		{name: "failure of a script that traces itself", argv: shell("set -x; echo secret; exit 1"), problem: "+ echo [redacted]"},
		{name: "failure without words", argv: shell("exit 4"), problem: `"/bin/sh" ended with exit status 4.`},
		{name: "signal", argv: shell("kill -TERM $$"), problem: `ended with signal: terminated.`},
		{name: "no program", argv: []string{"no-such-program-anywhere"}, problem: `There is no program "no-such-program-anywhere" in PATH.`},
		{name: "no program at a path", argv: []string{"/no/such/program"}, problem: `"/no/such/program" cannot be run: fork/exec /no/such/program: no such file or directory.`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want(t, credential.Command(test.argv), test.want, test.problem)
		})
	}
}

func TestCommand_TakesTooLong(t *testing.T) {
	_, _, err := credential.CommandWithin(shell("echo secret; exec sleep 600"), time.Millisecond).Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), `"/bin/sh" took longer than 1ms and was ended, with all that it had started.`) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error = %v", err)
	}
}

// A command is ended with what it has started.
func TestCommand_EndsWithItsGroup(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() {
		_, _, err := credential.Command(shell("sleep 600 & echo $! >" + note + ".new; mv " + note + ".new " + note + "; wait")).Read(ctx)
		ended <- err
	}()
	pid := pidIn(t, note)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	awaitEnd(pid)
}

// pidIn waits until a process has written its number into a file, and returns it.
func pidIn(t *testing.T, note string) int {
	t.Helper()
	for ; ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(note)
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
}

// awaitEnd waits until a process has ended. It is a zombie until its parent waits
// for it.
func awaitEnd(pid int) {
	for syscall.Kill(pid, 0) == nil && !isZombie(pid) {
		time.Sleep(time.Millisecond)
	}
}

func isZombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

// Ten tokens that are opened at the same time ask once.
func TestCommand_RunsOnce(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	source := credential.Command(shell("echo run >>" + count + "; echo secret"))
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { want(t, source, "secret", "") })
	}
	all.Wait()
	if runs, err := os.ReadFile(count); err != nil || string(runs) != "run\n" {
		t.Errorf("it ran %d times (%v)", strings.Count(string(runs), "run"), err)
	}
}

func TestFile_ThatOthersMayRead(t *testing.T) {
	for _, test := range []struct {
		name string
		mode os.FileMode
		gid  int
		warn string
	}{
		{"own", 0o600, 4711, ""},
		{"own, read-only", 0o400, 4711, ""},
		{"of the user's group", 0o640, os.Geteuid(), ""},
		{"of another group", 0o640, 4711, "its mode is 0640"},
		{"of everybody", 0o644, os.Geteuid(), "its mode is 0644"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := file(t, "secret")
			if err := os.Chown(path, -1, test.gid); err != nil {
				t.Skip(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			value, warning, err := credential.File(path).Read(t.Context())
			if err != nil || value.Reveal() != "secret" {
				t.Errorf("%q, %v", value.Reveal(), err)
			}
			if (warning != "") != (test.warn != "") || !strings.Contains(warning, test.warn) || strings.Contains(warning, "secret") {
				t.Errorf("warning = %q", warning)
			}
		})
	}
}

// A file of another user is not the run's to change.
func TestFile_OfAnotherUser(t *testing.T) {
	path := file(t, "secret")
	if err := errors.Join(os.Chmod(path, 0o644), os.Chown(path, 4711, -1)); err != nil {
		t.Skip(err)
	}
	if _, warning, err := credential.File(path).Read(t.Context()); err != nil || warning != "" {
		t.Errorf("%q, %v", warning, err)
	}
}

func TestFile_PipeHoldsNothingUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	want(t, credential.File(path), "", "is not a file")
}
