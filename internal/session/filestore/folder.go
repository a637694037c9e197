package filestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

// folderName is the folder of our own inside the folder that is configured,
// which may hold anything else.
const folderName = "telematics-sessions"

// maxFile is how much of a file is read. A session has a few kilobytes.
const maxFile = 1 << 20

// tempSuffix ends the names of files that are being written.
const tempSuffix = ".tmp"

// cacheTag marks the folder for backup programs, by the Cache Directory
// Tagging Specification.
const (
	cacheTagName = "CACHEDIR.TAG"
	cacheTag     = "Signature: 8a477f597d28d172789f06886806bc55\n" +
		"# This folder holds sessions of terraform-provider-telematics. If it is\n" +
		"# deleted, the next run logs in, which may revoke tokens that are in use.\n"
)

// An EntryError is something that has the name of a file of ours and is not
// ours, such as a link or a pipe. It is left alone.
type EntryError struct {
	// Path is the file's.
	Path string
	// Reason follows upon the path: "is not a regular file".
	Reason string
}

// Error tells what stands where.
func (e *EntryError) Error() string {
	return fmt.Sprintf("%s %s; it is not the provider's and is left alone: move it away", e.Path, e.Reason)
}

// Unwrap lets the error be told as that of one session.
func (e *EntryError) Unwrap() error { return session.ErrForeign }

// A folder is a folder of our own. Nothing is made before it is needed, and
// nothing is touched but what has one of our names (ARCHITECTURE.md, rule 10).
type folder struct {
	path string
	log  *slog.Logger
	// remedy is what helps when the folder is not fit for use, besides making
	// it so; empty when there is nothing.
	remedy string
	// isCache lets it be marked as one.
	isCache bool
	// isTemporary is a folder among those of others: what it lies in is not
	// made, and no other user may even read it.
	isTemporary bool

	mu   sync.Mutex
	made bool
}

// ownFolder returns the folder of our own inside parent.
func ownFolder(parent string, log *slog.Logger) *folder {
	return &folder{path: filepath.Join(parent, folderName), log: log, remedy: "let session.path be another folder", isCache: true}
}

// file is the path of a file in the folder.
func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// prepare makes the folder, or makes sure that no other user may write to it.
// With again, it does so although it has before: the folder has vanished.
func (f *folder) prepare(ctx context.Context, again bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.made && !again {
		return nil
	}
	if !f.isTemporary {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			return err
		}
	}
	if err := f.checkParent(); err != nil {
		return err
	}
	if err := os.Mkdir(f.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.isCache {
		if err := f.mark(); err != nil {
			f.log.DebugContext(ctx, "the folder for sessions could not be marked as a cache", "error", err)
		}
	}
	f.made = true
	return nil
}

// mark marks the folder as a cache, unless it holds what is not ours: backups
// would leave that out, too.
func (f *folder) mark() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == cacheTagName || !isOurName(entry.Name()) {
			return nil
		}
	}
	tag, err := os.OpenFile(f.file(cacheTagName), os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // by another process, just now
	}
	if err != nil {
		return err
	}
	_, err = tag.WriteString(cacheTag)
	return errors.Join(err, tag.Close())
}

// check returns an error when other users could put files into the folder, or
// another folder where it is. A missing folder is [fs.ErrNotExist].
func (f *folder) check() error {
	own, err := os.Lstat(f.path)
	if err != nil {
		return err
	}
	mode := own.Mode().Perm()
	switch {
	case !own.IsDir():
		return &EntryError{Path: f.path, Reason: "is not a folder"}
	case !ownedByUser(own):
		return f.unfit(f.path+" belongs to another user", "")
	case othersMayWrite(own):
		return f.unfit(fmt.Sprintf("other users may write to %s (mode %s)", f.path, mode), "take that from them")
	case f.isTemporary && permissionsMatter && mode&0o077 != 0:
		return f.unfit(fmt.Sprintf("other users have permissions on %s (mode %s)", f.path, mode), "take them away")
	}
	return f.checkParent()
}

// checkParent is check for the folder that ours lies in. It may belong to root,
// as /tmp does, and a link to it may, as macOS has them.
func (f *folder) checkParent() error {
	path := filepath.Dir(f.path)
	link, err := os.Lstat(path)
	if err != nil {
		return err
	}
	parent, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !ownedByUserOrRoot(link) || !ownedByUserOrRoot(parent):
		return f.unfit(path+" belongs to another user", "")
	case othersMayWrite(parent) && parent.Mode()&fs.ModeSticky == 0:
		return f.unfit(fmt.Sprintf("other users may write to %s (mode %s) and so replace what is in it", path, parent.Mode().Perm()), "take that from them")
	}
	return nil
}

// unfit returns the error of a folder that is not fit for use, with what helps.
func (f *folder) unfit(reason, advice string) error {
	switch {
	case advice == "" && f.remedy == "":
		return errors.New(reason)
	case advice == "":
		return errors.New(reason + "; " + f.remedy)
	case f.remedy == "":
		return errors.New(reason + "; " + advice)
	}
	return errors.New(reason + "; " + advice + ", or " + f.remedy)
}

// read returns the contents of a file. A missing one is [fs.ErrNotExist]; what
// is not a file of ours is an [*EntryError].
func (f *folder) read(ctx context.Context, name string) ([]byte, error) {
	path := f.file(name)
	var text []byte
	err := persist(func() error {
		// Looked at before it is opened, for opening a device may do something.
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if err := ours(path, info); err != nil {
			return err
		}
		file, err := openToRead(path)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		if info, err = file.Stat(); err != nil {
			return err
		}
		if err := ours(path, info); err != nil {
			return err
		}
		f.narrow(ctx, file, info)
		text, err = io.ReadAll(io.LimitReader(file, maxFile+1))
		return err
	})
	return text, err
}

// ours returns an error unless the file can have been made by this user's
// provider.
func ours(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return &EntryError{Path: path, Reason: "is not a regular file"}
	case !ownedByUser(info):
		return &EntryError{Path: path, Reason: "belongs to another user"}
	}
	return nil
}

// narrow takes from a file of ours the permissions that others have on it, and
// warns, for another user may have read it.
func (f *folder) narrow(ctx context.Context, file *os.File, info fs.FileInfo) {
	if !permissionsMatter || info.Mode().Perm()&0o077 == 0 {
		return
	}
	err := file.Chmod(0o600)
	f.log.WarnContext(ctx, "other users had permissions on a file of the session store",
		"file", file.Name(), "found", info.Mode().Perm().String(), "taken_away", err == nil)
}

// A pendingFile is the new contents of a file before they take its place. The
// space for them is taken, so that writing them later does not fail for a full
// disk.
type pendingFile struct {
	folder *folder
	temp   *os.File
	name   string
}

// reserved is the space that a pending file takes: more than a session has.
const reserved = 16 << 10

// begin makes the file that will replace the one of that name.
func (f *folder) begin(name string) (*pendingFile, error) {
	temp, err := os.CreateTemp(f.path, name+".*"+tempSuffix)
	if err != nil {
		return nil, err
	}
	p := &pendingFile{folder: f, temp: temp, name: name}
	if _, err := temp.Write(make([]byte, reserved)); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// replace writes the contents and lets the file take its place: a reader sees
// the old contents or the new ones, and so does a reader after a crash.
func (p *pendingFile) replace(text []byte) (err error) {
	defer func() {
		if err != nil {
			p.discard()
		}
	}()
	if _, err := p.temp.WriteAt(text, 0); err != nil {
		return err
	}
	if err := p.temp.Truncate(int64(len(text))); err != nil {
		return err
	}
	if err := p.temp.Sync(); err != nil {
		return err
	}
	if err := p.temp.Close(); err != nil {
		return err
	}
	if err := persist(func() error { return rename(p.temp.Name(), p.folder.file(p.name)) }); err != nil {
		return err
	}
	if dir, err := os.Open(p.folder.path); err == nil {
		_ = dir.Sync() // where folders can be synced, the new name lasts, too
		_ = dir.Close()
	}
	return nil
}

// discard removes the pending file.
func (p *pendingFile) discard() {
	_ = p.temp.Close()
	_ = os.Remove(p.temp.Name())
}

// unwritable marks the errors of a folder that can be read and not written.
func unwritable(err error) error {
	is := func(cause error) bool { return errors.Is(err, cause) }
	if is(fs.ErrPermission) || slices.ContainsFunc(diskErrors, is) {
		return fmt.Errorf("%w: %w", session.ErrNotWritable, err)
	}
	return err
}

// replace writes a file wholly or not at all. The new file has mode 0600,
// whatever the old one had.
func (f *folder) replace(name string, text []byte) error {
	pending, err := f.begin(name)
	if err != nil {
		return err
	}
	return pending.replace(text)
}

// persist repeats for two seconds what fails because another process is at the
// same file just now, which happens on Windows only and passes in moments. The
// pauses stay short: many may read the file in turn.
func persist(do func() error) error {
	const pauses, longest = 128, 16 * time.Millisecond
	pause := time.Millisecond
	for range pauses {
		if err := do(); err == nil || !inUse(err) {
			return err
		}
		time.Sleep(pause)
		pause = min(2*pause, longest)
	}
	return do()
}
