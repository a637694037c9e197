package command

import (
	"errors"

	"github.com/telematics-tools/terraform-provider-telematics/internal/credential"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// exitCode returns the exit code of an error.
func exitCode(err error) int {
	var (
		missing  *userservice.MissingCredentialsError
		unread   *credential.Error
		held     *session.BudgetError
		revoked  *session.RevokedError
		readOnly *session.ReadOnlyError
		known    *session.KnownFailureError
		store    *session.StoreError
		answer   *userservice.Error
	)
	// What became of the login decides, where there was to be one.
	var opened *session.OpenError
	if errors.As(err, &opened) && opened.Login != nil {
		err = opened.Login
	}
	switch {
	case errors.As(err, &missing), errors.As(err, &unread):
		return ExitMissing
	case errors.As(err, &store), errors.Is(err, session.ErrForeign), errors.Is(err, session.ErrNewerFormat), errors.Is(err, session.ErrNotWritable):
		return ExitStore
	case errors.As(err, &held), errors.As(err, &revoked), errors.As(err, &readOnly), errors.Is(err, session.ErrReadOnlyRun):
		return ExitHeldBack
	case errors.As(err, &known):
		if known.Credentials {
			return ExitRefused
		}
	case errors.As(err, &answer):
		if _, blocked := answer.Blocked(); blocked {
			return ExitHeldBack
		}
		if answer.Refused() {
			return ExitRefused
		}
	}
	return ExitFailed
}
