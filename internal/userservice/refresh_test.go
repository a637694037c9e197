package userservice_test

import (
	"net/http"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// The form is that of PLATFORM-API.md §3. The login's form does not matter, and
// no header names the account.
func TestRefresh_RequestToTheLetter(t *testing.T) {
	for _, format := range []session.LoginForm{session.FormObject, session.FormString} {
		t.Run(string(format), func(t *testing.T) {
			p := newPlatform()
			sent := &watcher{next: platformInMemory(t, p)}
			c := newClient(sent, userservice.Config{UserAgent: "provider/1.2.3"})
			first, err := loginIn(t.Context(), c, user(), format)
			if err != nil {
				t.Fatal(err)
			}
			second, err := refresh(t.Context(), c, first)
			if err != nil {
				t.Fatal(err)
			}
			if sent.method != http.MethodPost || sent.url != platformURL+"/v1/Auth/RefreshToken" {
				t.Errorf("sent %s %s", sent.method, sent.url)
			}
			if want := `{"AccessToken":"` + first.AccessToken.Reveal() + `","RefreshToken":"` + first.RefreshToken.Reveal() + `"}`; sent.body != want {
				t.Errorf("sent %s\nwant %s", sent.body, want)
			}
			sent.checkHeader(t, "Content-Type", "application/json", "Accept", "application/json", "User-Agent", "provider/1.2.3")
			if !p.Accepts(second.AccessToken.Reveal()) || second.AccessToken.Equal(first.AccessToken) || second.RefreshToken.Equal(first.RefreshToken) {
				t.Error("the answer is not a new pair")
			}
			if second.DeviceToken.Reveal() != deviceToken {
				t.Errorf("DeviceToken = %q, want the user's", second.DeviceToken.Reveal())
			}
			if got := p.Counts(); got != (emulator.Counts{Login: 1, LoggedIn: 1, Refresh: 1, Refreshed: 1}) {
				t.Errorf("counts = %+v, want one refresh", got)
			}
		})
	}
}

func TestRefresh_RefusalTellsTheReason(t *testing.T) {
	p := newPlatform()
	c := newClient(platformInMemory(t, p), userservice.Config{})
	first := mustLogin(t, c)
	if _, err := refresh(t.Context(), c, first); err != nil {
		t.Fatal(err)
	}
	const unknown = "a-refresh-token-of-nobody"
	tests := []struct {
		name         string
		refreshToken secret.String
		status       int
		words        string
	}{
		{"spent", first.RefreshToken, 401, "The refresh token was used before"},
		{"unknown", secret.New(unknown), 401, "The refresh token is unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := refresh(t.Context(), c, session.Session{AccessToken: first.AccessToken, RefreshToken: test.refreshToken})
			failed := failureOf(t, err, first.AccessToken.Reveal(), first.RefreshToken.Reveal(), unknown)
			if failed.Operation != "refresh" || failed.Code() != test.status || !failed.Refused() || failed.Temporary() || attempts(err) != 1 {
				t.Errorf("error = %+v, want a refusal with %d in one attempt", failed, test.status)
			}
			contains(t, err.Error(), "refresh failed: POST "+platformURL+"/v1/Auth/RefreshToken", test.words)
		})
	}
}
