package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestMediaTypes(t *testing.T) {
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

func TestMethods(t *testing.T) {
	tests := []struct{ method, path, allow string }{
		{http.MethodGet, loginPath, http.MethodPost},
		{http.MethodPut, loginPath, http.MethodPost},
		{http.MethodGet, refreshPath, http.MethodPost},
		{http.MethodPost, usersPath, http.MethodGet},
		{http.MethodDelete, usersPath, http.MethodGet},
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

func TestUnknownPaths(t *testing.T) {
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

func TestBodyThatIsTooLarge(t *testing.T) {
	s := serve(t, emulator.Options{})
	got := s.ask(http.MethodPost, loginPath, adminObject+strings.Repeat(" ", 64<<10))
	s.mustRefuse(got, http.StatusRequestEntityTooLarge, "too large")
	if c := s.Counts(); c != (emulator.Counts{Login: 1}) {
		t.Errorf("counts = %+v, want one login", c)
	}
}
