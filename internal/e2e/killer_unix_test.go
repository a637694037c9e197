//go:build unix

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killer runs a command and kills it after a while: the command alone, the
// providers that it has started, or all of it.
func killer() {
	after, err := time.ParseDuration(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	target := os.Args[2]
	cmd := exec.CommandContext(context.Background(), os.Args[3], os.Args[4:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		os.Exit(2)
	}
	leader := cmd.Process.Pid
	time.AfterFunc(after, func() {
		pids, err := pidsOf(leader, target)
		if err != nil {
			os.Exit(2)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	_ = cmd.Wait()
	if target == "group" {
		// What the command started may live longer than itself.
		_ = syscall.Kill(-leader, syscall.SIGKILL)
	}
	// What has to be finished is, before the next run.
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		switch left, err := pidsOf(leader, "left"); {
		case err != nil || time.Now().After(end):
			fmt.Println("processes are left:", left, err)
			os.Exit(2)
		case len(left) == 0:
			return
		}
	}
}

// led runs a command in a process group of its own, whose number it writes into
// a file first.
func led() {
	cmd := exec.CommandContext(context.Background(), os.Args[2], os.Args[3:]...)
	out, err := os.Create(os.Args[1] + ".out")
	if err != nil {
		fmt.Fprintln(os.Stderr, "led:", err)
		os.Exit(2)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err = cmd.Start(); err == nil {
		err = os.WriteFile(os.Args[1], []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
	}
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "led:", err)
		os.Exit(1)
	}
}

// pidsOf returns the processes of a group: its leader, which is the "cli", those
// of its children that are a "provider", the "group" as [syscall.Kill] names it,
// or all that are "left".
func pidsOf(leader int, target string) ([]int, error) {
	switch target {
	case "cli":
		return []int{leader}, nil
	case "group":
		return []int{-leader}, nil
	}
	// There is no other way that all systems have.
	out, err := exec.CommandContext(context.Background(), "ps", "-A", "-o", "pid=,pgid=,stat=,comm=").Output()
	if err != nil {
		return nil, err
	}
	var found []int
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[1] != strconv.Itoa(leader) || strings.HasPrefix(fields[2], "Z") {
			continue
		}
		// Linux cuts names to fifteen characters.
		if target == "provider" && !strings.HasPrefix(filepath.Base(fields[3]), "terraform-provi") {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			return nil, err
		}
		found = append(found, pid)
	}
	return found, nil
}

func leaderIn(ts *testscript.TestScript, file string) int {
	var text []byte
	eventually(ts, "the command runs", func() bool {
		text, _ = os.ReadFile(ts.MkAbs(file))
		return len(text) > 0
	})
	leader, err := strconv.Atoi(string(text))
	ts.Check(err)
	return leader
}

func signalTo(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 3, "signal INT|TERM|KILL cli|provider|group FILE")
	var number syscall.Signal
	switch args[0] {
	case "INT":
		number = syscall.SIGINT
	case "TERM":
		number = syscall.SIGTERM
	case "KILL":
		number = syscall.SIGKILL
	default:
		ts.Fatalf("no signal %q", args[0])
	}
	pids, err := pidsOf(leaderIn(ts, args[2]), args[1])
	ts.Check(err)
	if len(pids) == 0 {
		ts.Fatalf("no %s runs", args[1])
	}
	for _, pid := range pids {
		ts.Check(syscall.Kill(pid, number))
	}
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 1, "gone FILE")
	leader := leaderIn(ts, args[0])
	eventually(ts, "no process is left of "+args[0], func() bool {
		left, err := pidsOf(leader, "left")
		ts.Check(err)
		return len(left) == 0
	})
	ts.Check(os.Remove(ts.MkAbs(args[0])))
}
