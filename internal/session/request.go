package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The requests that one refresh or one login may take. Each request of a login
// counts against the platform's limit, those of a refresh do not.
const (
	maxRefreshRequests = 4
	maxLoginRequests   = 3
)

// refresh trades a session for a new one.
func (m *Manager) refresh(ctx context.Context, req Request, s Session) (Answer, error) {
	if err := m.config.Budget.refusal(ctx, req.Account, refreshing); err != nil {
		return Answer{}, err
	}
	m.log.InfoContext(ctx, "refreshing the session", "identity", req.Account.Key(), "expires_at", s.ExpiresAt)
	answer, err := m.repeat(ctx, maxRefreshRequests, func(lasting context.Context) (Answer, error) {
		req.work.start()
		answer, err := req.Authorizer.Refresh(lasting, s)
		if err != nil {
			req.work.stop()
		}
		return answer, err
	})
	m.config.Budget.note(ctx, req.Account, refreshing, err)
	if err != nil {
		return Answer{}, err
	}
	if _, err := req.Account.owner().check(answer.Owner); err != nil {
		return Answer{}, err
	}
	answer.LoginForm = s.LoginForm
	answer.Revocations = s.Revocations
	answer.NoVerifyUntil = s.NoVerifyUntil
	return answer, nil
}

// login asks for a session with the account's credentials, unless another
// caller's login has just failed in a way that this one's would as well. It
// returns how long it waited for its place in the budget.
func (m *Manager) login(ctx context.Context, req Request, state *accountState, known []Session, failuresBefore int) (Answer, time.Duration, error) {
	if err := state.failureSince(failuresBefore); err != nil {
		return Answer{}, 0, err
	}
	if err := m.config.Budget.refusal(ctx, req.Account, loggingIn); err != nil {
		return Answer{}, 0, err
	}
	m.log.InfoContext(ctx, "logging in; tokens issued before may be revoked by it", "identity", req.Account.Key())
	waited := time.Duration(0)
	form, isKnown := m.form(ctx, req, known)
	answer, err := m.loginIn(ctx, req, form, &waited)
	if answer := asPlatform(err); answer != nil && answer.WrongForm() && !isKnown {
		first := err
		form = form.other()
		m.log.InfoContext(ctx, "the login was refused; it is tried in its other form, once", "form", string(form))
		var second Answer
		if second, err = m.loginIn(ctx, req, form, &waited); err == nil {
			return m.loggedIn(ctx, req, second, form, true), waited, nil
		}
		if answer := asPlatform(err); answer != nil && answer.WrongForm() {
			err = &FormsError{Object: first, String: err}
		}
	}
	if err != nil {
		m.noteBlock(ctx, req.Account.UserServiceURL, err)
		m.config.Budget.note(ctx, req.Account, loggingIn, err)
		state.loginFailed(err)
		return Answer{}, waited, err
	}
	if _, err := req.Account.check(answer.Owner); err != nil {
		return Answer{}, waited, err
	}
	return m.loggedIn(ctx, req, answer, form, false), waited, nil
}

// loggedIn notes what a login that succeeded tells for the next ones.
func (m *Manager) loggedIn(ctx context.Context, req Request, answer Answer, form LoginForm, isNew bool) Answer {
	m.config.Budget.note(ctx, req.Account, loggingIn, nil)
	answer.LoginForm = form
	m.config.Budget.rememberForm(ctx, req.Account.Identity, form)
	answer.formFound = isNew
	if isNew {
		m.log.InfoContext(ctx, "the login was accepted in its other form", "form", string(form))
	}
	return answer
}

// form returns the form to write the login in, and whether the other one need
// not be tried: this one is configured or has worked before, or both have just
// been refused.
func (m *Manager) form(ctx context.Context, req Request, known []Session) (form LoginForm, isKnown bool) {
	if m.config.LoginForm != "" {
		return m.config.LoginForm, true
	}
	if form := m.config.Budget.knownForm(ctx, req.Account.Identity); form != "" {
		return form, true
	}
	for _, s := range known {
		if s.LoginForm != "" {
			return s.LoginForm, true
		}
	}
	return FormObject, m.config.Budget.refusedLately(ctx, req.Account)
}

// loginIn logs in with the login written in a form.
func (m *Manager) loginIn(ctx context.Context, req Request, form LoginForm, waited *time.Duration) (Answer, error) {
	return m.repeat(ctx, maxLoginRequests, func(lasting context.Context) (Answer, error) {
		// The wait for a place ends with the caller; the request does not.
		place, d, err := m.config.Budget.Admit(ctx, req.Account.UserServiceURL)
		*waited += d
		if err != nil {
			return Answer{}, err
		}
		req.work.start()
		answer, err := req.Authorizer.Login(lasting, form)
		if err != nil {
			req.work.stop()
		}
		if failed := asPlatform(err); failed != nil && failed.Unreachable() {
			place.GiveBack()
		} else {
			place.Answered()
		}
		return answer, err
	})
}

// repeat sends a request, and sends it again after a pause as long as its error
// says that this is worth it. A request that is under way is seen through, for
// the platform has acted on it; no new one is begun once ctx is over.
func (m *Manager) repeat(ctx context.Context, most int, send func(context.Context) (Answer, error)) (Answer, error) {
	// The pauses have jitter, so that machines that failed together do not
	// come back together.
	pauses := backoff.NewExponentialBackOff()
	pauses.Multiplier, pauses.MaxInterval = 2, 8*time.Second
	var last error
	for sent := 1; ; sent++ {
		if ctx.Err() != nil {
			return Answer{}, repeated(context.Cause(ctx), sent, last)
		}
		answer, err := send(context.WithoutCancel(ctx))
		if err == nil {
			return answer, nil
		}
		wait, worthIt := retry(err)
		if !worthIt || sent == most {
			return Answer{}, repeated(err, sent, last)
		}
		pause := max(pauses.NextBackOff(), wait)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
			return Answer{}, fmt.Errorf("%w; there is no time for another attempt before the operation's deadline at %s",
				repeated(err, sent, last), deadline.UTC().Format(time.RFC3339))
		}
		last = err
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// repeated adds to the last error of a request how often it was sent, or what
// came before when the last attempt was not sent.
func repeated(err error, sent int, before error) error {
	var answer PlatformError
	switch {
	case before == nil:
		return err
	case errors.As(err, &answer):
		return fmt.Errorf("%w (%d attempts)", err, sent)
	default:
		return fmt.Errorf("%w (before that, %v)", err, before) //nolint:errorlint // what came before is told, and is not why it ended
	}
}
