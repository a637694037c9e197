// Package credential reads a password or a key from where it lives: a file, or
// a command that prints it.
//
// A [Source] is read when the credential is needed, and once in a process: a
// command may ask its user something. What it reads is a secret from then on, and
// no error quotes it.
package credential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"
	"unicode"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// Timeout is how long a command may take.
const Timeout = 30 * time.Second

const (
	// maxLength is the length in bytes of the longest credential.
	maxLength = 16 << 10
	// maxWords is how many bytes of a command's stderr are shown: the last ones.
	maxWords = 2 << 10
)

// A Source is where a credential lives. It is safe for concurrent use. A nil
// Source has none.
type Source struct {
	read func(context.Context) (text []byte, warning string, err error)
	turn chan struct{} // holds a value while nobody reads

	// What was read, once it was.
	done    bool
	value   secret.String
	warning string
	err     error
}

// An Error says why there is no credential. Its text is sentences for a person.
type Error struct{ problem string }

// Error implements error.
func (e *Error) Error() string { return e.problem }

func sayf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// unreadable is a file that the system does not let read. What Windows says ends
// with a period.
func unreadable(err error) error {
	return sayf("The file cannot be read: %s.", strings.TrimSuffix(err.Error(), "."))
}

func newSource(read func(context.Context) ([]byte, string, error)) *Source {
	s := &Source{read: read, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// File is a credential in a file, without the line break at its end. The path
// must be absolute: what another one starts from, nobody knows who sets it.
func File(path string) *Source {
	return newSource(func(context.Context) ([]byte, string, error) { return readFile(path) })
}

// Command is a credential that a program prints to its standard output, without
// the line break at the end. argv is the program, which is looked for in PATH,
// and its arguments: no shell reads them. The program has no standard input. It
// is ended after [Timeout], with all that it has started.
func Command(argv []string) *Source { return command(argv, Timeout) }

func command(argv []string, timeout time.Duration) *Source {
	return newSource(func(ctx context.Context) ([]byte, string, error) {
		text, err := run(ctx, argv, timeout)
		return text, "", err
	})
}

// Read returns the credential, and a warning where there is something to be
// said of the file, as a sentence. The first call reads, and the others get the
// same, unless the first was cancelled. Its error is an [*Error], or that of ctx.
func (s *Source) Read(ctx context.Context) (value secret.String, warning string, err error) {
	if s == nil {
		return secret.String{}, "", nil
	}
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return secret.String{}, "", context.Cause(ctx)
	}
	if s.done {
		return s.value, s.warning, s.err
	}
	text, warning, err := s.read(ctx)
	if err == nil {
		s.value, err = credentialIn(text)
	}
	var final *Error
	s.warning, s.err, s.done = warning, err, err == nil || errors.As(err, &final)
	return s.value, s.warning, s.err
}

// credentialIn returns the credential in a text, which may end in a line break.
func credentialIn(text []byte) (secret.String, error) {
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return secret.String{}, sayf("It is empty.")
	case len(text) > maxLength:
		return secret.String{}, sayf("It is longer than %d bytes, which no credential is.", maxLength)
	case bytes.ContainsAny(text, "\r\n"):
		return secret.String{}, sayf("It has more than one line. The credential must be all there is; one line break at its end is dropped.")
	}
	return secret.New(string(text)), nil
}

func readFile(path string) (text []byte, warning string, err error) {
	// A pipe would hold the run up, and a folder's error tells less.
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, "", sayf("%s is not a file.", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, "", unreadable(err)
	}
	defer func() { _ = file.Close() }()
	if text, err = io.ReadAll(io.LimitReader(file, maxLength+3)); err != nil {
		return nil, "", unreadable(err)
	}
	if othersMayRead(info) {
		warning = fmt.Sprintf("Other users of this machine may read %s (its mode is %#o). Take that away: chmod 600 %[1]s", path, info.Mode().Perm())
	}
	return text, warning, nil
}

// errTimeout is a command that took too long.
var errTimeout = errors.New("the command took too long")

// afterExit is how long what a command has left behind may hold its output open.
const afterExit = time.Second

func run(ctx context.Context, argv []string, timeout time.Duration) ([]byte, error) {
	limited, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	var (
		said    tail
		printed bytes.Buffer
	)
	process := exec.CommandContext(limited, argv[0], argv[1:]...)
	process.Stdout, process.Stderr, process.WaitDelay = &printed, &said, afterExit
	inGroup(process)
	runtime.LockOSThread() // see endWithProvider
	defer runtime.UnlockOSThread()
	err := process.Run()
	var exit *exec.ExitError
	switch words := said.words(printed.Bytes()); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case limited.Err() != nil:
		return nil, sayf("%q took longer than %s and was ended, with all that it had started. It has no standard input, and cannot ask on the terminal.%s", argv[0], timeout, words)
	case errors.Is(err, exec.ErrWaitDelay):
		// It has ended well, and something of its own holds its output open, as
		// agents do that are started by the way.
	case errors.Is(err, exec.ErrNotFound):
		return nil, sayf("There is no program %q in PATH. The first text of the list is the program, and each other one an argument: no shell reads them.", argv[0])
	case errors.As(err, &exit):
		return nil, sayf("%q ended with %s.%s", argv[0], exit.ProcessState, words)
	case err != nil:
		return nil, sayf("%q cannot be run: %v.", argv[0], err)
	case len(bytes.TrimRight(printed.Bytes(), "\r\n")) == 0:
		return nil, sayf("%q printed nothing to its standard output.%s", argv[0], words)
	}
	return printed.Bytes(), nil
}

// A tail keeps the end of what is written to it.
type tail struct{ text []byte }

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if over := len(t.text) - maxWords; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// escape is a sequence that a terminal obeys.
var escape = regexp.MustCompile(`\x1b\[[0-9;?]*[\x20-\x2f]*[\x40-\x7e]`)

// words returns what was written as a sentence, without what was printed: a
// script that traces itself writes both.
func (t *tail) words(printed []byte) string {
	text := strings.ToValidUTF8(escape.ReplaceAllString(string(t.text), ""), "\ufffd")
	for line := range bytes.Lines(printed) {
		if known := strings.TrimSpace(string(line)); known != "" {
			text = strings.ReplaceAll(text, known, secret.String{}.String())
		}
	}
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text))
	if text == "" {
		return ""
	}
	return " It wrote to its standard error:\n\n" + text
}
