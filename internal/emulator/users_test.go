package emulator_test

import (
	"net/http"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestProfile(t *testing.T) {
	s := serve(t, emulator.Options{})
	user := s.profile(s.loginUser().Result.AccessToken.Token)
	if user.httpStatus != http.StatusOK || user.Result == nil || user.Result.DeviceToken == nil || *user.Result.DeviceToken != deviceToken ||
		user.Result.FirstName != "Ada" || user.Result.LastName != "Lovelace" || user.Result.Email != nil {
		t.Errorf("a user's profile was answered HTTP %d %s", user.httpStatus, user.body)
	}
	admin := s.profile(s.login().Result.AccessToken.Token)
	if admin.httpStatus != http.StatusOK || admin.Result == nil || admin.Result.Email == nil || *admin.Result.Email != email || admin.Result.DeviceToken != nil {
		t.Errorf("an admin's profile was answered HTTP %d %s", admin.httpStatus, admin.body)
	}
	if c := s.Counts(); c.Users != 2 {
		t.Errorf("counts = %+v, want 2 of users", c)
	}
}

func TestAuthorization(t *testing.T) {
	s := serve(t, emulator.Options{})
	got := s.login()
	token := got.Result.AccessToken.Token
	tests := []struct {
		name   string
		header string
		status int
	}{
		{"bearer", "Bearer " + token, 200},
		{"in lower case", "bearer " + token, 200},
		{"nothing", "", 401},
		{"the token alone", token, 401},
		{"another scheme", "Basic " + token, 401},
		{"no token", "Bearer ", 401},
		{"a refresh token", "Bearer " + got.Result.RefreshToken, 401},
		{"an unknown token", "Bearer any value", 401},
		{"two spaces", "Bearer  " + token, 401},
		{"a token cut short", "Bearer " + token[:len(token)-1], 401},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := s.ask(http.MethodGet, usersPath, "", "Authorization", test.header)
			if got.httpStatus != test.status || got.Status != test.status {
				t.Errorf("answered HTTP %d %s, want %d", got.httpStatus, got.body, test.status)
			}
		})
	}
}
