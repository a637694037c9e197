package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestLogin(t *testing.T) {
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

func TestLoginThatIsRefused(t *testing.T) {
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

func TestLoginRevokesWhatWasIssuedBefore(t *testing.T) {
	s := serve(t, emulator.Options{})
	first, user := s.login(), s.loginUser()
	refreshed := s.mustGrant(s.refresh(first))
	second := s.login()

	for _, test := range []struct {
		name string
		answer
	}{{"the login before", first}, {"a refresh before", refreshed}} {
		if token := test.Result.AccessToken.Token; s.Accepts(token) || s.profile(token).httpStatus != http.StatusUnauthorized {
			t.Errorf("the access token of %s is still accepted", test.name)
		}
	}
	s.mustRefuse(s.refresh(refreshed), http.StatusUnauthorized, "revoked by a login")
	for _, test := range []struct {
		name string
		answer
	}{{"this login", second}, {"another account", user}} {
		if token := test.Result.AccessToken.Token; !s.Accepts(token) || s.profile(token).httpStatus != http.StatusOK {
			t.Errorf("the access token of %s is not accepted", test.name)
		}
	}
}

func TestRefusedLoginRevokesNothing(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	s.mustRefuse(s.ask(http.MethodPost, loginPath, strings.Replace(adminObject, password, "wrong", 1)), http.StatusUnauthorized, "password")
	if !s.Accepts(first.Result.AccessToken.Token) {
		t.Error("a login with a wrong password revoked a token")
	}
}
