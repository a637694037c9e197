package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

const (
	companyPath      = "/v1/companies/" + emulator.CompanyID + "/applications"
	findPath         = "/v1/Management/users/find"
	pagePath         = "/v1/Management/users/GetFilteredPage"
	movePath         = "/v1/Management/users/instances/change"
	registrationPath = "/v1/Registration/create"
	unknownID        = "99999999-0000-4000-8000-000000000099"
)

// An asker asks the methods of PLATFORM-API.md §8 with an admin's token.
type asker struct {
	service
	bearer string
}

// asAdmin logs the admin in. Its platform has one application, the instances
// and the users of the test accounts.
func asAdmin(t *testing.T, options emulator.Options) asker {
	t.Helper()
	s := serve(t, options)
	return asker{s, "Bearer " + s.login().Result.AccessToken.Token}
}

// as is the asker with the token of another admin.
func (a asker) as(admin emulator.Admin) asker {
	a.t.Helper()
	admin.Email, admin.Password = "scoped@example.com", "scoped-P@ssw0rd"
	a.AddAdmin(admin)
	body := `{"LoginFields":{"Email":"` + admin.Email + `"},"Password":"` + admin.Password + `"}`
	return asker{a.service, "Bearer " + a.mustGrant(a.ask(http.MethodPost, loginPath, body)).Result.AccessToken.Token}
}

// call asks one method and returns HTTP status and body.
func (a asker) call(method, path, body string, headers ...string) (status int, text string) {
	a.t.Helper()
	got := a.plain(method, path, body, append([]string{"Authorization", a.bearer}, headers...)...)
	return got.httpStatus, got.body
}

// plain is request for an answer whose Result holds no tokens.
func (a asker) plain(method, path, body string, headers ...string) answer {
	a.t.Helper()
	got, err := a.request(method, path, body, append([]string{"Content-Type", "application/json"}, headers...)...)
	if err != nil && got.body == "" {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// must asks one method, which has to succeed, and reads its Result.
func (a asker) must(into any, method, path, body string) {
	a.t.Helper()
	status, text := a.call(method, path, body)
	var e struct {
		Result json.RawMessage
		Status int
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil || status != http.StatusOK || e.Status != http.StatusOK {
		a.t.Fatalf("%s %s: answered HTTP %d %s", method, path, status, text)
	}
	if into != nil {
		if err := json.Unmarshal(e.Result, into); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
}

// create makes an application or an instance and returns what was made.
func (a asker) create(path, body string) (made struct {
	AppID     string `json:"AppId"`
	ID        string `json:"Id"`
	Key       string
	Instances []struct{ ID, Key string }
},
) {
	a.t.Helper()
	a.must(&made, http.MethodPost, path, body)
	return made
}

// wantBody fails the test unless an answer is HTTP status with a body that
// holds a text.
func (a asker) wantBody(status int, holds, method, path, body string, headers ...string) {
	a.t.Helper()
	got, text := a.call(method, path, body, headers...)
	if got != status || !strings.Contains(text, holds) {
		a.t.Errorf("%s %s: answered HTTP %d %s, want %d with %s", method, path, got, text, status, holds)
	}
}

func updatePath(id string) string { return "/v1/Applications/applications/" + id }

func TestApplication_IsCreatedReadUpdatedAndDeleted(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	made := a.create(companyPath, `{"name":"Fleet \"EU\" & ü 🚗","createDefaultGroup":false,"status":2,"googlePlayLink":"https://play.example"}`)
	if len(made.Instances) != 0 {
		t.Errorf("an instance was made that was not asked for: %v", made.Instances)
	}
	shown := func(description, status, link string) string {
		return `{"Id":"` + made.AppID + `","Name":"Fleet \"EU\" \u0026 ü 🚗","Description":` + description + `,"Status":"` + status +
			`","GooglePlayLink":` + link + `,"AppleStoreLink":null,"Environment":null`
	}
	get := "/v1/Applications/" + strings.ToUpper(strings.ReplaceAll(made.AppID, "-", ""))
	a.wantBody(200, shown("null", "Deactivated", `"https://play.example"`)+"},", http.MethodGet, get, "")
	a.wantBody(200, shown("null", "Deactivated", `"https://play.example"`)+`,"Instances":[]},`, http.MethodGet, get+"?includeInstances=true", "")
	a.wantBody(200, shown("null", "Deactivated", `"https://play.example"`)+"}]", http.MethodGet, companyPath, "")

	// What is not sent, or null, stays. "" clears. There is no Result.
	a.wantBody(200, `{"Status":200,"Title":"","Errors":[]}`, http.MethodPatch, updatePath(made.AppID), `{"status":1,"description":"x","googlePlayLink":null}`)
	a.wantBody(200, shown(`"x"`, "Active", `"https://play.example"`), http.MethodGet, get, "")
	a.must(nil, http.MethodPatch, updatePath(made.AppID), `{"description":"","googlePlayLink":""}`)
	a.wantBody(200, shown("null", "Active", "null"), http.MethodGet, get, "")

	a.wantBody(200, `{"Status":200,"Title":"","Errors":[]}`, http.MethodDelete, updatePath(made.AppID), "")
	a.wantBody(200, `"Result":null,"Status":200`, http.MethodGet, get, "")
	a.wantBody(200, `"Result":null,"Status":200`, http.MethodGet, "/v1/Applications/"+unknownID, "")
	for _, e := range []struct {
		endpoint emulator.Endpoint
		want     int
	}{
		{emulator.ApplicationCreate, 1}, {emulator.ApplicationList, 1}, {emulator.ApplicationGet, 6},
		{emulator.ApplicationUpdate, 2}, {emulator.ApplicationDelete, 1}, {emulator.InstanceGet, 0},
	} {
		if got := a.Requests(e.endpoint); got != e.want {
			t.Errorf("%s had %d requests, want %d", e.endpoint, got, e.want)
		}
	}
	a.ResetCounts()
	if got := a.Requests(emulator.ApplicationGet); got != 0 {
		t.Errorf("%d requests after a reset", got)
	}
}

// That is why a client always sends createDefaultGroup (PLATFORM-API.md §8.2).
func TestDefaultGroup_IsMadeUnlessRefused(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"not sent", `{"name":"x"}`, "Common"},
		{"true", `{"name":"x","createDefaultGroup":true}`, "Common"},
		{"false", `{"name":"x","createDefaultGroup":false}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := asAdmin(t, emulator.Options{})
			made := a.create(companyPath, test.body)
			var list []struct{ ID, Key, Name string }
			a.must(&list, http.MethodGet, "/v1/applications/"+made.AppID+"/instances", "")
			var names []string
			for _, each := range list {
				names = append(names, each.Name)
			}
			if got := strings.Join(names, " "); got != test.want || len(made.Instances) != len(list) {
				t.Errorf("the instances are %q, %v in the answer, want %q", got, made.Instances, test.want)
			}
		})
	}
}

func TestInstance_IsCreatedReadUpdatedAndDeleted(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	list := "/v1/applications/" + emulator.ApplicationID + "/instances"
	made := a.create(list, `{"name":"Drivers","description":"first"}`)
	path := "/v1/Instances/" + made.ID
	for range 2 { // the key can be read again at any time
		a.wantBody(200, `"Id":"`+made.ID+`","Key":"`+made.Key+`","Name":"Drivers","Description":"first","Status":"Active","InviteCode":"`, http.MethodGet, path, "")
	}
	a.wantBody(200, `"AppId":"`+emulator.ApplicationID+`","AppName":"Application of an instance","CompanyId":"`+emulator.CompanyID+`"}`, http.MethodGet, path, "")
	if made.Key == "" || !slices.Contains(a.Secrets(), made.Key) {
		t.Error("the key is not among the secrets")
	}

	// The fields of an update are in the query, and any text survives it.
	const odd = "50 % + \"ü\" & 🚗\nx"
	a.wantBody(200, `{"Status":200,"Title":"","Errors":[]}`, http.MethodPatch, path+"?Name="+url.QueryEscape(odd)+"&Status=2", "")
	changed := a.Instances()[len(a.Instances())-1]
	if changed.Name != odd || changed.Description != "first" || !changed.Deactivated || changed.Key != made.Key {
		t.Errorf("the instance is %+v", changed)
	}
	a.must(nil, http.MethodPatch, path+"?Description=", "")
	a.wantBody(200, `"Description":null,"Status":"Deactivated"`, http.MethodGet, path, "")

	// Deactivated instances are left out of the list by default.
	for _, test := range []struct {
		query string
		want  int
	}{{"", 2}, {"?includeDeactivated=false", 2}, {"?includeDeactivated=true", 3}} {
		var all []struct{ ID string }
		a.must(&all, http.MethodGet, list+test.query, "")
		if len(all) != test.want {
			t.Errorf("the list with %q has %d instances, want %d", test.query, len(all), test.want)
		}
	}
	a.must(nil, http.MethodDelete, path, "")
	a.wantBody(200, `"Result":null,"Status":200`, http.MethodGet, path, "")
}

func TestDelete_IsRefusedWithUsersInside(t *testing.T) {
	for _, test := range []struct {
		name        string
		options     emulator.Options
		inactive    bool
		isForbidden bool
	}{
		{"an active user", emulator.Options{InactiveUsersDoNotBlock: true}, false, true},
		{"a deactivated user", emulator.Options{}, true, true},
		{"a deactivated user that does not count", emulator.Options{InactiveUsersDoNotBlock: true}, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := asAdmin(t, test.options)
			a.DeleteUser(emulator.OtherDeviceToken)
			a.ChangeUser(deviceToken, func(u *emulator.User) { u.Inactive = test.inactive })
			if !test.isForbidden {
				token := a.loginUser().Result.AccessToken.Token
				a.must(nil, http.MethodDelete, "/v1/Instances/"+instanceID, "")
				if left := a.RegisteredUsers(); len(left) != 0 || a.Accepts(token) {
					t.Errorf("users %v are left of a deleted instance, with a token: %t", left, a.Accepts(token))
				}
				a.must(nil, http.MethodDelete, updatePath(emulator.ApplicationID), "")
				return
			}
			a.wantBody(422, `[{"Key":"InstanceId","Message":"Can't update instance, because users exists in instance."}]`, http.MethodDelete, "/v1/Instances/"+instanceID, "")
			a.wantBody(422, `[{"Key":"AppToken","Message":"Users exist for this application."}]`, http.MethodDelete, updatePath(emulator.ApplicationID), "")
			// Without users an application takes its instances along.
			a.must(nil, http.MethodDelete, "/v1/Management/users/"+deviceToken, "")
			a.must(nil, http.MethodDelete, updatePath(emulator.ApplicationID), "")
			if left := a.Instances(); len(left) != 0 {
				t.Errorf("%v are left", left)
			}
		})
	}
}

// A get answers so only if its application was deleted, too.
func TestDeletedObject_IsAnsweredAsTheOptionsSay(t *testing.T) {
	for _, test := range []struct{ by, status int }{{0, 403}, {403, 403}, {404, 404}, {200, 200}} {
		t.Run(fmt.Sprint(test.by), func(t *testing.T) {
			a := asAdmin(t, emulator.Options{GoneBy: test.by})
			alone := a.create("/v1/applications/"+emulator.ApplicationID+"/instances", `{"name":"alone"}`)
			a.DeleteInstance(alone.ID)
			a.DeleteApplication(emulator.ApplicationID)
			for _, request := range []struct{ method, path, body string }{
				{http.MethodPatch, updatePath(emulator.ApplicationID), `{}`},
				{http.MethodDelete, updatePath(emulator.ApplicationID), ""},
				{http.MethodPost, "/v1/applications/" + emulator.ApplicationID + "/instances", `{"name":"x"}`},
				{http.MethodGet, "/v1/applications/" + emulator.ApplicationID + "/instances", ""},
				{http.MethodGet, "/v1/Instances/" + alone.ID, ""},
				{http.MethodPatch, "/v1/Instances/" + instanceID + "?Name=x", ""},
				{http.MethodDelete, "/v1/Instances/" + instanceID, ""},
				{http.MethodDelete, "/v1/Management/users/" + deviceToken, ""},
			} {
				a.wantBody(test.status, `"Result":null`, request.method, request.path, request.body)
			}
			a.wantBody(200, `"Result":null`, http.MethodGet, "/v1/Applications/"+emulator.ApplicationID, "")
			a.wantBody(200, `"Result":null`, http.MethodGet, "/v1/Instances/"+unknownID, "")
		})
	}
}

// What the contract leaves open is an option; this is the second reading of each.
func TestOptions_SecondReadingOfWhatTheContractLeavesOpen(t *testing.T) {
	a := asAdmin(t, emulator.Options{BareLists: true, EmptyTexts: true, AbsentQueryClears: true})
	list := "/v1/applications/" + emulator.ApplicationID + "/instances"
	made := a.create(list, `{"name":"x","description":"y"}`)
	for _, path := range []string{companyPath, list, findPath + "?DeviceToken=" + deviceToken} {
		if _, text := a.call(http.MethodGet, path, ""); !strings.HasPrefix(text, "[{") || strings.Contains(text, `"Status":200`) {
			t.Errorf("%s: answered %s, want the list alone", path, text)
		}
	}
	if _, text := a.call(http.MethodGet, findPath+"?Email=nobody", ""); text != "[]" {
		t.Errorf("answered %s, want an empty list", text)
	}
	a.must(nil, http.MethodPatch, "/v1/Instances/"+made.ID+"?Name=z", "")
	a.wantBody(200, `"Name":"z","Description":""`, http.MethodGet, "/v1/Instances/"+made.ID, "")
	a.wantBody(200, `"GooglePlayLink":"","AppleStoreLink":"","Environment":""`, http.MethodGet, "/v1/Applications/"+emulator.ApplicationID, "")
}

func TestAccountsRequests_InvalidOnesAreRefused(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	instances := "/v1/applications/" + emulator.ApplicationID + "/instances"
	one := "/v1/Instances/" + instanceID
	app := updatePath(emulator.ApplicationID)
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		why                      string
	}{
		{"application without a name", http.MethodPost, companyPath, `{"createDefaultGroup":false}`, 422, "Name is required."},
		{"application with a blank name", http.MethodPost, companyPath, `{"name":" "}`, 422, "Name is required."},
		{"application with a text for Status", http.MethodPost, companyPath, `{"name":"x","status":"Active"}`, 400, "not the JSON"},
		{"application with an unknown Status", http.MethodPost, companyPath, `{"name":"x","status":3}`, 422, "Status must be 1 or 2."},
		{"application with an unknown field", http.MethodPost, companyPath, `{"name":"x","company":"y"}`, 400, "not the JSON"},
		{"another company's application", http.MethodPost, "/v1/companies/" + unknownID + "/applications", `{"name":"x"}`, 403, "no access"},
		{"another company's list", http.MethodGet, "/v1/companies/" + unknownID + "/applications", "", 403, "no access"},
		{"application's name taken away", http.MethodPatch, app, `{"name":""}`, 422, "Name is required."},
		{"default group of an update", http.MethodPatch, app, `{"createDefaultGroup":false}`, 422, "for a new application"},
		{"update by GET's path", http.MethodPatch, "/v1/Applications/" + emulator.ApplicationID, `{}`, 405, "Use GET."},
		{"instance without a name", http.MethodPost, instances, `{}`, 422, "Name is required."},
		{"instance with an unknown Status", http.MethodPost, instances, `{"name":"x","status":0}`, 422, "Status must be 1 or 2."},
		{"instance's fields in a body", http.MethodPatch, one, `{"name":"x"}`, 400, "into the query"},
		{"instance's unknown parameter", http.MethodPatch, one + "?name=x", "", 400, "unknown or repeated parameter"},
		{"instance's repeated parameter", http.MethodPatch, one + "?Name=x&Name=y", "", 400, "repeated parameter"},
		{"instance's text that is not encoded", http.MethodPatch, one + "?Name=x&Description=100%", "", 400, "not percent-encoded"},
		{"instance's text for Status", http.MethodPatch, one + "?Status=Active", "", 400, "must be a number"},
		{"instance's unknown Status", http.MethodPatch, one + "?Status=3", "", 422, "Status must be 1 or 2."},
		{"instance's name taken away", http.MethodPatch, one + "?Name=", "", 422, "Name is required."},
		{"path in another case", http.MethodGet, "/v1/instances/" + instanceID, "", 404, "no such method"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a.wantBody(test.status, test.why, test.method, test.path, test.body)
		})
	}
	if apps, groups := a.Applications(), a.Instances(); len(apps) != 1 || len(groups) != 2 || apps[0].Name == "" || groups[0].Deactivated {
		t.Errorf("a request that was refused changed something: %v, %v", apps, groups)
	}
}

// Credentials have a role at one level (PLATFORM-API.md §8.1).
func TestRole_DecidesWhichMethodsAreAllowed(t *testing.T) {
	const otherApp = "a9a9a9a9-1111-4000-8000-0000000000a9"
	for _, test := range []struct {
		name        string
		admin       emulator.Admin
		want        string // the statuses of the requests below
		users       int
		permissions string
	}{
		{"company", emulator.Admin{}, "200 200 200 200 200", 2, `"companiesPermissions":[{"companyId":"` + emulator.CompanyID + `","companyIntId":1,"roleId":"`},
		{
			"application", emulator.Admin{OnlyApplicationID: emulator.ApplicationID}, "403 200 403 200 200", 2,
			`"appsPermissions":[{"companyId":"` + emulator.CompanyID + `","companyIntId":1,"appId":"` + emulator.ApplicationID + `","appIntId":11,"roleId":"`,
		},
		{"instance", emulator.Admin{OnlyInstanceID: instanceID}, "403 403 403 200 403", 1, `"instanceId":"` + instanceID + `","instanceIntId":111,"roleId":"`},
		{"none", emulator.Admin{NoRole: true}, "403 403 403 403 403", 0, `"companiesPermissions":[],"appsPermissions":[],"instancesPermissions":[]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := asAdmin(t, emulator.Options{})
			a.AddApplication(emulator.Application{ID: otherApp, Name: "other"})
			a = a.as(test.admin)
			var got []string
			for _, path := range []string{
				companyPath, "/v1/Applications/" + emulator.ApplicationID, "/v1/Applications/" + otherApp,
				"/v1/Instances/" + instanceID, "/v1/Instances/" + emulator.OtherInstanceID,
			} {
				status, _ := a.call(http.MethodGet, path, "")
				got = append(got, fmt.Sprint(status))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("answered %s, want %s", got, test.want)
			}
			var page struct{ TotalUsers int }
			a.must(&page, http.MethodPost, pagePath, `{"CompanyIds":["`+emulator.CompanyID+`"],"PageNumber":1,"PageSize":10}`)
			if page.TotalUsers != test.users {
				t.Errorf("%d users are seen, want %d", page.TotalUsers, test.users)
			}
			a.wantBody(200, test.permissions, http.MethodGet, permissionsPath, "")
		})
	}
}

// No token is 401 and a user's token is 403, at every method but the registration.
func TestManagement_NeedsAnAdminsToken(t *testing.T) {
	s := serve(t, emulator.Options{})
	user := "Bearer " + s.loginUser().Result.AccessToken.Token
	for _, request := range []struct{ method, path string }{
		{http.MethodPost, companyPath},
		{http.MethodGet, companyPath},
		{http.MethodGet, "/v1/Applications/" + emulator.ApplicationID},
		{http.MethodGet, "/v1/Applications/" + unknownID},
		{http.MethodPatch, updatePath(emulator.ApplicationID)},
		{http.MethodDelete, updatePath(unknownID)},
		{http.MethodPost, "/v1/applications/" + emulator.ApplicationID + "/instances"},
		{http.MethodGet, "/v1/applications/" + emulator.ApplicationID + "/instances"},
		{http.MethodGet, "/v1/Instances/" + instanceID},
		{http.MethodGet, "/v1/Instances/" + unknownID},
		{http.MethodPatch, "/v1/Instances/" + instanceID},
		{http.MethodDelete, "/v1/Instances/" + instanceID},
		{http.MethodGet, findPath},
		{http.MethodPost, pagePath},
		{http.MethodPut, usersPath},
		{http.MethodPost, movePath},
		{http.MethodDelete, "/v1/Management/users/" + deviceToken},
	} {
		for _, test := range []struct {
			bearer string
			want   int
		}{{"Bearer unknown", http.StatusUnauthorized}, {user, http.StatusForbidden}} {
			a := asker{s, test.bearer}
			a.wantBody(test.want, `"Result":null`, request.method, request.path, "{}")
		}
	}
}

// Each method can lose its answer after it has acted, fail before, and answer 5xx
// although it has acted.
func TestFaults_OfTheMethodsOfAccounts(t *testing.T) {
	for _, test := range []struct {
		fault string
		acted bool
	}{{"lost", true}, {"acted:503", true}, {"truncated", true}, {"status:503", false}, {"reset", false}, {"html:502", false}} {
		t.Run(test.fault, func(t *testing.T) {
			a := asAdmin(t, emulator.Options{})
			for _, step := range []struct {
				endpoint           emulator.Endpoint
				method, path, body string
				headers            []string
				acted              func() bool
			}{
				{
					emulator.ApplicationCreate, http.MethodPost, companyPath, `{"name":"new","createDefaultGroup":false}`, nil,
					func() bool { return len(a.Applications()) == 2 },
				},
				{
					emulator.ApplicationUpdate, http.MethodPatch, updatePath(emulator.ApplicationID), `{"description":"new"}`, nil,
					func() bool { return a.Applications()[0].Description == "new" },
				},
				{
					emulator.InstanceCreate, http.MethodPost, "/v1/applications/" + emulator.ApplicationID + "/instances", `{"name":"new"}`, nil,
					func() bool { return len(a.Instances()) == 3 },
				},
				{
					emulator.InstanceUpdate, http.MethodPatch, "/v1/Instances/" + instanceID + "?Name=new", "", nil,
					func() bool { return a.Instances()[0].Name == "new" },
				},
				{
					emulator.UserUpdate, http.MethodPut, usersPath, `{"FirstName":"new"}`, []string{"UserDeviceToken", deviceToken},
					func() bool { return a.user(deviceToken).FirstName == "new" },
				},
				{
					emulator.UserMove, http.MethodPost, movePath,
					`{"DeviceToken":"` + deviceToken + `","ToInstanceId":"` + emulator.OtherInstanceID + `","ToInstanceKey":"` + emulator.OtherInstanceKey + `"}`, nil,
					func() bool { return a.user(deviceToken).InstanceID == emulator.OtherInstanceID },
				},
				{
					emulator.UserDelete, http.MethodDelete, "/v1/Management/users/" + deviceToken, "", nil,
					func() bool { return a.user(deviceToken).DeviceToken == "" },
				},
			} {
				if step.acted() {
					t.Fatalf("%s has been done before", step.endpoint)
				}
				a.Inject(step.endpoint, mustParse(t, test.fault))
				got, err := a.request(step.method, step.path, step.body, append([]string{"Authorization", a.bearer, "Content-Type", "application/json"}, step.headers...)...)
				if err == nil && got.httpStatus == http.StatusOK && json.Valid([]byte(got.body)) {
					t.Errorf("%s: answered HTTP %d %s, want the fault", step.endpoint, got.httpStatus, got.body)
				}
				if step.acted() != test.acted {
					t.Errorf("%s: it acted: %v, want %v", step.endpoint, !test.acted, test.acted)
				}
			}
		})
	}
}

// user is a user as the platform has it.
func (s service) user(device string) emulator.User {
	for _, u := range s.RegisteredUsers() {
		if u.DeviceToken == device {
			return u
		}
	}
	return emulator.User{}
}

func TestDrift_ChangesBehindTheClientsBackAreSeen(t *testing.T) {
	a := asAdmin(t, emulator.Options{})
	user := a.loginUser()
	const newKey = "5ec2e7ab-2222-4000-8000-00000000c0de"
	for _, step := range []struct {
		name string
		done bool
		want bool
	}{
		{"application", a.ChangeApplication(emulator.ApplicationID, func(x *emulator.Application) { x.Environment = "UAT" }), true},
		{"unknown application", a.ChangeApplication(unknownID, func(x *emulator.Application) { x.Name = "x" }), false},
		{"instance", a.ChangeInstance(instanceID, func(i *emulator.Instance) { i.Key = newKey }), true},
		{"unknown instance", a.ChangeInstance(unknownID, func(i *emulator.Instance) { i.Name = "x" }), false},
		{"user", a.ChangeUser(deviceToken, func(u *emulator.User) { u.Inactive = true }), true},
		{"unknown user", a.ChangeUser(unknownID, func(u *emulator.User) { u.Phone = "x" }), false},
		{"unknown application deleted", a.DeleteApplication(unknownID), false},
		{"unknown instance deleted", a.DeleteInstance(unknownID), false},
		{"unknown user deleted", a.DeleteUser(unknownID), false},
	} {
		if step.done != step.want {
			t.Errorf("%s: reported %v, want %v", step.name, step.done, step.want)
		}
	}
	a.wantBody(200, `"Environment":"UAT"`, http.MethodGet, "/v1/Applications/"+emulator.ApplicationID, "")
	a.wantBody(200, `"Key":"`+newKey+`"`, http.MethodGet, "/v1/Instances/"+instanceID, "")
	if !slices.Contains(a.Secrets(), newKey) || !slices.Contains(a.Secrets(), instanceKey) {
		t.Error("the new key, or the one before it, is not among the secrets")
	}
	a.wantBody(200, `"Status":"Inactive"`, http.MethodGet, findPath+"?ShowInactiveUsers=true&DeviceToken="+deviceToken, "")

	if !a.DeleteInstance(instanceID) || len(a.Instances()) != 1 || len(a.RegisteredUsers()) != 1 {
		t.Errorf("an instance is deleted with its users: %v, %v are left", a.Instances(), a.RegisteredUsers())
	}
	if a.Accepts(user.Result.AccessToken.Token) || a.refresh(user).httpStatus == http.StatusOK {
		t.Error("the tokens of a user that was deleted are accepted")
	}
	if !a.DeleteApplication(emulator.ApplicationID) || len(a.Instances())+len(a.RegisteredUsers())+len(a.Applications()) != 0 {
		t.Error("an application is deleted with all that is in it")
	}
}
