package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// limited is the contract's limit, with a clock that only the test moves.
func limited() emulator.Options { return emulator.Options{Now: fixedClock} }

// exhaust logs in as often as the contract allows.
func (s service) exhaust() {
	s.t.Helper()
	for range 5 {
		s.login()
	}
}

func TestLoginLimit(t *testing.T) {
	s := serve(t, limited())
	s.exhaust()
	blocked := s.ask(http.MethodPost, loginPath, adminObject)
	s.mustRefuse(blocked, http.StatusTooManyRequests, "Too many login attempts")
	if got := blocked.header.Get("Retry-After"); got != "3600" {
		t.Errorf("Retry-After = %q, want an hour", got)
	}

	// The block does not end with the window, nor for whom it does not fit.
	s.Advance(time.Hour - 1500*time.Millisecond)
	blocked = s.ask(http.MethodPost, loginPath, userObject, "InstanceId", instanceID)
	s.mustRefuse(blocked, http.StatusTooManyRequests, "Too many login attempts")
	if got := blocked.header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After = %q with 1.5s left, want it rounded up to 2", got)
	}
	s.Advance(1500 * time.Millisecond)
	s.login()
	if c := s.Counts(); c.Login != 8 || c.LoggedIn != 6 || c.RateLimited != 2 {
		t.Errorf("counts = %+v, want 8 logins, of which 6 were granted and 2 limited", c)
	}
}

func TestLoginWindowSlides(t *testing.T) {
	s := serve(t, limited())
	s.login()
	s.Advance(30 * time.Second)
	for range 4 {
		s.login()
	}
	// The first has left the window, the others have not.
	s.Advance(30 * time.Second)
	s.login()
	s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
}

func TestWhatCountsAsALogin(t *testing.T) {
	s := serve(t, limited())
	wrong := strings.Replace(adminObject, password, "wrong", 1)
	for range 4 {
		s.mustRefuse(s.ask(http.MethodPost, loginPath, wrong), http.StatusUnauthorized, "password")
	}
	s.mustRefuse(s.ask(http.MethodPost, loginPath, "nonsense"), http.StatusBadRequest, "not the JSON")
	s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
}

func TestAskingWhileBlockedDoesNotProlongTheBlock(t *testing.T) {
	s := serve(t, limited())
	s.exhaust()
	for range 10 {
		s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
		s.Advance(6 * time.Minute)
	}
	s.login()
}

func TestOthersAreNotBlocked(t *testing.T) {
	s := serve(t, limited())
	first := s.login()
	for range 4 {
		s.loginUser()
	}
	s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")

	// Refresh and use of a token go on, and so do other addresses. HTTP over
	// loopback has one address, so the other one asks the handler.
	refreshed := s.mustGrant(s.refresh(first))
	if got := s.profile(refreshed.Result.AccessToken.Token); got.httpStatus != http.StatusOK {
		t.Errorf("the profile was answered HTTP %d", got.httpStatus)
	}
	for _, address := range []string{"192.0.2.1:4711", "an address without a port"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, loginPath, strings.NewReader(adminObject))
		request.Header.Set("Content-Type", "application/json")
		request.RemoteAddr = address
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK {
			t.Errorf("a login from %s was answered HTTP %d, want 200", address, recorder.Code)
		}
	}
}

func TestLimitSettings(t *testing.T) {
	t.Run("another limit", func(t *testing.T) {
		s := serve(t, emulator.Options{Now: fixedClock, LoginLimit: 1, LoginWindow: 10 * time.Second, BlockFor: 20 * time.Second})
		s.login()
		s.Advance(10 * time.Second)
		s.login()
		blocked := s.ask(http.MethodPost, loginPath, adminObject)
		s.mustRefuse(blocked, http.StatusTooManyRequests, "Too many")
		if got := blocked.header.Get("Retry-After"); got != "20" {
			t.Errorf("Retry-After = %q, want 20", got)
		}
		s.Advance(20 * time.Second)
		s.login()
	})
	t.Run("without Retry-After", func(t *testing.T) {
		options := limited()
		options.OmitRetryAfter = true
		s := serve(t, options)
		s.exhaust()
		blocked := s.ask(http.MethodPost, loginPath, adminObject)
		s.mustRefuse(blocked, http.StatusTooManyRequests, "Too many")
		if got, there := blocked.header["Retry-After"]; there {
			t.Errorf("Retry-After = %q, want none", got)
		}
	})
	t.Run("a limit that changes", func(t *testing.T) {
		s := serve(t, limited())
		s.login()
		s.SetLoginLimit(2, time.Hour)
		s.Advance(59 * time.Minute)
		s.login()
		s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
		s.Advance(time.Hour)
		s.SetLoginLimit(0, 0) // the contract's
		s.exhaust()
		s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
	})
	t.Run("no limit", func(t *testing.T) {
		s := serve(t, emulator.Options{Now: fixedClock, LoginLimit: -1})
		for range 20 {
			s.login()
		}
	})
}
