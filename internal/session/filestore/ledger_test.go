package filestore_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session/storetest"
)

// environment is all that a ledger is told of the machine.
type environment map[string]string

func (e environment) get(name string) string { return e[name] }

// openLedger opens a ledger in an environment whose temporary folder is the
// test's own, where it has none.
func openLedger(t testing.TB, env environment) *filestore.Ledger {
	t.Helper()
	ledger, _ := openLedgerLogged(t, env, "")
	return ledger
}

func openLedgerLogged(t testing.TB, env environment, sessionPath string) (*filestore.Ledger, *bytes.Buffer) {
	t.Helper()
	if env["TMPDIR"] == "" {
		env["TMPDIR"] = t.TempDir()
	}
	var log bytes.Buffer
	return filestore.OpenLedger(filestore.LedgerConfig{
		Getenv: env.get, SessionPath: sessionPath, Now: func() time.Time { return stored.IssuedAt },
		Logger: slog.New(callersLog{slog.NewTextHandler(&log, nil)}),
	}), &log
}

// stateIn is an environment whose state folder is below dir.
func stateIn(dir string) environment {
	return environment{"XDG_STATE_HOME": dir, "LocalAppData": dir}
}

// enter adds a login to a ledger.
func enter(t testing.TB, ledger session.Ledger) {
	t.Helper()
	err := ledger.Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
		e.Unreadable = false
		e.Logins = append(e.Logins, stored.IssuedAt)
		return nil
	})
	if err != nil {
		t.Errorf("Update: %v", err)
	}
}

// entryOf returns what a ledger knows of the platform.
func entryOf(t testing.TB, ledger session.Ledger) (entry session.LedgerEntry) {
	t.Helper()
	err := ledger.Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
		entry = *e
		return nil
	})
	if err != nil {
		t.Errorf("Update: %v", err)
	}
	return entry
}

func wantLogins(t testing.TB, ledger session.Ledger, want int) {
	t.Helper()
	if got := entryOf(t, ledger).Logins; len(got) != want {
		t.Errorf("the ledger knows of %d logins, want %d", len(got), want)
	}
}

// ledgersIn returns the ledgers that lie anywhere below a folder.
func ledgersIn(t testing.TB, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".ledger.json") {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// onlyLedger returns the path of the one ledger below a folder.
func onlyLedger(t testing.TB, dir string) string {
	t.Helper()
	found := ledgersIn(t, dir)
	if len(found) != 1 {
		t.Fatalf("ledgers below %s: %v, want one", dir, found)
	}
	return found[0]
}

func TestLedger_KeepsTheContract(t *testing.T) {
	env := stateIn(t.TempDir())
	storetest.RunLedger(t, func(t *testing.T) session.Ledger { return openLedger(t, env) })
}

func TestLedger_ThatIsDamagedSaysSoOnce(t *testing.T) {
	for _, test := range []struct{ name, text string }{{"empty", ""}, {"text", "Hello\n"}, {"cut short", `{"logins":["2026-`}, {"of another kind", `[]`}} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			env := stateIn(dir)
			storetest.RunUnreadableLedger(t, func(t *testing.T) session.Ledger { return openLedger(t, env) }, func(t *testing.T, _ string) {
				if err := os.WriteFile(onlyLedger(t, dir), []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// A budget that comes upon a ledger that it cannot read takes it as full,
// whatever it asks first.
func TestLedger_ThatCannotBeReadCountsAsFull(t *testing.T) {
	dir := t.TempDir()
	env := stateIn(dir)
	enter(t, openLedger(t, env))
	if err := os.WriteFile(onlyLedger(t, dir), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	ledger, log := openLedgerLogged(t, env, "")
	now := stored.IssuedAt
	config := session.BudgetConfig{Now: func() time.Time { return now }}
	var full *session.BudgetError
	if _, _, err := session.NewBudget(ledger, config).Admit(t.Context(), admin.UserServiceURL); !errors.As(err, &full) || full.Blocked {
		t.Errorf("Admit = %v, want a BudgetError", err)
	}
	if !strings.Contains(log.String(), "the login ledger cannot be read; it counts as full") {
		t.Errorf("the log is %q", log)
	}
	now = now.Add(session.DefaultLoginWindow)
	if _, _, err := session.NewBudget(ledger, config).Admit(t.Context(), admin.UserServiceURL); err != nil {
		t.Errorf("a window later, Admit = %v", err)
	}
}

// TestLedger_LiesInTheUsersStateFolder and so on, in whatever the environment
// says.
func TestOpenLedger_TakesTheFirstPlaceThatThereIs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the places are those of Unix")
	}
	const name = "/terraform-provider-telematics"
	home := "home/.local/state"
	if runtime.GOOS == "darwin" {
		home = "home/Library/Application Support"
	}
	ofUser := filestore.TemporaryLedgerName
	for _, test := range []struct {
		name string
		env  environment // below a folder, where it is a path
		path string      // session.path
		want string
	}{
		{name: "state folder", env: environment{"XDG_STATE_HOME": "/state", "HOME": "/home", "XDG_RUNTIME_DIR": "/run"}, want: "state" + name},
		{name: "home", env: environment{"HOME": "/home", "XDG_RUNTIME_DIR": "/run"}, want: home + name},
		{name: "home although the state folder is no absolute path", env: environment{"XDG_STATE_HOME": "state", "HOME": "/home"}, want: home + name},
		{name: "HOME unset", env: environment{"XDG_RUNTIME_DIR": "/run"}, want: "run" + name},
		{name: "nothing set", env: environment{}, want: "tmp/" + ofUser},
		{name: "HOME is no absolute path", env: environment{"HOME": "home"}, want: "tmp/" + ofUser},
		{name: "run-time folder that does not exist", env: environment{"XDG_RUNTIME_DIR": "/missing"}, want: "tmp/" + ofUser},
		{name: "state folder that cannot be made", env: environment{"XDG_STATE_HOME": "/file/state", "XDG_RUNTIME_DIR": "/run"}, want: "run" + name},
		{name: "state folder in the cache", env: environment{"XDG_STATE_HOME": "/cache/state", "XDG_CACHE_HOME": "/cache", "XDG_RUNTIME_DIR": "/run"}, want: "run" + name},
		{name: "state folder in the home's cache", env: environment{"XDG_STATE_HOME": "/home/.cache", "HOME": "/home"}, want: "tmp/" + ofUser},
		{name: "state folder in session.path", env: environment{"HOME": "/home"}, path: "/home", want: "tmp/" + ofUser},
		{name: "ledger's folder is session.path", env: environment{"XDG_STATE_HOME": "/state"}, path: "/state" + name, want: "tmp/" + ofUser},
		{name: "state folder beside session.path", env: environment{"XDG_STATE_HOME": "/state"}, path: "/stat", want: "state" + name},
		{name: "all in session.path", env: environment{"HOME": "/home", "XDG_RUNTIME_DIR": "/run"}, path: "/", want: "tmp/" + ofUser},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			below := func(path string) string {
				if strings.HasPrefix(path, "/") {
					return filepath.Join(dir, path)
				}
				return path
			}
			env := environment{"TMPDIR": below("/tmp")}
			for name, value := range test.env {
				env[name] = below(value)
			}
			if err := errors.Join(os.Mkdir(below("/tmp"), 0o700), os.Mkdir(below("/run"), 0o700), os.WriteFile(below("/file"), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			if runtime.GOOS == "darwin" && strings.Contains(test.name, "home's cache") {
				env["XDG_STATE_HOME"] = below("/home/Library/Caches")
			}
			ledger, log := openLedgerLogged(t, env, below(test.path))
			enter(t, ledger)
			if got, want := filepath.Dir(onlyLedger(t, dir)), below("/"+test.want); got != want {
				t.Errorf("the ledger lies in %s, want %s; the log: %s", got, want, log)
			}
		})
	}
}

// Stacks with other paths, and with no place for sessions at all, share one
// ledger: it does not depend on where sessions are kept.
func TestLedger_IsTheSameWhereverSessionsAreKept(t *testing.T) {
	state, copied := t.TempDir(), t.TempDir()
	env := stateIn(state)
	for i, path := range []string{"", t.TempDir(), copied} {
		ledger, _ := openLedgerLogged(t, env, path)
		wantLogins(t, ledger, i)
		enter(t, ledger)
	}
	onlyLedger(t, state)
	// What a CI system carries to another machine has no ledger.
	save(t, open(t, copied), admin, stored)
	if found := ledgersIn(t, copied); len(found) != 0 {
		t.Errorf("in session.path are %v", found)
	}
}

// A ledger of another machine, or of an older version of the provider, that lies
// with the sessions is none.
func TestLedger_InTheFolderOfSessionsIsNotRead(t *testing.T) {
	state, path := t.TempDir(), t.TempDir()
	env := stateIn(state)
	enter(t, openLedger(t, env))
	text, err := os.ReadFile(onlyLedger(t, state))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(own(path), filepath.Base(onlyLedger(t, state)))
	if err := errors.Join(os.Mkdir(own(path), 0o700), os.WriteFile(copied, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	elsewhere, _ := openLedgerLogged(t, stateIn(t.TempDir()), path)
	wantLogins(t, elsewhere, 0)
}

// What was written in one place while another could not be is known as soon as
// that can be written again, and the other way round.
func TestLedger_KnowsWhatAllPlacesHold(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the places are those of Unix")
	}
	dir := t.TempDir()
	state, temporary := filepath.Join(dir, "state"), t.TempDir()
	env := environment{"XDG_STATE_HOME": state, "TMPDIR": temporary}
	enter(t, openLedger(t, env))
	enter(t, openLedger(t, env))
	err := openLedger(t, env).Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
		e.BlockedAt, e.BlockedUntil = stored.IssuedAt, stored.IssuedAt.Add(time.Hour)
		e.Forms = map[session.Kind]session.LoginForm{session.Admin: session.FormString}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// A folder where the ledger's lock was: nothing can be written there.
	lock := onlyLedger(t, dir) + ".lock"
	if err := errors.Join(os.Remove(lock), os.Mkdir(lock, 0o700)); err != nil {
		t.Fatal(err)
	}
	ledger, log := openLedgerLogged(t, env, "")
	wantLogins(t, ledger, 2)
	enter(t, ledger)
	enter(t, ledger)
	if got := strings.Count(log.String(), "the login ledger cannot be kept in this place"); got != 1 {
		t.Errorf("the log tells of the place %d times, want once: %s", got, log)
	}
	onlyLedger(t, temporary)
	wantLogins(t, openLedger(t, env), 4)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	entry := entryOf(t, openLedger(t, env))
	if len(entry.Logins) != 4 || !entry.BlockedUntil.Equal(stored.IssuedAt.Add(time.Hour)) || entry.Forms[session.Admin] != session.FormString {
		t.Errorf("the ledger knows %+v, want four logins, the block and the form", entry)
	}
	enter(t, openLedger(t, env))
	wantLogins(t, openLedger(t, env), 5)
}

// A clock that was wrong when the other place was written does not fill the
// ledger again and again.
func TestLedger_DropsLoginsOfTheFutureInAPlaceThatIsNotWritten(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the places are those of Unix")
	}
	env := environment{"TMPDIR": t.TempDir()}
	err := openLedger(t, env).Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
		e.Logins = append(e.Logins, stored.IssuedAt.Add(time.Hour), stored.IssuedAt.Add(30*time.Second))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	env["XDG_STATE_HOME"] = t.TempDir()
	for range 3 {
		wantLogins(t, openLedger(t, env), 1)
	}
}

// Where nothing can be kept, the caller is told, and what stands in the
// ledger's places stays.
func TestLedger_LeavesALinkInItsPlaceAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	for _, suffix := range []string{"", ".lock"} {
		t.Run("ledger"+suffix, func(t *testing.T) {
			env := environment{"TMPDIR": t.TempDir()}
			enter(t, openLedger(t, env))
			name, elsewhere := onlyLedger(t, env["TMPDIR"])+suffix, filepath.Join(t.TempDir(), "elsewhere")
			if err := errors.Join(os.Remove(name), os.Symlink(elsewhere, name)); err != nil {
				t.Fatal(err)
			}
			err := openLedger(t, env).Update(t.Context(), admin.UserServiceURL, func(e *session.LedgerEntry) error {
				e.Logins = append(e.Logins, stored.IssuedAt)
				return nil
			})
			var foreign *filestore.EntryError
			if !errors.As(err, &foreign) || !strings.Contains(err.Error(), name) {
				t.Errorf("Update = %v, want an EntryError that names the link", err)
			}
			if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("the link was replaced: %v, %v", info, err)
			}
			if _, err := os.Lstat(elsewhere); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Lstat = %v, want that nothing was made through the link", err)
			}
		})
	}
}

func TestOpenLedger_MakesNothingUntilALoginIsWrittenDown(t *testing.T) {
	dir := t.TempDir()
	openLedger(t, stateIn(dir))
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("there are %v, error %v, want nothing", entries, err)
	}
}
