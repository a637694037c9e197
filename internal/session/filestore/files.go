package filestore

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// maxFile is how much of a file is read. A session has a few kilobytes.
const maxFile = 1 << 20

// tempSuffix ends the names of files that are being written.
const tempSuffix = ".tmp"

// prepareDir makes the folder, or makes sure that it is the user's own.
func (s *Store) prepareDir(ctx context.Context) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	// A link is fine when the user has made it: whoever could turn it
	// elsewhere could choose what is read and written.
	link, err := os.Lstat(s.dir)
	if err != nil {
		return err
	}
	folder, err := os.Stat(s.dir)
	if err != nil {
		return err
	}
	if !ownedByUser(link) || !ownedByUser(folder) {
		return fmt.Errorf("%s belongs to another user", s.dir)
	}
	return s.narrow(ctx, s.dir, folder, 0o700)
}

// narrow takes from a file or a folder the permissions that it should not
// have, and warns, for somebody may have looked in meanwhile.
func (s *Store) narrow(ctx context.Context, name string, info fs.FileInfo, mode fs.FileMode) error {
	if !permissionsMatter || info.Mode().Perm()&^mode == 0 {
		return nil
	}
	s.log.WarnContext(ctx, "permissions were too wide and are narrowed",
		"file", name, "found", info.Mode().Perm().String(), "now", mode.String())
	return os.Chmod(name, mode)
}

// read returns the contents of a file of the store's. A missing one is
// [fs.ErrNotExist]; one that cannot be the store's is an [*sealed.UnusableError].
func (s *Store) read(ctx context.Context, name string) ([]byte, error) {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &sealed.UnusableError{Reason: "it is not a regular file"}
	case !ownedByUser(info):
		return nil, &sealed.UnusableError{Reason: "it belongs to another user"}
	case info.Size() > maxFile:
		return nil, &sealed.UnusableError{Reason: "it is too large"}
	}
	if err := s.narrow(ctx, name, info, 0o600); err != nil {
		return nil, err
	}
	var text []byte
	err = persist(func() error {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		text, err = io.ReadAll(io.LimitReader(file, maxFile))
		return err
	})
	return text, err
}

// replace writes a file wholly or not at all: a reader sees the old contents
// or the new ones, and so does who comes after a crash. The new file has mode
// 0600, whatever the old one had.
func (s *Store) replace(name string, text []byte) (err error) {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		// What stands there is none of the store's, such as a link that leads
		// elsewhere. A folder with something in it stays, and fails the write.
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	temp, err := os.CreateTemp(s.dir, filepath.Base(name)+".*"+tempSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if _, err := temp.Write(text); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := persist(func() error { return os.Rename(temp.Name(), name) }); err != nil {
		return err
	}
	if dir, err := os.Open(s.dir); err == nil {
		_ = dir.Sync() // where folders can be synced, the new name lasts, too
		_ = dir.Close()
	}
	return nil
}

// persist repeats what fails because another process is at the same file just
// now, which happens on Windows only and passes in moments.
func persist(do func() error) error {
	for pause := time.Millisecond; ; pause *= 2 {
		err := do()
		if err == nil || !inUse(err) || pause > time.Second {
			return err
		}
		time.Sleep(pause)
	}
}
