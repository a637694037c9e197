package emulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestRefreshRotates(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.loginUser()
	second := s.mustGrant(s.refresh(first))
	if second.Result.AccessToken.Token == first.Result.AccessToken.Token || second.Result.RefreshToken == first.Result.RefreshToken {
		t.Error("a refresh answered a token that there was before")
	}
	if device := second.Result.DeviceToken; device == nil || *device != deviceToken {
		t.Errorf("DeviceToken = %v, want the user's", device)
	}
	// Only a login revokes (PLATFORM-API.md §6).
	for _, test := range []struct {
		name string
		answer
	}{{"old", first}, {"new", second}} {
		if !s.Accepts(test.Result.AccessToken.Token) {
			t.Errorf("the %s access token is not accepted", test.name)
		}
	}
	s.mustGrant(s.refresh(second))
	if c := s.Counts(); c != (emulator.Counts{Login: 1, LoggedIn: 1, Refresh: 2, Refreshed: 2}) {
		t.Errorf("counts = %+v, want 2 refreshes", c)
	}
}

func TestSpentRefreshToken(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	second := s.mustGrant(s.refresh(first))
	for range 2 {
		s.mustRefuse(s.refresh(first), http.StatusUnauthorized, "The refresh token was used before.")
	}
	if c := s.Counts(); c.SpentRefresh != 2 || c.Refresh != 3 || c.Refreshed != 1 {
		t.Errorf("counts = %+v, want 2 spent refresh tokens of 3 refreshes", c)
	}
	s.mustGrant(s.refresh(second))
}

func TestRefreshOfAnExpiredAccessToken(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock})
	first := s.login()
	s.Advance(89 * 24 * time.Hour)
	if s.Accepts(first.Result.AccessToken.Token) {
		t.Fatal("the access token is still accepted after 89 days")
	}
	second := s.mustGrant(s.refresh(first))
	if !s.Accepts(second.Result.AccessToken.Token) {
		t.Error("the new access token is not accepted")
	}
}

func TestExpiredRefreshToken(t *testing.T) {
	tests := []struct {
		name    string
		options emulator.Options
		after   time.Duration
		granted bool
	}{
		{"a second before three months", emulator.Options{}, 90*24*time.Hour - time.Second, true},
		{"after three months", emulator.Options{}, 90 * 24 * time.Hour, false},
		{"after a life of its own", emulator.Options{RefreshTokenLifetime: time.Hour}, time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Now = fixedClock
			s := serve(t, test.options)
			first := s.login()
			s.Advance(test.after)
			if test.granted {
				s.mustGrant(s.refresh(first))
				return
			}
			s.mustRefuse(s.refresh(first), http.StatusUnauthorized, "The refresh token has expired.")
		})
	}
}

func TestRefreshThatIsRefused(t *testing.T) {
	s := serve(t, emulator.Options{})
	admin, user := s.login(), s.loginUser()
	access, refresh := admin.Result.AccessToken.Token, admin.Result.RefreshToken
	good := refreshBody(access, refresh)
	tests := []struct {
		name   string
		body   string
		status int
		why    string
	}{
		{"an unknown refresh token", refreshBody(access, "unknown"), 401, "The refresh token is unknown."},
		{"an access token of somebody", refreshBody(user.Result.AccessToken.Token, refresh), 401, "do not belong together"},
		{"an unknown access token", refreshBody("unknown", refresh), 401, "do not belong together"},
		{"no access token", `{"RefreshToken":"` + refresh + `"}`, 400, "are required"},
		{"no refresh token", `{"AccessToken":"` + access + `"}`, 400, "are required"},
		{"an unknown field", good[:len(good)-1] + `,"InstanceId":"x"}`, 400, "are required"},
		{"a bracket too many", good + "]", 400, "are required"},
		{"a second document", good + good, 400, "are required"},
		{"an object for a refresh token", `{"AccessToken":"` + access + `","RefreshToken":{}}`, 400, "are required"},
		{"nothing", "", 400, "are required"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.mustRefuse(s.ask(http.MethodPost, refreshPath, test.body), test.status, test.why)
		})
	}
	// None of them spent it.
	s.mustGrant(s.ask(http.MethodPost, refreshPath, good, "InstanceId", instanceID, "InstanceKey", instanceKey))
}

func TestRefreshMediaTypesAndKeys(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	body := `{"accesstoken":"` + first.Result.AccessToken.Token + `","REFRESHTOKEN":"` + first.Result.RefreshToken + `"}`
	s.mustGrant(s.ask(http.MethodPost, refreshPath, body, "Content-Type", "application/json-patch+json"))
}
