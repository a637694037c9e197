package filestore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/filestore"
)

// runtimeFolder makes a folder in memory that is the user's own, as
// XDG_RUNTIME_DIR is.
func runtimeFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "telematics-test-") //nolint:usetesting // the test's own folder is on a disk
	if err != nil {
		t.Skipf("this machine has no folder in memory: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if !filestore.InMemory(dir) {
		t.Skip("/dev/shm of this machine is not in memory")
	}
	return dir
}

// openWithKeys returns the store of a new process in an environment.
func openWithKeys(t testing.TB, dir string, env environment) *filestore.Store {
	t.Helper()
	keys := filestore.OpenKeySlots(filestore.KeySlotsConfig{Getenv: env.get, SessionPath: dir})
	store, err := filestore.Open(filestore.Config{Dir: dir, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// keysIn returns the files in the folder of keys below a run-time folder.
func keysIn(t testing.TB, runtimeDir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(runtimeDir, "terraform-provider-telematics", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wantDerivations loads the session in new processes, and checks how many keys the
// last of them derives.
func wantDerivations(t testing.TB, dir string, env environment, want int) {
	t.Helper()
	for range 2 {
		wantStored(t, openWithKeys(t, dir, env), admin, stored)
	}
	store := openWithKeys(t, dir, env)
	wantStored(t, store, admin, stored)
	if got := filestore.Derivations(store); got != want {
		t.Errorf("%d keys were derived by the third process, want %d", got, want)
	}
}

func TestKeySlots_SaveTheNextProcessItsDerivation(t *testing.T) {
	dir, runtimeDir := t.TempDir(), runtimeFolder(t)
	env := environment{"XDG_RUNTIME_DIR": runtimeDir}
	save(t, openWithKeys(t, dir, env), admin, stored)
	wantDerivations(t, dir, env, 0)
	kept := keysIn(t, runtimeDir)
	if len(kept) != 1 {
		t.Fatalf("in the run-time folder are %v, want one key", kept)
	}
	wantMode(t, filepath.Dir(kept[0]), 0o700)
	wantMode(t, kept[0], 0o600)
	text, err := os.ReadFile(kept[0])
	if err != nil || strings.Contains(string(text), admin.Password.Reveal()) {
		t.Errorf("the slot holds %q, error %v", text, err)
	}
	// It goes with the machine's memory, and the next process derives its key.
	if err := os.RemoveAll(filepath.Dir(kept[0])); err != nil {
		t.Fatal(err)
	}
	store := openWithKeys(t, dir, env)
	wantStored(t, store, admin, stored)
	if got := filestore.Derivations(store); got != 1 {
		t.Errorf("%d keys were derived when the slot had gone, want one", got)
	}
}

// Where there is no folder for it, a key is not kept, and each process derives its
// own.
func TestKeySlots_AreInAFolderOfTheUsersInMemoryOnly(t *testing.T) {
	for _, test := range []struct {
		name string
		// prepare returns the run-time folder, given one that is fit.
		prepare func(t *testing.T, fit string) string
	}{
		{"no run-time folder", func(*testing.T, string) string { return "" }},
		{"no absolute path", func(*testing.T, string) string { return "run" }},
		{"it does not exist", func(_ *testing.T, fit string) string { return filepath.Join(fit, "missing") }},
		{"on a disk", func(t *testing.T, _ string) string { return onDisk(t) }},
		{"others may write to it", func(t *testing.T, fit string) string {
			return prepared(t, fit, os.Chmod(fit, 0o777))
		}},
		{"others may read ours", func(t *testing.T, fit string) string {
			ours := filepath.Join(fit, "terraform-provider-telematics")
			return prepared(t, fit, errors.Join(os.Mkdir(ours, 0o700), os.Chmod(ours, 0o755)))
		}},
		{"ours is a link", func(t *testing.T, fit string) string {
			target := filepath.Join(fit, "target")
			return prepared(t, fit, errors.Join(os.Mkdir(target, 0o700), os.Symlink(target, filepath.Join(fit, "terraform-provider-telematics"))))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fit, dir := runtimeFolder(t), t.TempDir()
			runtimeDir := test.prepare(t, fit)
			env := environment{"XDG_RUNTIME_DIR": runtimeDir}
			save(t, openWithKeys(t, dir, env), admin, stored)
			wantDerivations(t, dir, env, 1)
			for _, place := range []string{fit, runtimeDir} {
				if found := keysIn(t, place); place != "" && len(found) != 0 {
					t.Errorf("%v were made", found)
				}
			}
		})
	}
}

// What may be copied to another machine holds no key.
func TestKeySlots_AreNotInWhatIsCopied(t *testing.T) {
	for name, env := range map[string]func(runtimeDir string) (environment, string){
		"the cache": func(dir string) (environment, string) {
			return environment{"XDG_CACHE_HOME": dir}, filepath.Join(dir, "sessions")
		},
		"session.path": func(dir string) (environment, string) { return environment{}, dir },
	} {
		t.Run(name, func(t *testing.T) {
			runtimeDir := runtimeFolder(t)
			env, path := env(runtimeDir)
			env["XDG_RUNTIME_DIR"] = runtimeDir
			save(t, openWithKeys(t, path, env), admin, stored)
			wantDerivations(t, path, env, 1)
			if found := keysIn(t, runtimeDir); len(found) != 0 {
				t.Errorf("%v were made", found)
			}
		})
	}
}

// Something else in the place of a slot is left alone.
func TestKeySlots_LeaveALinkAlone(t *testing.T) {
	dir, runtimeDir := t.TempDir(), runtimeFolder(t)
	env := environment{"XDG_RUNTIME_DIR": runtimeDir}
	save(t, open(t, dir), admin, stored)
	wantDerivations(t, dir, env, 0)
	slot, target := keysIn(t, runtimeDir)[0], filepath.Join(runtimeDir, "target")
	if err := os.Rename(slot, target); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, slot); err != nil {
		t.Fatal(err)
	}
	store := openWithKeys(t, dir, env)
	wantStored(t, store, admin, stored)
	if got := filestore.Derivations(store); got != 1 {
		t.Errorf("%d keys were derived, want one: a link was followed", got)
	}
}

func TestKeySlots_OfLongAgoMakeRoom(t *testing.T) {
	runtimeDir := runtimeFolder(t)
	env := environment{"XDG_RUNTIME_DIR": runtimeDir}
	folder := filepath.Join(runtimeDir, "terraform-provider-telematics")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 70 {
		path := filepath.Join(folder, fmt.Sprintf("%064x.key", i))
		at := time.Now().Add(-time.Hour - time.Duration(i)*time.Minute)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(folder, "mine.key")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	save(t, open(t, dir), admin, stored)
	wantDerivations(t, dir, env, 0)
	kept := slices.DeleteFunc(keysIn(t, runtimeDir), func(path string) bool { return path == foreign })
	if len(kept) != 64 {
		t.Errorf("%d keys are kept, want 64", len(kept))
	}
	for i, want := range map[int]bool{0: true, 62: true, 63: false, 69: false} {
		_, err := os.Stat(filepath.Join(folder, fmt.Sprintf("%064x.key", i)))
		if is := !errors.Is(err, fs.ErrNotExist); is != want {
			t.Errorf("key %d is there: %v, want %v", i, is, want)
		}
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is not ours: %v", err)
	}
}

// prepared is a folder that was made unfit.
func prepared(t *testing.T, dir string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// onDisk returns a folder that is not in memory.
func onDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if filestore.InMemory(dir) {
		t.Skip("the temporary folder of this machine is in memory")
	}
	return dir
}
