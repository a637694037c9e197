package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
)

func TestProfile_ShowsTheUser(t *testing.T) {
	s := serve(t, emulator.Options{})
	s.AddUser(emulator.User{
		DeviceToken: deviceToken, InstanceID: instanceID, FirstName: "Ada", Phone: "+44 20 7946 0000", ClientID: "c-1",
		Inactive: true, EnableLogging: true,
	})
	got := s.profile(s.loginUser().Result.AccessToken.Token)
	want := `{"Result":{"DeviceToken":"` + deviceToken + `","Status":"Inactive",` +
		`"UserProfile":{"FirstName":"Ada","LastName":null,"Nickname":null,"Phone":"+44 20 7946 0000","Email":null},` +
		`"UserFields":[{"ClientId":"c-1","Enabled":false,"EnableTracking":false,"EnableLogging":true,"EnableRealTimeLocation":false}]},` +
		`"Status":200,"Title":"","Errors":[]}`
	if got.httpStatus != http.StatusOK || got.body != want {
		t.Errorf("answered HTTP %d\n%s, want\n%s", got.httpStatus, got.body, want)
	}
}

func TestProfile_NeedsInstanceID(t *testing.T) {
	s := serve(t, emulator.Options{})
	bearer := "Bearer " + s.loginUser().Result.AccessToken.Token
	for _, test := range []struct {
		name, id string
		status   int
	}{
		{"none", "", http.StatusBadRequest},
		{"another", otherInstance, http.StatusForbidden},
		{"without dashes, in capitals", strings.ToUpper(strings.ReplaceAll(instanceID, "-", "")), http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := s.ask(http.MethodGet, usersPath, "", "Authorization", bearer, "InstanceId", test.id)
			if got.httpStatus != test.status || got.Status != test.status {
				t.Errorf("answered HTTP %d %s, want %d", got.httpStatus, got.body, test.status)
			}
		})
	}
}

// So is the portal's whole envelope (PLATFORM-API.md §8.1). Its lists are empty for
// credentials without a role.
func TestPermissions_AreInLowerCase(t *testing.T) {
	role := `{"companyId":"` + emulator.CompanyID + `","companyIntId":1,"roleId":"` + emulator.RoleID + `"}`
	for _, test := range []struct {
		name, companies string
		noRole          bool
	}{{"a role in the company", "[" + role + "]", false}, {"no role", "[]", true}} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.AddAdmin(emulator.Admin{Email: email, Password: password, NoRole: test.noRole})
			token := s.login().Result.AccessToken.Token
			claims, err := jwt.Claims(token)
			if err != nil {
				t.Fatal(err)
			}
			id, _ := claims["sub"].(string)
			want := `{"result":{"userId":"` + id + `","isGod":false,"companiesPermissions":` + test.companies +
				`,"appsPermissions":[],"instancesPermissions":[]},"status":200,"title":"","errors":[]}`
			if got := s.permissions(token); got.httpStatus != http.StatusOK || got.body != want {
				t.Errorf("answered HTTP %d\n%s, want\n%s", got.httpStatus, got.body, want)
			}
		})
	}
	s := serve(t, emulator.Options{})
	want := `{"result":null,"status":401,"title":"Unauthorized","errors":[{"key":"","message":"The token is missing, unknown, revoked or has expired."}]}`
	if got := s.permissions("unknown"); got.body != want {
		t.Errorf("answered %s, want %s", got.body, want)
	}
}

// Both are in PLATFORM-API.md §7.
func TestProofOfLife_OfUsersAndAdmins(t *testing.T) {
	for _, test := range []struct {
		name          string
		age           func(s service, user, admin answer)
		usersToken    int // what a user's token is answered by its own check
		adminsToken   int
		usersByAdmins int // a user's token at the admin's check
		adminsByUsers int
	}{
		{"living", func(service, answer, answer) {}, 200, 200, 403, 403},
		{"revoked", func(s service, _, _ answer) {
			for _, account := range []string{email, deviceToken} {
				if _, _, err := s.LoginElsewhere(account); err != nil {
					s.t.Fatal(err)
				}
			}
		}, 401, 401, 401, 401},
		{"expired", func(s service, _, _ answer) { s.Advance(2 * time.Hour) }, 401, 401, 401, 401},
		{"spent by a refresh", func(s service, user, admin answer) {
			s.mustGrant(s.refresh(user))
			s.mustGrant(s.refresh(admin))
		}, 200, 200, 403, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{Now: fixedClock})
			user, admin := s.loginUser(), s.login()
			test.age(s, user, admin)
			s.ResetCounts()
			for _, check := range []struct {
				name string
				answer
				want int
			}{
				{"user's token", s.profile(user.Result.AccessToken.Token), test.usersToken},
				{"admin's token", s.permissions(admin.Result.AccessToken.Token), test.adminsToken},
				{"user's token at the admin's check", s.permissions(user.Result.AccessToken.Token), test.usersByAdmins},
				{"admin's token at the user's check", s.profile(admin.Result.AccessToken.Token), test.adminsByUsers},
			} {
				if check.httpStatus != check.want || check.Status != check.want {
					t.Errorf("%s: answered HTTP %d %s, want %d", check.name, check.httpStatus, check.body, check.want)
				}
			}
			if c := s.Counts(); c != (emulator.Counts{Users: 2, Permissions: 2}) {
				t.Errorf("counts = %+v, want 2 of each check and nothing else", c)
			}
			if got := s.profile(s.loginUser().Result.AccessToken.Token).httpStatus; got != http.StatusOK {
				t.Errorf("after a login the check was answered HTTP %d, want 200", got)
			}
		})
	}
}

func TestAuthorization_NeedsALivingBearerToken(t *testing.T) {
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
			got := s.ask(http.MethodGet, permissionsPath, "", "Authorization", test.header)
			if got.httpStatus != test.status || got.Status != test.status {
				t.Errorf("answered HTTP %d %s, want %d", got.httpStatus, got.body, test.status)
			}
		})
	}
}
