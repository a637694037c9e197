package clitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCLI_SkipsWhereNoneIsNamed(t *testing.T) {
	t.Setenv(CLIVariable, "")
	skipped := false
	// t.Run returns whether the subtest did not fail; a skip is no failure.
	t.Run("test of a CLI", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		CLI(t)
	})
	if !skipped {
		t.Error("the test was not skipped")
	}
}

func TestNamed_ReturnsAnAbsolutePathOrFails(t *testing.T) {
	folder := t.TempDir()
	program, text := filepath.Join(folder, "cli.exe"), filepath.Join(folder, "cli.txt")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	for _, tc := range []struct {
		name, value string
		path        string
		fails       bool
	}{
		{name: "not set"},
		{name: "absolute path", value: program, path: program},
		{name: "relative path becomes absolute", value: "./cli.exe", path: program},
		{name: "missing program fails", value: filepath.Join(folder, "missing"), fails: true},
		{name: "file that is no program fails", value: text, fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv(CLIVariable, tc.value)
			path, err := named(CLIVariable)
			if path != tc.path || (err != nil) != tc.fails {
				t.Errorf("got %q, error %v", path, err)
			}
			if tc.fails && !strings.Contains(err.Error(), CLIVariable) {
				t.Errorf("the error does not name the variable: %v", err)
			}
		})
	}
}
