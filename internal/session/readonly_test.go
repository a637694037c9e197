package session_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

func TestReadOnly_AsksNothing(t *testing.T) {
	tests := []struct {
		name           string
		stored, resume func() session.Session // nil: none
		token          string                 // empty: an error
		notice         session.NoticeKind     // zero: none
		would          session.Source         // of the error
	}{
		{name: "a fresh stored session", stored: aged(time.Hour), token: "access-resumed"},
		{name: "a fresh resumed session", resume: aged(time.Hour), token: "access-resumed"},
		{name: "a stale one that is alive", stored: aged(110 * time.Minute), token: "access-resumed", notice: session.WouldRefresh},
		{name: "an expired one", stored: aged(3 * time.Hour), would: session.Refreshed},
		{name: "an expired resumed one", resume: aged(3 * time.Hour), would: session.Refreshed},
		{name: "none", would: session.LoggedIn},
		{name: "a newer expired and an older alive", stored: shortLived, resume: aged(110 * time.Minute), token: "access-resumed", notice: session.WouldRefresh},
		{name: "one whose times are not known at all", resume: timeless, would: session.Refreshed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
				if test.stored != nil {
					save(t, store, admin, test.stored())
				}
				if test.resume != nil {
					req.Resume = test.resume()
				}
				result, err := session.NewManager(session.Config{Store: store, ReadOnly: true}).Open(t.Context(), req)
				if got := p.counts(); got != (counts{}) {
					t.Errorf("requests = %+v, want none", got)
				}
				if test.token == "" {
					var refused *session.ReadOnlyError
					if !errors.As(err, &refused) || refused.Would != test.would {
						t.Errorf("error = %v, want that it would have %s", err, test.would)
					}
					return
				}
				want(t, p, result, err, session.Reused, counts{})
				if got := result.AccessToken.Reveal(); got != test.token {
					t.Errorf("token = %s, want %s", got, test.token)
				}
				var notice session.NoticeKind
				for _, n := range result.Notices {
					notice = n.Kind
				}
				if notice != test.notice || len(result.Notices) > 1 {
					t.Errorf("notices = %+v, want %d", result.Notices, test.notice)
				}
			})
		})
	}
}

// shortLived is a session that was issued lately and is over.
func shortLived() session.Session {
	s := named("short", time.Minute)
	s.ExpiresAt = s.IssuedAt.Add(time.Second)
	return s
}
