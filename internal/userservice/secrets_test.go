package userservice_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// everything is a level below all others.
const everything = slog.Level(math.MinInt)

// All that is logged is taken, at the lowest level, while each fault happens
// and a server repeats what it was sent.
func TestLog_HoldsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		p := newPlatform()
		base := mustURL("http://somebody:URL-PASSWORD@platform.example/base?key=URL-PASSWORD")
		transport := inMemory(t, http.StripPrefix("/base", p))
		t.Cleanup(p.Close)
		config := userservice.Config{BaseURL: base, Logger: slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: everything}))}
		c := newClient(transport, config)
		first := mustLogin(t, c)
		for _, each := range faults {
			if each.fault.String() == emulator.HugeBody().String() {
				continue // slow under the race detector, and no different
			}
			p.Inject(emulator.Login, each.fault)
			p.Inject(emulator.Refresh, each.fault)
			_, _ = login(t.Context(), c, user())
			_, _ = refresh(t.Context(), c, first)
		}
		_, err := login(t.Context(), newClient(echo{}, config), user())
		mustFail(t, err)

		if strings.Count(logs.String(), "\n") < 2*len(faults) {
			t.Fatalf("too little is logged:\n%s", logs.String())
		}
		mustHide(t, logs.String(), append(p.Secrets(), password, instanceKey, deviceToken, "URL-PASSWORD")...)
	})
}

// An echo refuses each request and repeats all of it in its words.
type echo struct{}

// RoundTrip implements [http.RoundTripper].
func (echo) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	header := request.Header.Get("InstanceId") + " " + request.Header.Get("InstanceKey")
	words := []string{
		"Cannot read " + string(body), "header " + header, "upper case " + strings.ToUpper(string(body)),
		"page " + html.EscapeString(string(body)), "query " + url.QueryEscape(string(body)), "path " + url.PathEscape(header),
	}
	return refusalOf(words...).RoundTrip(request)
}

// refusalOf answers 400 with words: the first is the title, too.
func refusalOf(words ...string) *reply {
	type entry struct{ Key, Message string }
	answer := struct {
		Status int
		Title  string
		Errors []entry
	}{Status: http.StatusBadRequest, Title: words[0]}
	for _, each := range words {
		answer.Errors = append(answer.Errors, entry{Message: each})
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return &reply{status: http.StatusBadRequest, body: string(body)}
}

func TestError_ServerThatRepeatsTheRequestShowsNoSecret(t *testing.T) {
	for _, format := range []session.LoginForm{session.FormObject, session.FormString} {
		for _, test := range []struct {
			name        string
			credentials userservice.Credentials
		}{{"admin", admin()}, {"user", user()}} {
			t.Run(string(format)+", "+test.name, func(t *testing.T) {
				_, err := loginIn(t.Context(), newClient(echo{}, userservice.Config{}), test.credentials, format)
				mustFail(t, err)
				contains(t, err.Error(), "Cannot read", "[redacted]")
			})
		}
	}
	t.Run("refresh", func(t *testing.T) {
		stale := session.Session{AccessToken: secret.New(tokenOf(`{"exp":1780000000}`)), RefreshToken: secret.New("opaque-refresh-token/+==")}
		_, err := refresh(t.Context(), newClient(echo{}, userservice.Config{}), stale)
		mustFail(t, err, stale.AccessToken.Reveal(), stale.RefreshToken.Reveal())
		contains(t, err.Error(), "Cannot read", "[redacted]")
	})
}

// The answer's own words may hold them.
func TestError_TokensOfARefusedAnswerAreSecret(t *testing.T) {
	const device = "DEVICE-token-made-by-hand"
	body := `{"Result":{"DeviceToken":"` + device + `","AccessToken":{"Token":"` + accessText + `"},"RefreshToken":"` + refreshText + `"},
		"Status":500,"Title":"` + accessText + `","Errors":[{"Message":"` + refreshText + `"},{"Message":"` + device + `"}]}`
	_, err := login(t.Context(), newClient(&reply{status: 400, body: body}, userservice.Config{}), admin())
	mustFail(t, err, accessText, refreshText, device)
	contains(t, err.Error(), `Status 500, "[redacted]"; [redacted]; [redacted]`)
}
