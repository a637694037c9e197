package credential_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/credential"
)

// file writes a text into a file.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFile(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		name, path string
		want       string
		problem    string
	}{
		{name: "without a line break", path: file(t, "secret text"), want: "secret text"},
		{name: "with one", path: file(t, "secret\n"), want: "secret"},
		{name: "with one of Windows", path: file(t, "secret\r\n"), want: "secret"},
		{name: "with space, which a password may have", path: file(t, " secret \n"), want: " secret "},
		{name: "with two", path: file(t, "secret\n\n"), problem: "It has more than one line."},
		{name: "with two lines", path: file(t, "secret\nother"), problem: "It has more than one line."},
		{name: "empty", path: file(t, ""), problem: "It is empty."},
		{name: "a line break", path: file(t, "\n"), problem: "It is empty."},
		{name: "long", path: file(t, strings.Repeat("secret", 10_000)), problem: "It is longer than 16384 bytes"},
		{name: "missing", path: missing, problem: missing},
		{name: "a folder", path: filepath.Dir(missing), problem: " is not a file."},
	} {
		t.Run(test.name, func(t *testing.T) {
			want(t, credential.File(test.path), test.want, test.problem)
		})
	}
}

// want reads a source twice.
func want(t *testing.T, source *credential.Source, value, problem string) {
	t.Helper()
	for range 2 {
		got, _, err := source.Read(t.Context())
		switch {
		case problem == "" && (err != nil || got.Reveal() != value):
			t.Errorf("%q, %v", got.Reveal(), err)
		case problem != "" && (err == nil || !strings.Contains(err.Error(), problem)):
			t.Errorf("%q, %v, want %s", got.Reveal(), err, problem)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("the error quotes it: %v", err)
		}
	}
}

func TestFile_IsReadOnce(t *testing.T) {
	path := file(t, "first")
	source := credential.File(path)
	want(t, source, "first", "")
	if err := os.WriteFile(path, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, source, "first", "")
	want(t, credential.File(path), "second", "")
}

func TestNoSource(t *testing.T) {
	var none *credential.Source
	if value, warning, err := none.Read(t.Context()); !value.IsEmpty() || warning != "" || err != nil {
		t.Errorf("%v, %q, %v", value, warning, err)
	}
}

// A reading that was cancelled tells nothing about the next.
func TestRead_Cancelled(t *testing.T) {
	source := credential.Command([]string{os.Args[0], "-test.run=^$"})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := source.Read(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if value, _, err := source.Read(t.Context()); err == nil && value.IsEmpty() {
		t.Error("there is neither a value nor an error")
	} else if errors.Is(err, context.Canceled) {
		t.Error("the first reading is told again")
	}
}
