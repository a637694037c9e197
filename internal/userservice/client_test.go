package userservice_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// TestBaseURL puts the paths after whatever the URL is.
func TestBaseURL(t *testing.T) {
	tests := []struct {
		name string
		want string
	}{
		{"https://user.telematicssdk.com", "https://user.telematicssdk.com/v1/Auth/Login"},
		{"https://user.telematicssdk.com/", "https://user.telematicssdk.com/v1/Auth/Login"},
		{"http://127.0.0.1:8080/telematics", "http://127.0.0.1:8080/telematics/v1/Auth/Login"},
		{"http://127.0.0.1:8080/telematics//", "http://127.0.0.1:8080/telematics/v1/Auth/Login"},
		{"https://user.telematicssdk.com/a%2Fb", "https://user.telematicssdk.com/a%2Fb/v1/Auth/Login"},
		{"https://[::1]:8443", "https://[::1]:8443/v1/Auth/Login"},
		{"https://somebody:URL-PASSWORD@platform", "https://somebody:URL-PASSWORD@platform/v1/Auth/Login"},
		{"https://platform/?key=URL-PASSWORD#token", "https://platform/v1/Auth/Login?key=URL-PASSWORD#token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sent := &watcher{next: &reply{status: http.StatusTeapot}}
			_, err := login(t.Context(), newClient(sent, userservice.Config{BaseURL: mustURL(test.name)}), admin())
			if sent.url != test.want {
				t.Errorf("asked %s, want %s", sent.url, test.want)
			}
			// What may be secret in it is not shown.
			mustFail(t, err, "URL-PASSWORD")
		})
	}
}

func TestDefaultURL(t *testing.T) {
	sent := &watcher{next: &reply{status: http.StatusTeapot}}
	_, err := login(t.Context(), userservice.New(userservice.Config{Transport: sent}), admin())
	mustFail(t, err)
	if want := userservice.DefaultURL + "/v1/Auth/Login"; sent.url != want {
		t.Errorf("asked %s, want %s", sent.url, want)
	}
}

// TestConfiguredURLIsNotKept pins that a caller may go on using its URL.
func TestConfiguredURLIsNotKept(t *testing.T) {
	base := mustURL(platformURL)
	sent := &watcher{next: &reply{status: http.StatusTeapot}}
	c := newClient(sent, userservice.Config{BaseURL: base})
	base.Host = "elsewhere.example"
	_, err := login(t.Context(), c, admin())
	mustFail(t, err)
	if !strings.HasPrefix(sent.url, platformURL+"/") {
		t.Errorf("asked %s", sent.url)
	}
}

func TestURLThatIsNone(t *testing.T) {
	base := mustURL(platformURL)
	base.Host = "plat form"
	r := &reply{status: http.StatusOK, body: granted}
	_, err := login(t.Context(), newClient(r, userservice.Config{BaseURL: base}), admin())
	mustFail(t, err)
	if r.requests != 0 || attempts(err) != 1 {
		t.Errorf("%d requests in %d attempts, want none in one", r.requests, attempts(err))
	}
	contains(t, err.Error(), "no request can be made of this URL")
}

// TestRedirectsAreNotFollowed has a target that would take the password, on
// the same host and on another.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			var followed atomic.Int32
			target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
			defer target.Close()
			asked := 0
			platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked++; asked > 1 {
					followed.Add(1)
				}
				location := map[string]string{"/v1/Auth/Login": target.URL + "/sign-in?token=QUERY-SECRET", "/v1/Auth/RefreshToken": "/sign-in"}[r.URL.Path]
				http.Redirect(w, r, location, code)
			}))
			defer platform.Close()
			c := userservice.New(userservice.Config{BaseURL: mustURL(platform.URL)})

			_, err := login(t.Context(), c, admin())
			failed := failureOf(t, err, "QUERY-SECRET")
			if failed.HTTPStatus != code || attempts(err) != 1 || failed.Temporary() {
				t.Errorf("error = %+v, want HTTP %d in one attempt", failed, code)
			}
			contains(t, err.Error(), "it redirects to "+target.URL+"/sign-in; redirects are not followed", "check whether the URL")

			asked = 0
			_, err = refresh(t.Context(), c, session.Session{AccessToken: user().DeviceToken, RefreshToken: user().InstanceKey})
			mustFail(t, err)
			contains(t, err.Error(), "it redirects to "+platform.URL+"/sign-in")
			if followed.Load() != 0 {
				t.Errorf("%d redirects were followed", followed.Load())
			}
		})
	}
}

func TestRedirectsThatAreOdd(t *testing.T) {
	tests := []struct {
		name     string
		status   int
		location string
		want     string
	}{
		{"nowhere", 302, "", "it redirects without saying where to"},
		{"a broken URL", 302, "http://[::1", "it redirects without saying where to"},
		{"userinfo and query", 302, "https://u:QUERY-SECRET@elsewhere.example/a?b=QUERY-SECRET#QUERY-SECRET", "it redirects to https://elsewhere.example/a;"},
		{"the password", 302, "https://elsewhere.example/" + password + "/x", "it redirects to https://elsewhere.example/[redacted]/x;"},
		{"the password, %-ed", 302, "https://elsewhere.example/%50%40ssw0rd-of-the-api-login", "it redirects to https://elsewhere.example/%50[redacted];"},
		{"a control character", 302, "https://elsewhere.example/%1b[2J", "it redirects to https://elsewhere.example/%1b[2J;"},
		{"not modified", 304, "", "it redirects without saying where to"},
		{"multiple choices", 300, "", "it redirects without saying where to"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &reply{status: test.status, header: map[string]string{"Location": test.location}}
			_, err := login(t.Context(), newClient(r, userservice.Config{}), admin())
			mustFail(t, err, "QUERY-SECRET")
			contains(t, err.Error(), test.want)
			if r.requests != 1 {
				t.Errorf("%d requests", r.requests)
			}
		})
	}
}

// TestRealConnections does over TCP what the other tests do in memory: a
// refresh whose connection is closed, and one that is answered.
func TestRealConnections(t *testing.T) {
	t.Parallel()
	p := newPlatform()
	server := httptest.NewServer(p)
	defer server.Close()
	c := userservice.New(userservice.Config{BaseURL: mustURL(server.URL)})
	first := mustLogin(t, c)
	p.Inject(emulator.Refresh, emulator.ConnectionReset())
	second, err := refresh(t.Context(), c, first)
	if err != nil || !p.Accepts(second.AccessToken.Reveal()) {
		t.Errorf("error %v", err)
	}
	if counts := p.Counts(); counts.Refresh != 2 || counts.Refreshed != 1 || counts.SpentRefresh != 0 {
		t.Errorf("counts = %+v, want 2 refreshes, of which one was answered", counts)
	}
}
