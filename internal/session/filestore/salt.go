package filestore

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session/sealed"
)

// saltName is the file that holds the folder's salt, and the name of its lock.
const saltName = "salt"

// saltWait bounds the wait for another process that makes the salt.
const saltWait = 10 * time.Second

// readOrMakeSalt returns the folder's salt. The first process to need one
// makes it. Each session file carries the salt that it was made with, so one
// that comes from elsewhere still opens.
func (s *Store) readOrMakeSalt() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), saltWait)
	defer cancel()
	if salt, err := s.readSalt(ctx); err == nil {
		return salt, nil
	}
	held, err := s.lock(ctx, saltName, "prepare the folder", func() {})
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.release() }()
	salt, err := s.readSalt(ctx)
	var unusable *sealed.UnusableError
	switch {
	case err == nil:
		return salt, nil
	case errors.As(err, &unusable):
		s.log.WarnContext(ctx, "the salt for session keys cannot be used and is replaced", "file", saltName, "reason", unusable.Reason)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	salt = sealed.NewSalt()
	if err := s.replace(filepath.Join(s.dir, saltName), salt); err != nil {
		return nil, err
	}
	return salt, nil
}

func (s *Store) readSalt(ctx context.Context) ([]byte, error) {
	salt, err := s.read(ctx, filepath.Join(s.dir, saltName))
	if err != nil {
		return nil, err
	}
	if len(salt) != sealed.SaltSize {
		return nil, &sealed.UnusableError{Reason: "it has the wrong size"}
	}
	return salt, nil
}
