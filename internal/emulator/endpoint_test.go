package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestMediaType_OthersThanJSONAreRefused(t *testing.T) {
	for _, path := range []string{loginPath, refreshPath} {
		for _, mediaType := range []string{"", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/json;;"} {
			t.Run(path+" "+mediaType, func(t *testing.T) {
				s := serve(t, emulator.Options{})
				got := s.ask(http.MethodPost, path, adminObject, "Content-Type", mediaType)
				s.mustRefuse(got, http.StatusUnsupportedMediaType, "The body must be JSON.")
			})
		}
	}
}

func TestHTTPMethod_OthersThanTheContractsAreRefused(t *testing.T) {
	tests := []struct{ method, path, allow string }{
		{http.MethodGet, loginPath, http.MethodPost},
		{http.MethodPut, loginPath, http.MethodPost},
		{http.MethodGet, refreshPath, http.MethodPost},
		{http.MethodPost, usersPath, "GET, PUT"},
		{http.MethodDelete, usersPath, "GET, PUT"},
		{http.MethodPut, "/v1/Instances/x", "GET, PATCH, DELETE"},
		{http.MethodPost, permissionsPath, http.MethodGet},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			got := s.ask(test.method, test.path, adminObject)
			s.mustRefuse(got, http.StatusMethodNotAllowed, "Use "+test.allow+".")
			if got.header.Get("Allow") != test.allow {
				t.Errorf("Allow = %q, want %q", got.header.Get("Allow"), test.allow)
			}
		})
	}
}

func TestUnknownPath_Is404(t *testing.T) {
	// The case of a path counts (PLATFORM-API.md §8).
	for _, path := range []string{"/", "/v1/auth/login", "/v1/Auth/Login/", "/v2/Auth/Login", "/v1/Auth/Refresh"} {
		t.Run(path, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.mustRefuse(s.ask(http.MethodPost, path, adminObject), http.StatusNotFound, "There is no such method.")
			if c := s.Counts(); c != (emulator.Counts{}) {
				t.Errorf("counts = %+v, want none", c)
			}
		})
	}
}

func TestBodyTooLarge_IsRefused(t *testing.T) {
	s := serve(t, emulator.Options{})
	got := s.ask(http.MethodPost, loginPath, adminObject+strings.Repeat(" ", 64<<10))
	s.mustRefuse(got, http.StatusRequestEntityTooLarge, "too large")
	if c := s.Counts(); c != (emulator.Counts{Login: 1}) {
		t.Errorf("counts = %+v, want one login", c)
	}
}

func TestResetCounts_ForgetsCountsAndKeepsTokens(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	s.refresh(first)
	s.refresh(first)
	s.profile("unknown")
	s.permissions("unknown")
	s.permissions("unknown")
	want := emulator.Counts{Login: 1, Refresh: 2, Users: 1, Permissions: 2, LoggedIn: 1, Refreshed: 1, SpentRefresh: 1}
	if c := s.Counts(); c != want {
		t.Errorf("counts = %+v, want %+v", c, want)
	}
	s.ResetCounts()
	if c := s.Counts(); c != (emulator.Counts{}) {
		t.Errorf("counts = %+v after a reset", c)
	}
	// What was counted is forgotten, what was done is not.
	s.refresh(first)
	if c := s.Counts(); c != (emulator.Counts{Refresh: 1, SpentRefresh: 1}) {
		t.Errorf("counts = %+v, want one spent refresh token", c)
	}
}

func TestCounts_AsJSON(t *testing.T) {
	text, err := json.Marshal(emulator.Counts{Login: 1, Refresh: 2, Users: 3, Permissions: 8, LoggedIn: 4, Refreshed: 5, RateLimited: 6, SpentRefresh: 7})
	want := `{"login":1,"refresh":2,"users":3,"permissions":8,"logged_in":4,"refreshed":5,"rate_limited":6,"spent_refresh":7}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
}

// It is the race of two runners.
func TestRefresh_ConcurrentlyOfOnePairSucceedsOnce(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			body := refreshBody(first.Result.AccessToken.Token, first.Result.RefreshToken)
			if _, err := s.request(http.MethodPost, refreshPath, body); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if c := s.Counts(); c.Refreshed != 1 || c.SpentRefresh != 19 {
		t.Errorf("counts = %+v, want 1 refreshed and 19 spent", c)
	}
}

// The platform itself is all hosts in one.
func TestHost_AnswersItsOwnMethodsOnly(t *testing.T) {
	p := emulator.New(emulator.Options{})
	for _, host := range []struct {
		name    string
		handler http.Handler
		has     []string
	}{
		{"user-service", p.UserService(), []string{loginPath, refreshPath, usersPath}},
		{"portal", p.Portal(), []string{permissionsPath}},
		{"accounts", p.Accounts(), []string{"/v1/Instances/x"}},
		{"all in one", p, []string{loginPath, refreshPath, usersPath, permissionsPath, "/v1/Instances/x"}},
	} {
		for _, path := range []string{loginPath, refreshPath, usersPath, permissionsPath, "/v1/Instances/x"} {
			recorder := httptest.NewRecorder()
			host.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodTrace, path, http.NoBody))
			want := http.StatusNotFound
			if slices.Contains(host.has, path) {
				want = http.StatusMethodNotAllowed
			}
			if recorder.Code != want {
				t.Errorf("%s, %s: HTTP %d, want %d", host.name, path, recorder.Code, want)
			}
		}
	}
}

func TestParseEndpoint_ReadsWhatScriptsWrite(t *testing.T) {
	for _, e := range []emulator.Endpoint{emulator.Login, emulator.Permissions, emulator.ApplicationCreate, emulator.InstanceUpdate, emulator.UserPage} {
		if got, err := emulator.ParseEndpoint(string(e)); err != nil || got != e {
			t.Errorf("ParseEndpoint(%q) = %q, %v", e, got, err)
		}
	}
	for _, text := range []string{"", "Login", "logins"} {
		if got, err := emulator.ParseEndpoint(text); err == nil || got != "" || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("ParseEndpoint(%q) = %q, %v, want an error that names it", text, got, err)
		}
	}
}
