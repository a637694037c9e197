//go:build unix

package lifetime_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/telematics-tools/terraform-provider-telematics/internal/lifetime"
)

const (
	watchVariable = "TELEMATICS_TEST_WATCH"
	catchVariable = "TELEMATICS_TEST_CATCH"
)

// TestMain lets the test binary be a program that watches for its end and has
// nothing else to do.
func TestMain(m *testing.M) {
	if os.Getenv(watchVariable) != "" {
		var g lifetime.Guard
		g.Watch()
		_, _ = os.Stdout.WriteString("watching\n")
		select {}
	}
	if os.Getenv(catchVariable) != "" {
		catching()
	}
	os.Exit(m.Run())
}

// catching is a program that is at work until its standard input ends, and writes
// to a pipe that nobody reads.
func catching() {
	var g lifetime.Guard
	g.Catch(func() {})
	end := g.Begin()
	_, _ = os.Stdout.WriteString("at work\n")
	if _, err := io.ReadAll(os.Stdin); err != nil {
		os.Exit(2)
	}
	if _, err := os.Stderr.WriteString("nobody reads this"); !errors.Is(err, syscall.EPIPE) {
		os.Exit(3)
	}
	_, _ = os.Stdout.WriteString("done\n")
	end()
	select {}
}

// watching starts the program. Its standard output is read from the file, and it
// is killed if it has not ended long after it should have.
func watching(t *testing.T) (cmd *exec.Cmd, reader *os.File) {
	t.Helper()
	reader, writer := newPipe(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), watchVariable+"=1")
	cmd.Stdout = writer
	return cmd, reader
}

func newPipe(t *testing.T) (reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = reader.Close()
		_ = writer.Close()
	})
	return reader, writer
}

// ended waits for the end of the program, and fails unless it ended by itself.
func ended(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	_ = cmd.Wait()
	if !cmd.ProcessState.Exited() {
		t.Errorf("it did not end: %v", cmd.ProcessState)
	}
}

func TestWatch_EndsThoughTheCLIWasGoneAtTheStart(t *testing.T) {
	cmd, reader := watching(t)
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended(t, cmd)
}

func TestWatch_EndsWhenTheCLIGoes(t *testing.T) {
	cmd, reader := watching(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(reader).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	ended(t, cmd)
}

func TestInterrupted_IsToldOfAnInterrupt(t *testing.T) {
	interrupted := lifetime.Interrupted()
	select {
	case <-interrupted:
		t.Fatal("it is told before there is one")
	default:
	}
	for range 2 { // the second changes nothing
		if err := unix.Kill(os.Getpid(), unix.SIGINT); err != nil {
			t.Fatal(err)
		}
		<-interrupted
	}
}

func TestUnread_PipeOfALivingCLIIsRead(t *testing.T) {
	reader, writer := newPipe(t)
	if lifetime.Unread(writer) {
		t.Error("the pipe is empty, and counts as unread")
	}
	fill(t, writer)
	if lifetime.Unread(writer) {
		t.Error("the pipe is full, and counts as unread")
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if !lifetime.Unread(writer) {
		t.Error("the pipe has no reader, and counts as read")
	}
}

// fill writes into a pipe until nothing fits.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	conn, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Control(func(fd uintptr) {
		for err == nil {
			_, err = unix.Write(int(fd), make([]byte, 4096))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUnread_WhatIsNoPipeSaysNothing(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{file, null} {
		if lifetime.Unread(f) {
			t.Errorf("%s counts as unread", f.Name())
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if lifetime.Unread(f) {
			t.Errorf("%s is closed, and counts as unread", f.Name())
		}
	}
}

func TestCatch_EndsAfterTheWorkWithTheSignalsCode(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		code   int
	}{
		{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 129},
	} {
		t.Run(test.signal.String(), func(t *testing.T) {
			// The program would ignore what this process ignores, as under nohup.
			caught := make(chan os.Signal, 1)
			signal.Notify(caught, test.signal)
			defer signal.Stop(caught)
			out, outOfProgram := newPipe(t)
			unread, brokenPipe := newPipe(t)
			toProgram, in := newPipe(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), catchVariable+"=1")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = toProgram, outOfProgram, brokenPipe
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			if line, err := lines.ReadString('\n'); line != "at work\n" {
				t.Fatalf("it printed %q, %v", line, err)
			}
			if err := errors.Join(unread.Close(), cmd.Process.Signal(test.signal), in.Close()); err != nil {
				t.Fatal(err)
			}
			if line, err := lines.ReadString('\n'); line != "done\n" {
				t.Errorf("it printed %q, %v: it ended in the middle of its work", line, err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("it ended with %d, want %d: %v", code, test.code, cmd.ProcessState)
			}
		})
	}
}
