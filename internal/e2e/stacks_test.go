package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

func stacks(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) == 2, "stacks N FOLDER")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	folder := ts.MkAbs(args[1])
	for i := range n {
		ts.Check(os.CopyFS(fmt.Sprintf("%s-%d", folder, i+1), os.DirFS(folder)))
	}
}

func repeat(ts *testscript.TestScript, neg bool, args []string) {
	plain(ts, neg, len(args) >= 2, "repeat N COMMAND …")
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for i := range n {
		if err := ts.Exec(args[1], args[2:]...); err != nil {
			ts.Fatalf("run %d of %d: %v", i+1, n, err)
		}
	}
}

// each and together are programs, since a program has the environment of the
// script that runs it.

// each runs a command in each copy of a folder, one after the other.
func each() {
	for _, folder := range copiesOf(os.Args[1]) {
		if out, err := runIn(folder, os.Args[2:]); err != nil {
			fmt.Printf("%s: %v\n%s", folder, err, out)
			os.Exit(1)
		}
	}
}

// together runs a command in all copies of a folder at the same time.
func together() {
	folders := copiesOf(os.Args[1])
	outs, errs := make([][]byte, len(folders)), make([]error, len(folders))
	var all sync.WaitGroup
	for i, folder := range folders {
		all.Go(func() { outs[i], errs[i] = runIn(folder, os.Args[2:]) })
	}
	all.Wait()
	failed := 0
	for i, err := range errs {
		if err != nil {
			failed++
			fmt.Printf("%s: %v\n%s", folders[i], err, outs[i])
		}
	}
	if failed > 0 {
		fmt.Printf("%d of %d failed\n", failed, len(folders))
		os.Exit(1)
	}
}

// copiesOf returns the folders that stacks has made of one.
func copiesOf(folder string) []string {
	copies, err := filepath.Glob(folder + "-*")
	if err != nil || len(copies) == 0 {
		fmt.Printf("%s has no copies, %v\n", folder, err)
		os.Exit(2)
	}
	return copies
}

func runIn(folder string, command []string) ([]byte, error) {
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Dir = folder
	return cmd.CombinedOutput()
}
