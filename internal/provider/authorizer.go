package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// authorizer lets the session manager ask the platform for one account's
// sessions. It implements [session.Authorizer].
type authorizer struct {
	client      *userservice.Client
	credentials userservice.Credentials
	missing     error

	mu   sync.Mutex
	skew time.Duration
}

// Refresh implements [session.Authorizer].
func (a *authorizer) Refresh(ctx context.Context, s session.Session) (session.Session, error) {
	answer, err := a.client.Refresh(ctx, s.AccessToken, s.RefreshToken)
	if err != nil {
		return session.Session{}, err
	}
	fresh, err := a.session(answer)
	switch {
	case err != nil:
		return session.Session{}, err
	case fresh.DeviceToken.IsEmpty():
		fresh.DeviceToken = s.DeviceToken
	case a.isAdmin() && s.DeviceToken.IsEmpty():
		// The admin's own session has no device token (PLATFORM-API.md §4), so
		// this is a user's that was resumed. Kept as the admin's, it would be
		// handed out as the admin's from then on.
		return session.Session{}, errNotAdmin
	}
	return fresh, nil
}

// isAdmin reports whether the sessions are an admin's. Without credentials
// nobody said whose they are.
func (a *authorizer) isAdmin() bool { return a.missing == nil && a.credentials.DeviceToken.IsEmpty() }

// Login implements [session.Authorizer].
func (a *authorizer) Login(ctx context.Context, admit session.Admit) (session.Session, error) {
	if a.missing != nil {
		return session.Session{}, a.missing
	}
	answer, err := a.client.Login(ctx, a.credentials, userservice.Admit(admit))
	if err != nil {
		return session.Session{}, err
	}
	return a.session(answer)
}

// session turns the platform's answer into a session, and notes how wrong the
// clocks are. It guards against another user's token, should a resumed session
// belong to somebody else.
func (a *authorizer) session(answer userservice.Answer) (session.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.skew = answer.ClockSkew
	wanted := a.credentials.DeviceToken
	if !wanted.IsEmpty() && !answer.DeviceToken.IsEmpty() && !strings.EqualFold(wanted.Reveal(), answer.DeviceToken.Reveal()) {
		return session.Session{}, errOtherDevice
	}
	return session.Session{
		AccessToken:  answer.AccessToken,
		RefreshToken: answer.RefreshToken,
		DeviceToken:  answer.DeviceToken,
		IssuedAt:     answer.IssuedAt,
		ExpiresAt:    answer.ExpiresAt,
	}, nil
}

// clockSkew is how far the platform's clock was ahead of this machine's in the
// last answer; zero when there was none.
func (a *authorizer) clockSkew() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.skew
}

// The errors of a session that is somebody else's than asked for.
var (
	errOtherDevice = errors.New("the session belongs to another device token than the one that was asked for")
	errNotAdmin    = errors.New("the session belongs to a user, and without device_token an admin's was asked for")
)

// missingCredentialsError says which settings a login would need.
type missingCredentialsError struct {
	user    bool
	missing []setting
}

// Error names the attributes and their environment variables.
func (e *missingCredentialsError) Error() string {
	names := make([]string, len(e.missing))
	for i, s := range e.missing {
		names[i] = s.String()
	}
	kind := "an admin"
	if e.user {
		kind = "a user"
	}
	return fmt.Sprintf("to authorize as %s takes %s", kind, strings.Join(names, " and "))
}

// missingCredentials returns an error when a login is not possible with c.
func missingCredentials(c userservice.Credentials) error {
	e := missingCredentialsError{user: !c.DeviceToken.IsEmpty()}
	need := func(s setting, missing bool) {
		if missing {
			e.missing = append(e.missing, s)
		}
	}
	if e.user {
		need(settingInstanceID, c.InstanceID == "")
		need(settingInstanceKey, c.InstanceKey.IsEmpty())
	} else {
		need(settingEmail, c.Email == "")
		need(settingPassword, c.Password.IsEmpty())
	}
	if len(e.missing) == 0 {
		return nil
	}
	return &e
}
