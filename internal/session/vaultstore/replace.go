package vaultstore

import (
	"context"
	"crypto/rand"
	"errors"
)

// writeAttempts bounds how often a write is tried again after a failure that
// leaves open whether it has happened. The client's own retries come on top.
const writeAttempts = 3

// A conflictError is [errConflict] with what is there now.
type conflictError struct{ found secretVersion }

func (e *conflictError) Error() string { return errConflict.Error() }

// replace is a write that recognises itself: when its answer is lost, or an
// attempt is turned away because an earlier one has written, it reads what is
// there. Its error is a [*conflictError] when somebody else has written.
func (c *client) replace(ctx context.Context, path string, cas int, d document) (version int, err error) {
	d.Write = rand.Text()
	for range writeAttempts {
		version, err = c.write(ctx, path, cas, d)
		var unsettled unsettledError
		if err == nil || !errors.Is(err, errConflict) && !errors.As(err, &unsettled) {
			return version, err
		}
		found, unread := c.read(ctx, path)
		var foreign *Error
		switch {
		case errors.As(unread, &foreign) && foreign.Reason == Foreign:
			return 0, &conflictError{found}
		case unread != nil:
			return 0, unread
		case found.document.Write == d.Write:
			return found.version, nil
		case found.version != cas || errors.Is(err, errConflict):
			return 0, &conflictError{found}
		}
		// Nothing was written, so it can be tried again: should the attempt
		// that was given up arrive after all, check-and-set lets one of the two
		// in.
	}
	return 0, err
}
