package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// The accounts that every test's platform knows.
const (
	email         = emulator.AdminEmail
	password      = emulator.AdminPassword
	apiInstanceID = "a1a1a1a1-0000-4000-8000-00000000000a"
	instanceID    = emulator.InstanceID
	instanceKey   = emulator.InstanceKey
	deviceToken   = emulator.DeviceToken
	otherInstance = emulator.OtherInstanceID

	loginPath   = "/v1/Auth/Login"
	refreshPath = "/v1/Auth/RefreshToken"
	usersPath   = "/v1/Management/users"

	permissionsPath = "/auth/permissions"
)

// The logins that the contract has, both dialects.
const (
	adminObject = `{"loginFields":{"Email":"` + email + `"},"password":"` + password + `"}`
	userObject  = `{"LoginFields":{"deviceToken":"` + deviceToken + `"},"Password":"` + instanceKey + `"}`
	adminString = `{"LoginFields":"{\"email\":\"` + email + `\"}","Password":"` + password + `"}`
	userString  = `{"LoginFields":"{\"Devicetoken\":\"` + deviceToken + `\"}","Password":"` + instanceKey + `"}`
)

// A service is a platform that is served over HTTP.
type service struct {
	*emulator.Platform
	t   *testing.T
	url string
}

// serve starts a platform with the accounts.
func serve(t *testing.T, options emulator.Options) service {
	t.Helper()
	p := emulator.New(options)
	p.AddTestAccounts()
	p.AddAdmin(emulator.Admin{Email: email, Password: password, InstanceID: apiInstanceID})
	p.AddUser(emulator.User{DeviceToken: deviceToken, InstanceID: instanceID, FirstName: "Ada", LastName: "Lovelace"})
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		server.Close()
	})
	return service{Platform: p, t: t, url: server.URL}
}

// An answer is what came over HTTP.
type answer struct {
	httpStatus int
	header     http.Header
	body       string
	Result     *struct {
		DeviceToken *string
		AccessToken struct {
			Token     string
			ExpiresIn int64
		}
		RefreshToken string
	}
	Status int
	Title  string
	Errors []struct {
		Key, Message string
		Code         int
	}
}

// message is the first of the answer's messages.
func (a answer) message() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Message
}

// request asks the platform. Headers are pairs of name and value; a POST is
// JSON unless they say otherwise.
func (s service) request(method, path, body string, headers ...string) (answer, error) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(headers, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	got := answer{httpStatus: response.StatusCode, header: response.Header, body: string(text)}
	if err == nil && strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") && json.Valid(text) {
		err = json.Unmarshal(text, &got)
	}
	return got, err
}

// ask is request, and fails the test if there is no answer.
func (s service) ask(method, path, body string, headers ...string) answer {
	s.t.Helper()
	got, err := s.request(method, path, body, headers...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// login logs the admin in, and fails the test if that does not work.
func (s service) login() answer {
	s.t.Helper()
	return s.mustGrant(s.ask(http.MethodPost, loginPath, adminObject))
}

// loginUser logs the user in.
func (s service) loginUser() answer {
	s.t.Helper()
	return s.mustGrant(s.ask(http.MethodPost, loginPath, userObject, "InstanceId", instanceID))
}

// refresh trades the tokens of an answer.
func (s service) refresh(of answer) answer {
	s.t.Helper()
	return s.ask(http.MethodPost, refreshPath, refreshBody(of.Result.AccessToken.Token, of.Result.RefreshToken))
}

// profile asks for the user's profile with a token: a user's proof of life.
func (s service) profile(token string) answer {
	s.t.Helper()
	return s.ask(http.MethodGet, usersPath, "", "Authorization", "Bearer "+token, "InstanceId", instanceID)
}

// permissions asks for the permissions with a token: an admin's proof of life.
func (s service) permissions(token string) answer {
	s.t.Helper()
	return s.ask(http.MethodGet, permissionsPath, "", "Authorization", "Bearer "+token)
}

// mustGrant fails the test unless an answer is a success with tokens.
func (s service) mustGrant(got answer) answer {
	s.t.Helper()
	if got.httpStatus != http.StatusOK || got.Status != http.StatusOK || got.Result == nil ||
		got.Result.AccessToken.Token == "" || got.Result.RefreshToken == "" {
		s.t.Fatalf("answered HTTP %d %s, want tokens", got.httpStatus, got.body)
	}
	return got
}

// mustRefuse fails the test unless an answer is the envelope of a refusal that
// says why.
func (s service) mustRefuse(got answer, status int, why string) {
	s.t.Helper()
	if got.httpStatus != status || got.Status != status || got.Result != nil || !strings.Contains(got.message(), why) {
		s.t.Errorf("answered HTTP %d %s, want %d with %q", got.httpStatus, got.body, status, why)
	}
}

func refreshBody(access, refresh string) string {
	return `{"AccessToken":"` + access + `","RefreshToken":"` + refresh + `"}`
}

// A fixedClock stands still, so that a test moves all of the time that passes.
func fixedClock() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }
