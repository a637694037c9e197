package userservice_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

func TestDefaultURL_IsThePlatforms(t *testing.T) {
	sent := &watcher{next: &reply{status: http.StatusTeapot}}
	_, err := login(t.Context(), userservice.New(userservice.Config{Transport: sent}), admin())
	mustFail(t, err)
	if want := userservice.DefaultURL + "/v1/Auth/Login"; sent.url != want {
		t.Errorf("asked %s, want %s", sent.url, want)
	}
}

// A caller may go on using its URL.
func TestNew_KeepsNoReferenceToTheURL(t *testing.T) {
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

// The other tests use connections in memory. Here one is closed, and one is
// answered.
func TestRefresh_OverTCP(t *testing.T) {
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
