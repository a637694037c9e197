package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestLogin_IssuesTokensInEveryDialect(t *testing.T) {
	tests := []struct {
		name    string
		body    string
		headers []string
		device  string // of the answer
	}{
		{"admin, object", adminObject, nil, ""},
		{"admin, string", adminString, nil, ""},
		{"admin with the API InstanceID", adminObject, []string{"InstanceId", apiInstanceID}, ""},
		{"admin, email in capitals", strings.ToUpper(`{"loginfields":{"email":"`+email+`"},`) + `"password":"` + password + `"}`, nil, ""},
		{"admin, top-level keys in lower case", `{"loginfields":{"email":"` + email + `"},"password":"` + password + `"}`, nil, ""},
		{"admin, top-level keys in upper case", `{"LOGINFIELDS":{"EMAIL":"` + email + `"},"PASSWORD":"` + password + `"}`, nil, ""},
		{"user, object", userObject, []string{"InstanceId", instanceID}, deviceToken},
		{"user, string", userString, []string{"InstanceId", instanceID}, deviceToken},
		{"user with the key in a header", userObject, []string{"InstanceId", instanceID, "InstanceKey", instanceKey}, deviceToken},
		{
			"user, ids in capitals",
			`{"LoginFields":{"DEVICETOKEN":"` + strings.ToUpper(deviceToken) + `"},"Password":"` + strings.ToUpper(instanceKey) + `"}`,
			[]string{"InstanceId", strings.ToUpper(instanceID)}, deviceToken,
		},
		{
			"user, string with keys in lower case outside",
			`{"loginfields":"{\"Devicetoken\":\"` + deviceToken + `\"}","password":"` + instanceKey + `"}`,
			[]string{"InstanceId", instanceID}, deviceToken,
		},
		{"JSON patch", adminObject, []string{"Content-Type", "application/json-patch+json"}, ""},
		{"with a charset", adminObject, []string{"Content-Type", "application/json; charset=utf-8"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			got := s.mustGrant(s.ask(http.MethodPost, loginPath, test.body, test.headers...))
			switch device := got.Result.DeviceToken; {
			case test.device == "" && device != nil:
				t.Errorf("DeviceToken = %q for an admin, want null", *device)
			case test.device != "" && (device == nil || *device != test.device):
				t.Errorf("DeviceToken = %v, want %q", device, test.device)
			}
			if got.header.Get("Content-Type") != "application/json; charset=utf-8" || got.header.Get("Date") == "" || got.Errors == nil {
				t.Errorf("answered %v %s, want JSON with a Date and an empty list of errors", got.header, got.body)
			}
			if c := s.Counts(); c != (emulator.Counts{Login: 1, LoggedIn: 1}) {
				t.Errorf("counts = %+v, want one login", c)
			}
		})
	}
}

func TestLogin_IsRefusedWithAReason(t *testing.T) {
	inGroup := []string{"InstanceId", instanceID}
	user := func(device, key string) string {
		return `{"LoginFields":{"deviceToken":"` + device + `"},"Password":"` + key + `"}`
	}
	tests := []struct {
		name    string
		body    string
		headers []string
		status  int
		why     string
	}{
		{"wrong password", strings.Replace(adminObject, password, "wrong", 1), nil, 401, "The email or the password is wrong."},
		{"password in other case", strings.Replace(adminObject, password, strings.ToUpper(password), 1), nil, 401, "The email or the password is wrong."},
		{"unknown email", strings.Replace(adminObject, email, "x@example.com", 1), nil, 401, "The email or the password is wrong."},
		{"another API instance", adminObject, inGroup, 401, "The API instance is another one."},

		{"user without InstanceId", userObject, nil, 400, "The header InstanceId is required."},
		{"unknown instance", userObject, []string{"InstanceId", "elsewhere"}, 401, "The instance is unknown."},
		{"unknown user", user("nobody", instanceKey), inGroup, 401, "The user is unknown in this instance."},
		{"user of another group", user(deviceToken, emulator.OtherInstanceKey), []string{"InstanceId", otherInstance}, 401, "The user is unknown in this instance."},
		{"wrong instance key", user(deviceToken, "wrong"), inGroup, 401, "The instance key is wrong."},
		{
			"another key in the header",
			userObject, []string{"InstanceId", instanceID, "InstanceKey", emulator.OtherInstanceKey}, 401, "The instance key is wrong.",
		},

		// In the string the case of the keys counts, and the platform does
		// not say that this is what is wrong.
		{"string with Email", strings.Replace(adminString, `\"email`, `\"Email`, 1), nil, 401, ""},
		{"string with deviceToken", strings.Replace(userString, `Devicetoken`, `deviceToken`, 1), inGroup, 401, ""},
		{"string with DeviceToken", strings.Replace(userString, `Devicetoken`, `DeviceToken`, 1), inGroup, 401, ""},
		{"no known field", `{"LoginFields":{"Phone":"1"},"Password":"x"}`, nil, 401, ""},
		{"an empty field", `{"LoginFields":{"Email":""},"Password":"x"}`, nil, 401, ""},

		{"two fields", `{"LoginFields":{"Email":"a","deviceToken":"b"},"Password":"x"}`, inGroup, 400, "The field LoginFields is invalid."},
		{"two fields in the string", `{"LoginFields":"{\"email\":\"a\",\"x\":\"b\"}","Password":"x"}`, nil, 400, "The field LoginFields is invalid."},
		{"no fields", `{"Password":"x"}`, nil, 400, "The field LoginFields is invalid."},
		{"null fields", `{"LoginFields":null,"Password":"x"}`, nil, 400, "The field LoginFields is invalid."},
		{"a list of fields", `{"LoginFields":["Email"],"Password":"x"}`, nil, 400, "The field LoginFields is invalid."},
		{"a number for a field", `{"LoginFields":{"Email":1},"Password":"x"}`, nil, 400, "The field LoginFields is invalid."},
		{"a string that is no JSON", `{"LoginFields":"email","Password":"x"}`, nil, 400, "The field LoginFields is invalid."},
		{"an unknown field", strings.Replace(adminObject, "{", `{"Remember":true,`, 1), nil, 400, "not the JSON of a login"},
		{"a number for a password", `{"LoginFields":{"Email":"x"},"Password":1}`, nil, 400, "not the JSON of a login"},
		{"no JSON", "Email=x&Password=y", nil, 400, "not the JSON of a login"},
		{"nothing", "", nil, 400, "not the JSON of a login"},
		{"a second document", adminObject + "{}", nil, 400, "not the JSON of a login"},
		{"a bracket too many", adminObject + "}", nil, 400, "not the JSON of a login"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.mustRefuse(s.ask(http.MethodPost, loginPath, test.body, test.headers...), test.status, test.why)
			if c := s.Counts(); c != (emulator.Counts{Login: 1}) {
				t.Errorf("counts = %+v, want one login that issued nothing", c)
			}
		})
	}
}

func TestLogin_RevokesTokensIssuedBefore(t *testing.T) {
	s := serve(t, emulator.Options{})
	first, user := s.login(), s.loginUser()
	refreshed := s.mustGrant(s.refresh(first))
	second := s.login()

	for _, test := range []struct {
		name string
		answer
	}{{"the login before", first}, {"a refresh before", refreshed}} {
		if token := test.Result.AccessToken.Token; s.Accepts(token) || s.permissions(token).httpStatus != http.StatusUnauthorized {
			t.Errorf("the access token of %s is still accepted", test.name)
		}
	}
	s.mustRefuse(s.refresh(refreshed), http.StatusUnauthorized, "revoked by a login")
	for _, test := range []struct {
		name string
		answer
	}{{"this login", second}, {"another account", user}} {
		if !s.Accepts(test.Result.AccessToken.Token) {
			t.Errorf("the access token of %s is not accepted", test.name)
		}
	}
}

// There are two readings of what a login does to the tokens before it
// (PLATFORM-API.md §6). The next login is the client's own or another program's.
func TestLogin_RevokesWhatTheOptionsSay(t *testing.T) {
	for _, test := range []struct {
		name            string
		options         emulator.Options
		access, refresh bool // whether the first pair's tokens are good after it
	}{
		{"all tokens", emulator.Options{}, false, false},
		{"access tokens only", emulator.Options{RefreshOutlivesLogin: true}, false, true},
		{"nothing", emulator.Options{LoginKeepsTokens: true}, true, true},
		{"nothing, whatever the refresh", emulator.Options{LoginKeepsTokens: true, RefreshOutlivesLogin: true}, true, true},
	} {
		for _, by := range []string{"own login", "login elsewhere"} {
			t.Run(test.name+", "+by, func(t *testing.T) {
				s := serve(t, test.options)
				first := s.login()
				if by == "own login" {
					s.login()
				} else if _, _, err := s.LoginElsewhere(email); err != nil {
					t.Fatal(err)
				}
				if got := s.permissions(first.Result.AccessToken.Token).httpStatus == http.StatusOK; got != test.access {
					t.Errorf("the access token is accepted: %v, want %v", got, test.access)
				}
				if got := s.refresh(first).httpStatus == http.StatusOK; got != test.refresh {
					t.Errorf("the refresh token is accepted: %v, want %v", got, test.refresh)
				}
			})
		}
	}
}

func TestLoginElsewhere_RevokesAndIsNotCounted(t *testing.T) {
	for _, test := range []struct {
		name, account string
		isUser        bool
	}{{"an admin", strings.ToUpper(email), false}, {"a user", strings.ToUpper(deviceToken), true}} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{Now: fixedClock, LoginLimit: 1})
			admin := s.login()
			s.SetLoginLimit(2, time.Minute)
			user := s.loginUser()
			s.ResetCounts()

			access, refresh, err := s.LoginElsewhere(test.account)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Counts(); got != (emulator.Counts{}) {
				t.Errorf("counts = %+v, want none: it is not the client's", got)
			}
			if got := s.Accepts(user.Result.AccessToken.Token); got == test.isUser {
				t.Errorf("the user's token is accepted: %v", got)
			}
			if got := s.Accepts(admin.Result.AccessToken.Token); got != test.isUser {
				t.Errorf("the admin's token is accepted: %v", got)
			}
			if !s.Accepts(access) || !slices.Contains(s.Secrets(), access) || !slices.Contains(s.Secrets(), refresh) {
				t.Error("the new tokens are not accepted, or not among the secrets")
			}
			s.mustGrant(s.ask(http.MethodPost, refreshPath, refreshBody(access, refresh)))
		})
	}
	if access, refresh, err := emulator.New(emulator.Options{}).LoginElsewhere("nobody"); err == nil || access+refresh != "" {
		t.Errorf("an account that is not known logs in: %q, %q, %v", access, refresh, err)
	}
}

func TestLoginForm_OthersAreRefused(t *testing.T) {
	bodies := []struct {
		name, body     string
		admin, isInStr bool
	}{
		{"admin, object", adminObject, true, false},
		{"admin, string", adminString, true, true},
		{"user, object", userObject, false, false},
		{"user, string", userString, false, true},
	}
	for _, test := range []struct {
		name    string
		options emulator.Options
		want    string // the statuses of the four
	}{
		{"any", emulator.Options{}, "200 200 200 200"},
		{"admin's object", emulator.Options{AdminForm: emulator.ObjectForm}, "200 401 200 200"},
		{"admin's string", emulator.Options{AdminForm: emulator.StringForm}, "401 200 200 200"},
		{"user's object", emulator.Options{UserForm: emulator.ObjectForm}, "200 200 200 401"},
		{"user's string", emulator.Options{UserForm: emulator.StringForm}, "200 200 401 200"},
		{"string, refused by 415", emulator.Options{AdminForm: emulator.StringForm, UserForm: emulator.StringForm, LoginRefusedBy: 415}, "415 200 415 200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, test.options)
			var got []string
			for _, each := range bodies {
				var headers []string
				if !each.admin {
					headers = []string{"InstanceId", instanceID}
				}
				answer := s.ask(http.MethodPost, loginPath, each.body, headers...)
				got = append(got, strconv.Itoa(answer.httpStatus))
				if answer.httpStatus != http.StatusOK && (len(answer.Errors) != 1 || answer.message() != "" || answer.Errors[0].Key != "") {
					t.Errorf("%s was answered %s, want no useful message", each.name, answer.body)
				}
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("answered %s, want %s", got, test.want)
			}
			if c := s.Counts(); c.Login != 4 || c.LoggedIn != strings.Count(test.want, "200") {
				t.Errorf("counts = %+v, want 4 logins: a form that is refused is one", c)
			}
		})
	}
}

// A refusal may have several Statuses (PLATFORM-API.md §3). A body that cannot be
// read is 400 all the same.
func TestRefusedBy_DecidesTheStatusOfARefusal(t *testing.T) {
	for _, test := range []struct{ status, httpStatus int }{{0, 401}, {400, 400}, {401, 401}, {404, 404}, {422, 422}, {419, 200}} {
		t.Run(strconv.Itoa(test.status), func(t *testing.T) {
			s := serve(t, emulator.Options{LoginRefusedBy: test.status, RefreshRefusedBy: test.status, LoginLimit: -1})
			first := s.login()
			s.refresh(first)
			inGroup := []string{"InstanceId", instanceID}
			for _, refused := range []struct {
				name string
				answer
			}{
				{"admin's login", s.ask(http.MethodPost, loginPath, strings.Replace(adminObject, password, "wrong", 1))},
				{"user's login", s.ask(http.MethodPost, loginPath, strings.Replace(userObject, instanceKey, "wrong", 1), inGroup...)},
				{"refresh", s.refresh(first)},
			} {
				want := test.status
				if want == 0 {
					want = http.StatusUnauthorized
				}
				if refused.httpStatus != test.httpStatus || refused.Status != want || refused.Result != nil || refused.message() == "" {
					t.Errorf("%s: answered HTTP %d %s, want HTTP %d with Status %d", refused.name, refused.httpStatus, refused.body, test.httpStatus, want)
				}
			}
			for _, path := range []string{loginPath, refreshPath} {
				if got := s.ask(http.MethodPost, path, "{"); got.httpStatus != http.StatusBadRequest {
					t.Errorf("%s: no JSON was answered HTTP %d, want 400", path, got.httpStatus)
				}
			}
			if s.Counts().SpentRefresh != 1 {
				t.Errorf("counts = %+v, want one spent refresh token", s.Counts())
			}
		})
	}
}

func TestLogin_RefusedRevokesNothing(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	s.mustRefuse(s.ask(http.MethodPost, loginPath, strings.Replace(adminObject, password, "wrong", 1)), http.StatusUnauthorized, "password")
	if !s.Accepts(first.Result.AccessToken.Token) {
		t.Error("a login with a wrong password revoked a token")
	}
}

func TestAddTestAccounts_EachLogsIn(t *testing.T) {
	admin := func(email, password string) string {
		return `{"LoginFields":{"Email":"` + email + `"},"Password":"` + password + `"}`
	}
	user := func(device, key string) string {
		return `{"LoginFields":{"deviceToken":"` + device + `"},"Password":"` + key + `"}`
	}
	for _, test := range []struct {
		name, body string
		headers    []string
	}{
		{"admin", admin(emulator.AdminEmail, emulator.AdminPassword), nil},
		{"other admin", admin(emulator.OtherAdminEmail, emulator.OtherAdminPassword), nil},
		{"user", user(emulator.DeviceToken, emulator.InstanceKey), []string{"InstanceId", emulator.InstanceID}},
		{"other user", user(emulator.OtherDeviceToken, emulator.OtherInstanceKey), []string{"InstanceId", emulator.OtherInstanceID}},
		{
			"user, ids without dashes", user(strings.ReplaceAll(emulator.DeviceToken, "-", ""), emulator.InstanceKey),
			[]string{"InstanceId", strings.ReplaceAll(emulator.InstanceID, "-", "")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.mustGrant(s.ask(http.MethodPost, loginPath, test.body, test.headers...))
		})
	}
}

// limited is the contract's limit, with a clock that only the test moves.
func limited() emulator.Options { return emulator.Options{Now: fixedClock} }

// exhaust logs in as often as the contract allows.
func (s service) exhaust() {
	s.t.Helper()
	for range 5 {
		s.login()
	}
}

func TestLoginLimit_OneMoreBlocksTheAddressForAnHour(t *testing.T) {
	s := serve(t, limited())
	s.exhaust()
	blocked := s.ask(http.MethodPost, loginPath, adminObject)
	s.mustRefuse(blocked, http.StatusTooManyRequests, "Too many login attempts")
	if got := blocked.header.Get("Retry-After"); got != "3600" {
		t.Errorf("Retry-After = %q, want an hour", got)
	}

	// The block outlasts the window, and another login does not end it.
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

func TestLoginLimit_WindowSlides(t *testing.T) {
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

func TestLoginLimit_CountsRefusedLogins(t *testing.T) {
	s := serve(t, limited())
	wrong := strings.Replace(adminObject, password, "wrong", 1)
	for range 4 {
		s.mustRefuse(s.ask(http.MethodPost, loginPath, wrong), http.StatusUnauthorized, "password")
	}
	s.mustRefuse(s.ask(http.MethodPost, loginPath, "nonsense"), http.StatusBadRequest, "not the JSON")
	s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
}

func TestLoginLimit_AskingWhileBlockedDoesNotProlongTheBlock(t *testing.T) {
	s := serve(t, limited())
	s.exhaust()
	for range 10 {
		s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")
		s.Advance(6 * time.Minute)
	}
	s.login()
}

func TestLoginLimit_OtherRequestsAndAddressesAreNotBlocked(t *testing.T) {
	s := serve(t, limited())
	first := s.login()
	for range 4 {
		s.loginUser()
	}
	s.mustRefuse(s.ask(http.MethodPost, loginPath, adminObject), http.StatusTooManyRequests, "Too many")

	// Refresh and use of a token go on, and so do other addresses. HTTP over
	// loopback has one address, so the other one asks the handler.
	refreshed := s.mustGrant(s.refresh(first))
	if got := s.permissions(refreshed.Result.AccessToken.Token); got.httpStatus != http.StatusOK {
		t.Errorf("the permissions were answered HTTP %d", got.httpStatus)
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

func TestLoginLimit_IsWhatTheOptionsSay(t *testing.T) {
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
