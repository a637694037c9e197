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
	if fresh.DeviceToken.IsEmpty() {
		fresh.DeviceToken = s.DeviceToken
	}
	return fresh, err
}

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

// errOtherDevice says that a session belongs to another user than asked for.
var errOtherDevice = errors.New("the session belongs to another device token than the one that was asked for")

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
