package filestore

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

const (
	// keySuffix ends the names of the key slots.
	keySuffix = ".key"
	// maxKeys is how many keys are kept. A user has a few passwords, and each
	// session folder its salt; a machine that makes folders all day must not fill
	// its memory.
	maxKeys = 64
)

// KeySlotsConfig is what [KeySlots] work with.
type KeySlotsConfig struct {
	// Getenv reads an environment variable; nil means os.Getenv.
	Getenv func(string) string
	// SessionPath is the folder that the folder of the sessions lies in, where one
	// is configured. It may be copied to another machine, so no key is in it.
	SessionPath string
}

// KeySlots keep keys in a folder of our own in the user's run-time folder,
// XDG_RUNTIME_DIR, if that is in memory. Where it is not, nothing is read or
// written. It implements [sealed.Slots].
type KeySlots struct {
	folder    *folder // nil where there can be none
	sweepOnce sync.Once
}

var _ sealed.Slots = (*KeySlots)(nil)

// errNoSlots is the error where no key can be kept.
var errNoSlots = errors.New("there is no run-time folder in memory")

// OpenKeySlots returns the slots. It makes and reads nothing.
func OpenKeySlots(config KeySlotsConfig) *KeySlots {
	if config.Getenv == nil {
		config.Getenv = os.Getenv
	}
	slots := new(KeySlots)
	if p := placesOf(config.Getenv); filepath.IsAbs(p.runtime) && !p.isCopied(p.runtime, config.SessionPath) {
		slots.folder = &folder{path: p.runtime, log: slog.New(slog.DiscardHandler), isTemporary: true}
	}
	return slots
}

// Read implements [sealed.Slots].
func (k *KeySlots) Read(name string) ([]byte, error) {
	if k.folder == nil {
		return nil, errNoSlots
	}
	// Checked before anything in it is opened: it may not be ours.
	if err := k.folder.check(); err != nil {
		return nil, err
	}
	if !inMemory(k.folder.path) {
		return nil, errNoSlots
	}
	return k.folder.read(context.Background(), name+keySuffix)
}

// Write implements [sealed.Slots].
func (k *KeySlots) Write(name string, text []byte) error {
	if k.folder == nil || !inMemory(filepath.Dir(k.folder.path)) {
		return errNoSlots
	}
	if err := k.folder.prepare(context.Background(), false); err != nil {
		return err
	}
	if !inMemory(k.folder.path) {
		return errNoSlots
	}
	if err := k.folder.replace(name+keySuffix, text); err != nil {
		return err
	}
	k.sweepOnce.Do(func() {
		k.folder.sweep()
		k.removeOldest()
	})
	return nil
}

// removeOldest removes the keys that were kept first, where there are too many.
func (k *KeySlots) removeOldest() {
	entries, err := os.ReadDir(k.folder.path)
	if err != nil {
		return
	}
	type key struct {
		path string
		kept time.Time
	}
	var keys []key
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && keyName.MatchString(entry.Name()) {
			keys = append(keys, key{k.folder.file(entry.Name()), info.ModTime()})
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(b.kept.Compare(a.kept), cmp.Compare(a.path, b.path)) })
	for _, old := range keys[min(len(keys), maxKeys):] {
		_ = os.Remove(old.path)
	}
}
