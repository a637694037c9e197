package platform_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

func TestSend_PathFollowsTheBaseURL(t *testing.T) {
	tests := []struct {
		name string
		want string
	}{
		{"https://user.telematicssdk.com", "https://user.telematicssdk.com/v1/Auth/Login"},
		{"https://user.telematicssdk.com/", "https://user.telematicssdk.com/v1/Auth/Login"},
		{"http://127.0.0.1:8080/telematics", "http://127.0.0.1:8080/telematics/v1/Auth/Login"},
		{"http://127.0.0.1:8080/telematics//", "http://127.0.0.1:8080/telematics/v1/Auth/Login"},
		{"https://user.telematicssdk.com/a%2Fb", "https://user.telematicssdk.com/a%2Fb/v1/Auth/Login"},
		{"https://user.telematicssdk.com/a%2Fb/", "https://user.telematicssdk.com/a%2Fb/v1/Auth/Login"},
		{"https://[::1]:8443", "https://[::1]:8443/v1/Auth/Login"},
		{"https://somebody:URL-PASSWORD@platform", "https://somebody:URL-PASSWORD@platform/v1/Auth/Login"},
		{"https://platform/?key=URL-PASSWORD#token", "https://platform/v1/Auth/Login?key=URL-PASSWORD#token"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &reply{status: http.StatusTeapot}
			_, err := ask(t, platform.New(platform.Config{Transport: r}), test.name)
			if got := r.last.URL.String(); got != test.want {
				t.Errorf("asked %s, want %s", got, test.want)
			}
			// What may be secret in it is not shown.
			mustFail(t, err, "URL-PASSWORD")
		})
	}
}

// The request is compared whole, with a query and headers and without.
func TestSend_RequestToTheLetter(t *testing.T) {
	c := func(r *reply) *platform.Client {
		return platform.New(platform.Config{Transport: r, UserAgent: "provider/1.2.3"})
	}
	t.Run("all of it", func(t *testing.T) {
		r := &reply{status: http.StatusOK, body: granted}
		_, err := c(r).Send(t.Context(), platform.Request{
			Operation: "update", Method: http.MethodPatch, Base: mustURL(platformURL + "/base?a=1"),
			Path: "/v1/Instances/" + url.PathEscape("a/b c"), Query: url.Values{"Name": {"Fleet & Co"}},
			Header: http.Header{"Authorization": {"Bearer x"}}, Body: map[string]string{"name": "<Fleet>"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := r.last.URL.String(), platformURL+"/base/v1/Instances/a%2Fb%20c?Name=Fleet+%26+Co&a=1"; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		if want := `{"name":"<Fleet>"}`; r.sent != want || r.last.Method != http.MethodPatch {
			t.Errorf("sent %s %s, want PATCH %s", r.last.Method, r.sent, want)
		}
		for _, pair := range [][2]string{
			{"Authorization", "Bearer x"}, {"Accept", "application/json"}, {"Content-Type", "application/json"}, {"User-Agent", "provider/1.2.3"},
		} {
			if got := r.last.Header.Get(pair[0]); got != pair[1] {
				t.Errorf("%s: %q, want %q", pair[0], got, pair[1])
			}
		}
	})
	t.Run("nothing but a path", func(t *testing.T) {
		r := &reply{status: http.StatusOK, body: granted}
		if _, err := c(r).Send(t.Context(), platform.Request{Operation: "list", Method: http.MethodGet, Base: mustURL(platformURL), Path: "/v1/x"}); err != nil {
			t.Fatal(err)
		}
		if r.sent != "" || r.last.Header.Get("Content-Type") != "" || r.last.URL.RawQuery != "" {
			t.Errorf("sent %q as %q to %s", r.sent, r.last.Header.Get("Content-Type"), r.last.URL)
		}
	})
	t.Run("a media type of its own", func(t *testing.T) {
		r := &reply{status: http.StatusOK, body: granted}
		sent := request(platformURL, password)
		sent.Header = http.Header{"Content-Type": {"application/json-patch+json"}}
		if _, err := c(r).Send(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
		if got := r.last.Header.Get("Content-Type"); got != "application/json-patch+json" {
			t.Errorf("Content-Type: %s", got)
		}
		if len(sent.Header) != 1 {
			t.Errorf("the caller's header is %v now", sent.Header)
		}
	})
}

func TestSend_InvalidURLIsAnError(t *testing.T) {
	base := mustURL(platformURL)
	base.Host = "plat form"
	r := &reply{status: http.StatusOK, body: granted}
	sent := request(platformURL, password)
	sent.Base = base
	_, err := platform.New(platform.Config{Transport: r}).Send(t.Context(), sent)
	if _, worthIt := failureOf(t, err).Retry(); r.requests != 0 || worthIt {
		t.Errorf("%d requests, worth another attempt: %t, want none", r.requests, worthIt)
	}
	contains(t, err.Error(), "no request can be made of this URL")
}

// The target would take the password, on the same host and on another.
func TestSend_RedirectIsNotFollowed(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			var followed atomic.Int32
			target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
			defer target.Close()
			to := target.URL + "/sign-in?token=QUERY-SECRET"
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/sign-in" {
					followed.Add(1)
				}
				http.Redirect(w, r, to, code)
			}))
			defer server.Close()
			c := platform.New(platform.Config{})

			_, err := ask(t, c, server.URL)
			failed := failureOf(t, err, "QUERY-SECRET")
			if _, worthIt := failed.Retry(); failed.HTTPStatus != code || worthIt || failed.Temporary() {
				t.Errorf("error = %+v, want HTTP %d for good", failed, code)
			}
			contains(t, err.Error(), "it redirects to "+target.URL+"/sign-in; redirects are not followed")

			to = "/sign-in"
			_, err = ask(t, c, server.URL)
			contains(t, failureOf(t, err).Error(), "it redirects to "+server.URL+"/sign-in")
			if followed.Load() != 0 {
				t.Errorf("%d redirects were followed", followed.Load())
			}
		})
	}
}

func TestSend_OddRedirectIsAnError(t *testing.T) {
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
			_, err := askTransport(t, r)
			contains(t, failureOf(t, err, "QUERY-SECRET").Error(), test.want)
			if r.requests != 1 {
				t.Errorf("%d requests", r.requests)
			}
		})
	}
}

// The emulator is ordered to send it in both forms.
func TestRetryAfter_InSecondsAndAsADate(t *testing.T) {
	// The date is the platform's: its clock is wrong by an hour.
	const ahead = time.Hour
	tests := []struct {
		name  string
		value string
		date  time.Duration // where value is empty
		wait  time.Duration
	}{
		{"seconds", "7", 0, 7 * time.Second},
		{"zero", "0", 0, 0},
		{"nothing to be read", "soon", 0, 0},
		{"negative", "-7", 0, 0},
		{"a fraction", "1.5", 0, 0},
		{"an hour", "3600", 0, time.Hour},
		{"absurdly long", "99999999999999999999", 0, 7 * 24 * time.Hour},
		{"longer than a week", "1000000", 0, 7 * 24 * time.Hour},
		{"a date", "", 9 * time.Second, 9 * time.Second},
		{"a date that is past", "", -9 * time.Second, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.Advance(ahead)
				value := test.value
				if value == "" {
					value = p.Now().Add(test.date).UTC().Format(http.TimeFormat)
				}
				p.Inject(emulator.Login, emulator.StatusWithRetryAfter(429, value))
				_, err := askTransport(t, platformInMemory(t, p))
				failed := failureOf(t, err)
				if wait, blocked := failed.Blocked(); wait != test.wait || !blocked || failed.Wait != test.wait {
					t.Errorf("Blocked = %s, %t, want %s and true", wait, blocked, test.wait)
				}
				if wait, worthIt := failed.Retry(); wait != test.wait || worthIt != (test.wait <= 30*time.Second) {
					t.Errorf("Retry = %s, %t, want %s, if it is not too long", wait, worthIt, test.wait)
				}
				contains(t, err.Error(), map[bool]string{true: "asking to wait " + test.wait.String(), false: "Too Many Requests, Status 429"}[test.wait > 0])
			})
		})
	}
}

func TestRetryAfter_DateWithoutADateOfTheAnswerGoesByTheLocalClock(t *testing.T) {
	here := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	r := &reply{status: 429, header: map[string]string{"Retry-After": here.Add(90 * time.Second).Format(http.TimeFormat)}}
	// A part of a second counts as a whole one: too early is a request too many.
	c := platform.New(platform.Config{Transport: r, Now: func() time.Time { return here.Add(500 * time.Millisecond) }})
	_, err := ask(t, c, platformURL)
	if wait, blocked := failureOf(t, err).Blocked(); wait != 90*time.Second || !blocked {
		t.Errorf("Blocked = %s, %t, want 90s", wait, blocked)
	}
}

// The time-out also ends a request in the middle of its answer.
func TestSend_TimeoutBoundsTheWholeAnswer(t *testing.T) {
	half := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, granted[:len(granted)/2])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	nothing := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	for _, test := range []struct {
		name    string
		handler http.Handler
		status  int
	}{{"before an answer", nothing, 0}, {"in the middle of one", half, http.StatusOK}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := platform.New(platform.Config{Transport: inMemory(t, test.handler), RequestTimeout: 2 * time.Second})
				started := time.Now()
				_, err := ask(t, c, platformURL)
				failed := failureOf(t, err)
				if _, worthIt := failed.Retry(); failed.HTTPStatus != test.status || !worthIt || !failed.Temporary() || time.Since(started) != 2*time.Second {
					t.Errorf("error = %+v after %s, want HTTP %d after 2s, worth another attempt", failed, time.Since(started), test.status)
				}
				if timeout := net.Error(nil); !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("error = %+v, want a deadline that was exceeded", failed)
				}
				contains(t, err.Error(), "no whole answer within 2s (request_timeout)")
			})
		})
	}
}
