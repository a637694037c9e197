package emulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// inGroup are the headers of a registration.
func inGroup() []string { return []string{"InstanceId", instanceID, "InstanceKey", instanceKey} }

const customToken = "cccccccc-0000-4000-8000-00000000000c"

func TestRegister_MakesAUserWithoutTokens(t *testing.T) {
	a := asAdmin(t, emulator.Options{Now: fixedClock})
	body := `{"CustomToken":"` + strings.ToUpper(customToken) + `","CreateAccessToken":false,"FirstName":"Ada","UserFields":{"ClientId":"c-1","EnableTracking":true}}`
	got := a.plain(http.MethodPost, registrationPath, body, inGroup()...)
	if want := `{"Result":{"DeviceToken":"` + customToken + `","AccessToken":null,"RefreshToken":null},"Status":200,"Title":"","Errors":[]}`; got.body != want {
		t.Errorf("answered %s, want %s", got.body, want)
	}
	want := emulator.User{
		DeviceToken: customToken, InstanceID: instanceID, FirstName: "Ada", ClientID: "c-1", EnableTracking: true, Created: fixedClock(),
	}
	if made := a.user(customToken); made != want {
		t.Errorf("the user is %+v, want %+v", made, want)
	}
	if c := a.Counts(); c.Login != 1 || a.Requests(emulator.UserRegister) != 1 {
		t.Errorf("counts = %+v, want the admin's login only: a registration is none", c)
	}
}

// That is why a client always sends CreateAccessToken (PLATFORM-API.md §8.4).
func TestRegister_IssuesTokensUnlessRefused(t *testing.T) {
	for _, body := range []string{`{}`, `{"CreateAccessToken":true}`} {
		a := asAdmin(t, emulator.Options{})
		got := a.mustGrant(a.ask(http.MethodPost, registrationPath, body, inGroup()...))
		if device := got.Result.DeviceToken; device == nil || a.user(*device).InstanceID != instanceID || !a.Accepts(got.Result.AccessToken.Token) {
			t.Errorf("%s: answered %s, want a token of a user that was made up", body, got.body)
		}
	}
}

func TestRegister_IsRefused(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	for _, test := range []struct {
		name, body string
		headers    []string
		status     int
		why        string
	}{
		{"no headers", `{}`, nil, 401, "The instance or its key is wrong."},
		{"unknown instance", `{}`, []string{"InstanceId", unknownID, "InstanceKey", instanceKey}, 401, "The instance or its key is wrong."},
		{"another instance's key", `{}`, []string{"InstanceId", instanceID, "InstanceKey", emulator.OtherInstanceKey}, 401, "The instance or its key is wrong."},
		{"a Bearer token", `{}`, append(inGroup(), "Authorization", a.bearer), 400, "no Bearer token"},
		{"a custom token that is no UUID", `{"CustomToken":"me"}`, inGroup(), 422, "must be a UUID"},
		{"a custom token that exists", `{"CustomToken":"` + deviceToken + `"}`, inGroup(), 422, "exists"},
		{"an unknown field", `{"Name":"x"}`, inGroup(), 400, "not the JSON"},
		{"a list for UserFields", `{"UserFields":[{"ClientId":"x"}]}`, inGroup(), 400, "not the JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := a.plain(http.MethodPost, registrationPath, test.body, test.headers...)
			if got.httpStatus != test.status || !strings.Contains(got.body, test.why) {
				t.Errorf("answered HTTP %d %s, want %d with %q", got.httpStatus, got.body, test.status, test.why)
			}
			if n := len(a.RegisteredUsers()); n != 2 {
				t.Errorf("there are %d users, want 2", n)
			}
		})
	}
}

func TestRegister_CustomTokenThatExists(t *testing.T) {
	for _, test := range []struct{ by, want int }{{0, 422}, {409, 409}, {200, 200}} {
		t.Run(fmt.Sprint(test.by), func(t *testing.T) {
			a := asAdmin(t, emulator.Options{CustomTokenExistsBy: test.by})
			before := a.user(deviceToken)
			got := a.plain(http.MethodPost, registrationPath, `{"CustomToken":"`+deviceToken+`","FirstName":"Eve","CreateAccessToken":false}`, inGroup()...)
			if got.httpStatus != test.want || a.user(deviceToken) != before {
				t.Errorf("answered HTTP %d %s, want %d; the user is %+v", got.httpStatus, got.body, test.want, a.user(deviceToken))
			}
		})
	}
}

func TestFind_ShowsWhatTheParametersAskFor(t *testing.T) {
	a := asAdmin(t, emulator.Options{Now: fixedClock})
	a.AddUser(emulator.User{DeviceToken: customToken, InstanceID: instanceID, FirstName: "Off", Email: "Off@example.com", Phone: "+49 1", ClientID: "c-2", Inactive: true})
	bare := `{"DeviceToken":"` + deviceToken + `","Status":"Active","UserProfile":{"FirstName":null,"LastName":null,"Nickname":null,"Phone":null,"Email":null},` +
		`"UserFields":[{"ClientId":null,"Enabled":true,"EnableTracking":false,"EnableLogging":false,"EnableRealTimeLocation":false}],` +
		`"DateCreated":"2026-06-01T12:00:00Z","AccountInfo":`
	for _, test := range []struct{ name, query, want string }{
		{"names are null by default", "DeviceToken=" + deviceToken, "[" + bare + `null}]`},
		{
			"account information, names with it", "IncludeAccountInfo=true&DeviceToken=" + deviceToken,
			`"FirstName":"Ada","LastName":"Lovelace"`,
		},
		{
			"the place of the user", "IncludeAccountInfo=true&DeviceToken=" + deviceToken,
			`"AccountInfo":{"CompanyId":"` + emulator.CompanyID + `","ApplicationId":"` + emulator.ApplicationID + `","InstanceId":"` + instanceID + `"}}]`,
		},
		{"id without dashes", "DeviceToken=" + strings.ReplaceAll(deviceToken, "-", ""), bare},
		{"a deactivated user looks deleted", "DeviceToken=" + customToken, `"Result":[]`},
		{"a deactivated user", "ShowInactiveUsers=true&DeviceToken=" + customToken, `"Status":"Inactive"`},
		{"by email", "ShowInactiveUsers=true&Email=off@EXAMPLE.com", customToken},
		{"by phone", "ShowInactiveUsers=true&Phone=" + url.QueryEscape("+49 1"), customToken},
		{"by client id", "ShowInactiveUsers=true&ClientId=c-2", customToken},
		{"all must match", "ShowInactiveUsers=true&ClientId=c-2&DeviceToken=" + deviceToken, `"Result":[]`},
		{"nobody", "DeviceToken=" + unknownID, `"Result":[]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.wantBody(200, test.want, http.MethodGet, findPath+"?"+test.query, "")
		})
	}
	a.wantBody(422, "to search by", http.MethodGet, findPath+"?ShowInactiveUsers=true", "")
}

func TestPage_TellsWhetherThereIsANext(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	for i := range 5 {
		a.AddUser(emulator.User{DeviceToken: fmt.Sprintf("cccccccc-0000-4000-8000-%012d", i), InstanceID: emulator.OtherInstanceID, Inactive: i == 4})
	}
	group := `"InstanceIds":["` + emulator.OtherInstanceID + `"]`
	for _, test := range []struct {
		name, body string
		users      int
		more       bool
		total      int
	}{
		{"first page", group + `,"PageNumber":1,"PageSize":2`, 2, true, 5},
		{"last page", group + `,"PageNumber":3,"PageSize":2`, 1, false, 5},
		{"a page that just fits", group + `,"PageNumber":1,"PageSize":5`, 5, false, 5},
		{"past the end", group + `,"PageNumber":9,"PageSize":2`, 0, false, 5},
		{"deactivated ones, too", group + `,"PageNumber":1,"PageSize":10,"ShowInactiveUsers":true`, 6, false, 6},
		{"an application", `"ApplicationIds":["` + emulator.ApplicationID + `"],"PageNumber":1,"PageSize":10`, 6, false, 6},
		{"another company", `"CompanyIds":["` + unknownID + `"],"PageNumber":1,"PageSize":10`, 0, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var page struct {
				Users                   []struct{ DeviceToken string }
				HasNextPage             bool
				TotalUsers, CurrentPage int
			}
			a.must(&page, http.MethodPost, pagePath, "{"+test.body+"}")
			if len(page.Users) != test.users || page.HasNextPage != test.more || page.TotalUsers != test.total || page.CurrentPage < 1 {
				t.Errorf("the page is %+v, want %d users of %d", page, test.users, test.total)
			}
		})
	}
	a.wantBody(422, "are required", http.MethodPost, pagePath, `{"PageNumber":1,"PageSize":2}`)
	a.wantBody(422, "begin with 1", http.MethodPost, pagePath, "{"+group+`,"PageNumber":0,"PageSize":2}`)
}

func TestUpdateUser_ChangesWhatIsSent(t *testing.T) {
	a := asAdmin(t, emulator.Options{Now: fixedClock})
	of := []string{"UserDeviceToken", deviceToken}
	for _, step := range []struct {
		name, body string
		want       func(*emulator.User)
	}{
		{"what is not sent stays", `{"Nickname":"Countess","UserFields":{"EnableLogging":true}}`, func(u *emulator.User) { u.Nickname, u.EnableLogging = "Countess", true }},
		{"empty clears", `{"Nickname":"","LastName":null}`, func(u *emulator.User) { u.Nickname = "" }},
		{"deactivated", `{"UserFields":{"Enabled":false}}`, func(u *emulator.User) { u.Inactive = true }},
		{"active again", `{"UserFields":{"Enabled":true}}`, func(u *emulator.User) { u.Inactive = false }},
	} {
		want := a.user(deviceToken)
		step.want(&want)
		a.wantBody(200, `{"Status":200,"Title":"","Errors":[]}`, http.MethodPut, usersPath, step.body, of...)
		if got := a.user(deviceToken); got != want {
			t.Errorf("%s: the user is %+v, want %+v", step.name, got, want)
		}
	}
	a.wantBody(422, "UserDeviceToken is required", http.MethodPut, usersPath, `{}`)
	a.wantBody(403, "no access", http.MethodPut, usersPath, `{}`, "UserDeviceToken", unknownID)
	a.wantBody(400, "not the JSON", http.MethodPut, usersPath, `{"UserFields":[{"Enabled":false}]}`, of...)
	a.wantBody(400, "not the JSON", http.MethodPut, usersPath, `{"Status":"Inactive"}`, of...)
}

func TestMoveUser_NeedsTheKeyOfTheNewInstance(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	body := func(device, to, key string) string {
		return `{"DeviceToken":"` + device + `","ToInstanceId":"` + to + `","ToInstanceKey":"` + key + `"}`
	}
	a.wantBody(422, "key is wrong", http.MethodPost, movePath, body(deviceToken, emulator.OtherInstanceID, instanceKey))
	a.wantBody(422, "key is wrong", http.MethodPost, movePath, body(deviceToken, unknownID, instanceKey))
	limited := a.as(emulator.Admin{OnlyInstanceID: instanceID})
	limited.wantBody(403, "no access", http.MethodPost, movePath, body(deviceToken, emulator.OtherInstanceID, emulator.OtherInstanceKey))
	a.wantBody(403, "no access", http.MethodPost, movePath, body(unknownID, emulator.OtherInstanceID, emulator.OtherInstanceKey))
	if got := a.user(deviceToken).InstanceID; got != instanceID {
		t.Errorf("the user is in %s after moves that were refused", got)
	}
	a.wantBody(200, `{"Status":200,"Title":"","Errors":[]}`, http.MethodPost, movePath, body(deviceToken, emulator.OtherInstanceID, emulator.OtherInstanceKey))
	if got := a.user(deviceToken).InstanceID; got != emulator.OtherInstanceID {
		t.Errorf("the user is in %s", got)
	}
}
