//go:build !unix

package lifetime

import (
	"os"
	"testing"
)

// A provider that took this for the end of the CLI would end in mid-run.
func TestUnread_SaysNothingOfAPipeWithoutReader(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	ignorePipe()
	if unread(writer) {
		t.Error("unread = true, though the system cannot tell")
	}
	if _, err := writer.WriteString("to nobody"); err == nil {
		t.Error("a write to a pipe without reader is no error")
	}
}
