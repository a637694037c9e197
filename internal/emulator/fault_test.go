package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// acted is whether the platform logged in all the same.
func TestFault_AnswersALoginAsOrdered(t *testing.T) {
	tests := []struct {
		name       string
		httpStatus int
		acted      bool
		check      func(answer) bool
	}{
		{"status:400", 400, false, func(a answer) bool { return a.Status == 400 && a.Title != "" && a.message() != "" }},
		{"status:503", 503, false, func(a answer) bool { return a.Status == 503 && a.header.Get("Retry-After") == "" }},
		{"status:429:retry-after=60", 429, false, func(a answer) bool { return a.Status == 429 && a.header.Get("Retry-After") == "60" }},
		{"inner:401", 200, false, func(a answer) bool { return a.Status == 401 && a.Result == nil && a.message() != "" }},
		{"inner:0", 200, false, func(a answer) bool { return a.Status == 0 && a.Result == nil && strings.Contains(a.body, `"Status":0`) }},
		{"inner:419", 200, false, func(a answer) bool { return a.Status == 419 && a.Result == nil }},
		{"status:401:code=1002", 401, false, func(a answer) bool { return a.Status == 401 && len(a.Errors) == 1 && a.Errors[0].Code == 1002 }},
		{"json:200", 200, false, func(a answer) bool { return strings.HasPrefix(a.body, `{"message":`) && a.Status == 0 }},
		{"bare:405", 405, false, func(a answer) bool { return a.body == "" }},
		{"acted:503", 503, true, func(a answer) bool { return a.Status == 503 && a.Result == nil && a.message() != "" }},
		{"problem:400", 400, false, func(a answer) bool {
			return a.header.Get("Content-Type") == "application/problem+json; charset=utf-8" &&
				strings.Contains(a.body, `"errors":{"password":["The field is required."],`) && !strings.Contains(a.body, `"Status"`)
		}},
		{"redirect:302:/sign-in", 302, false, func(a answer) bool { return a.header.Get("Location") == "/sign-in" }},
		{"html:200", 200, false, func(a answer) bool { return a.isPage() }},
		{"html:502", 502, false, func(a answer) bool { return a.isPage() }},
		{"redirect:http://192.0.2.1/", 307, false, func(a answer) bool { return a.header.Get("Location") == "http://192.0.2.1/" }},
		{"null-result", 200, false, func(a answer) bool { return a.Status == 200 && strings.HasPrefix(a.body, `{"Result":null,`) }},
		{"empty-tokens", 200, false, func(a answer) bool {
			return a.Status == 200 && a.Result != nil && a.Result.AccessToken.Token == "" && a.Result.RefreshToken == ""
		}},
		{"empty", 200, true, func(a answer) bool { return a.body == "" }},
		{"truncated", 200, true, func(a answer) bool {
			return strings.Contains(a.body, `"Token":"eyJ`) && !strings.HasSuffix(a.body, "}")
		}},
		{"content-type", 200, true, func(a answer) bool {
			return a.header.Get("Content-Type") == "text/plain" && strings.Contains(a.body, `"Status":200`)
		}},
		{"delay:1ms", 200, true, func(a answer) bool { return a.Result != nil && a.Result.RefreshToken != "" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.Inject(emulator.Login, mustParse(t, test.name))
			got := s.ask(http.MethodPost, loginPath, adminObject)
			if got.httpStatus != test.httpStatus || !test.check(got) {
				t.Errorf("answered HTTP %d %v %.200s", got.httpStatus, got.header, got.body)
			}
			s.checkActed(test.acted)
			s.login() // a fault is used up by one request
		})
	}
}

func TestHugeBody_IsAnEnvelopeOf64MiB(t *testing.T) {
	s := serve(t, emulator.Options{})
	s.Inject(emulator.Login, mustParse(t, "huge"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+loginPath, strings.NewReader(adminObject))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	start := make([]byte, 16)
	if _, err := io.ReadFull(response.Body, start); err != nil {
		t.Fatal(err)
	}
	rest, err := io.Copy(io.Discard, response.Body)
	if err != nil || rest+16 < 64<<20 || response.StatusCode != http.StatusOK || string(start) != `{"Title":"xxxxxx` {
		t.Errorf("answered HTTP %d %s and %d bytes, %v", response.StatusCode, start, rest, err)
	}
	s.checkActed(false)
}

func TestFault_BreaksTheConnectionAsOrdered(t *testing.T) {
	tests := []struct {
		name  string
		acted bool
	}{{"reset", false}, {"lost", true}, {"cut", true}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.Inject(emulator.Login, mustParse(t, test.name))
			got, err := s.request(http.MethodPost, loginPath, adminObject)
			if !broken(err) {
				t.Errorf("answered HTTP %d %s, %v, want a broken connection", got.httpStatus, got.body, err)
			}
			if wantStart := test.name == "cut"; wantStart != strings.Contains(got.body, `"Token":"eyJ`) {
				t.Errorf("the connection broke after %q", got.body)
			}
			s.checkActed(test.acted)
			s.login()
		})
	}
}

func TestHang_EndsWithTheClientOrThePlatform(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := emulator.New(emulator.Options{})
		p.AddTestAccounts()
		p.Inject(emulator.Login, emulator.Hang(), emulator.ActedHang())
		gone, leave := context.WithCancel(t.Context())
		// In this order: closing the platform ends all that hangs.
		for _, test := range []struct {
			name string
			ctx  context.Context
			end  func()
		}{
			{"the client goes", gone, leave},
			{"the platform is closed", t.Context(), p.Close},
		} {
			ended := make(chan any, 1)
			go func() {
				defer func() { ended <- recover() }()
				request := httptest.NewRequestWithContext(test.ctx, http.MethodPost, loginPath, strings.NewReader(adminObject))
				request.Header.Set("Content-Type", "application/json")
				p.ServeHTTP(httptest.NewRecorder(), request)
			}()
			time.Sleep(1000 * time.Hour) // of the bubble's time
			select {
			case <-ended:
				t.Fatalf("%s: it ended before", test.name)
			default:
			}
			test.end()
			if got := <-ended; got != http.ErrAbortHandler { //nolint:errorlint // What net/http compares is the value itself.
				t.Errorf("%s: it ended with %v, want the connection aborted", test.name, got)
			}
		}
		if c := p.Counts(); c != (emulator.Counts{Login: 2, LoggedIn: 1}) {
			t.Errorf("counts = %+v, want 2 logins, of which the second acted", c)
		}
	})
}

func TestDelay_HoldsTheAnswerBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := emulator.New(emulator.Options{})
		p.AddAdmin(emulator.Admin{Email: email, Password: password})
		p.Inject(emulator.Login, emulator.Delay(time.Hour), emulator.Delay(time.Hour))
		ask := func() (status int, took time.Duration) {
			started := time.Now()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, loginPath, strings.NewReader(adminObject))
			request.Header.Set("Content-Type", "application/json")
			recorder := httptest.NewRecorder()
			p.ServeHTTP(recorder, request)
			return recorder.Code, time.Since(started)
		}
		if status, took := ask(); status != http.StatusOK || took != time.Hour {
			t.Errorf("HTTP %d after %s, want 200 after an hour", status, took)
		}
		p.Close()
		p.Close() // once more does no harm
		if status, took := ask(); status != http.StatusOK || took != 0 {
			t.Errorf("HTTP %d after %s from a platform that is closed, want 200 at once", status, took)
		}
	})
}

func TestInject_FaultsComeInOrder(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	s.Inject(emulator.Refresh, emulator.Status(500), emulator.Status(502))
	s.Inject(emulator.Refresh, emulator.NullResult())
	s.Inject(emulator.Users, emulator.Status(403))

	s.login() // a fault of another endpoint is no matter
	second := s.login()
	for _, want := range []int{500, 502, 200} {
		if got := s.refresh(first); got.httpStatus != want || got.Result != nil {
			t.Errorf("answered HTTP %d %s, want %d", got.httpStatus, got.body, want)
		}
	}
	s.mustGrant(s.refresh(second))
	s.mustRefuse(s.profile(second.Result.AccessToken.Token), http.StatusForbidden, "ordered")
}

// An envelope of the portal is in lower case then, too.
func TestFaults_OfTheChecksOfAToken(t *testing.T) {
	for _, test := range []struct {
		fault      string
		httpStatus int
		portal     string // how the portal's answer begins
	}{
		{"status:401", 401, `{"result":null,"status":401,`},
		{"status:403:code=7", 403, `{"result":null,"status":403,"title":"Ordered failure","errors":[{"key":"","message":"This failure was ordered.","code":7}]}`},
		{"inner:419", 200, `{"result":null,"status":419,`},
		{"null-result", 200, `{"result":null,"status":200,`},
		{"truncated", 200, `{"result":{"userId":`},
		{"html:404", 404, "<!DOCTYPE html>"},
		{"html:407", 407, "<!DOCTYPE html>"},
		{"problem:405", 405, `{"type":`},
		{"acted:500", 500, `{"result":null,"status":500,`},
	} {
		t.Run(test.fault, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			user, admin := s.loginUser().Result.AccessToken.Token, s.login().Result.AccessToken.Token
			s.Inject(emulator.Users, mustParse(t, test.fault))
			s.Inject(emulator.Permissions, mustParse(t, test.fault))
			if got := s.profile(user); got.httpStatus != test.httpStatus {
				t.Errorf("the profile was answered HTTP %d %s, want %d", got.httpStatus, got.body, test.httpStatus)
			}
			if got := s.permissions(admin); got.httpStatus != test.httpStatus || !strings.HasPrefix(got.body, test.portal) {
				t.Errorf("the permissions were answered HTTP %d %s, want %d with %s", got.httpStatus, got.body, test.httpStatus, test.portal)
			}
			if !s.Accepts(user) || !s.Accepts(admin) || s.profile(user).httpStatus != 200 || s.permissions(admin).httpStatus != 200 {
				t.Error("the fault left its mark on the tokens")
			}
		})
	}
}

func TestInjectAlways_FailsUntilCleared(t *testing.T) {
	s := serve(t, emulator.Options{LoginLimit: -1})
	statuses := func(e emulator.Endpoint) string {
		var got []string
		for range 3 {
			var of answer
			if e == emulator.Login {
				of = s.ask(http.MethodPost, loginPath, adminObject)
			} else {
				of = s.permissions("unknown")
			}
			got = append(got, strconv.Itoa(of.httpStatus))
		}
		return strings.Join(got, " ")
	}
	s.InjectAlways(emulator.Login, emulator.Status(503))
	s.InjectAlways(emulator.Permissions, emulator.Status(500))
	s.Inject(emulator.Login, emulator.Pass(), emulator.Status(502))
	for _, step := range []struct {
		name  string
		do    func()
		login string
		check string
	}{
		{"queued faults first", func() {}, "200 502 503", "500 500 500"},
		{"one endpoint cleared", func() { s.ClearFaults(emulator.Permissions) }, "503 503 503", "401 401 401"},
		{"queued over a fault that stands", func() { s.Inject(emulator.Login, emulator.Pass()) }, "200 503 503", "401 401 401"},
		{"all cleared", func() { s.Inject(emulator.Login, emulator.Status(400)); s.ClearFaults() }, "200 200 200", "401 401 401"},
	} {
		step.do()
		if got := statuses(emulator.Login); got != step.login {
			t.Errorf("%s: logins were answered %s, want %s", step.name, got, step.login)
		}
		if got := statuses(emulator.Permissions); got != step.check {
			t.Errorf("%s: checks were answered %s, want %s", step.name, got, step.check)
		}
	}
}

func TestLatency_HoldsEveryAnswerBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := emulator.New(emulator.Options{Latency: time.Minute})
		for _, test := range []struct {
			name string
			do   func()
			want time.Duration
		}{
			{"as set", func() {}, time.Minute},
			{"with a delay", func() { p.Inject(emulator.Users, emulator.Delay(time.Second)) }, time.Minute + time.Second},
			{"closed", p.Close, 0},
		} {
			test.do()
			started := time.Now()
			p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, usersPath, http.NoBody))
			if took := time.Since(started); took != test.want {
				t.Errorf("%s: it took %s, want %s", test.name, took, test.want)
			}
		}
	})
}

func TestFault_InsteadOfALoginDoesNotCountAsALogin(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock})
	for range 5 {
		s.Inject(emulator.Login, emulator.Status(503))
		s.ask(http.MethodPost, loginPath, adminObject)
	}
	s.exhaust()
	if c := s.Counts(); c.Login != 10 || c.LoggedIn != 5 || c.RateLimited != 0 {
		t.Errorf("counts = %+v, want 10 logins, 5 granted and none limited", c)
	}
}

func TestLostAnswer_SpendsTheRefreshToken(t *testing.T) {
	for _, fault := range []emulator.Fault{emulator.LostAnswer(), emulator.CutBody(), emulator.TruncatedJSON(), emulator.EmptyAnswer()} {
		t.Run(fault.String(), func(t *testing.T) {
			s := serve(t, emulator.Options{})
			first := s.login()
			s.Inject(emulator.Refresh, fault)
			_, _ = s.request(http.MethodPost, refreshPath, refreshBody(first.Result.AccessToken.Token, first.Result.RefreshToken))
			s.mustRefuse(s.refresh(first), http.StatusUnauthorized, "used before")
		})
	}
}

func TestParseFault_ReadsWhatStringWrites(t *testing.T) {
	for _, fault := range []emulator.Fault{
		emulator.ConnectionReset(), emulator.Hang(), emulator.LostAnswer(), emulator.HugeBody(), emulator.TruncatedJSON(),
		emulator.CutBody(), emulator.EmptyAnswer(), emulator.WrongContentType(), emulator.NullResult(), emulator.EmptyTokens(),
		emulator.Delay(2 * time.Second), emulator.Delay(1500 * time.Millisecond), emulator.HTMLPage(200), emulator.InnerStatus(401),
		emulator.ActedHang(), emulator.ForeignJSON(200), emulator.NoBody(407), emulator.Pass(), emulator.InnerStatus(0), emulator.ActedStatus(503), emulator.ProblemDetails(400), emulator.StatusWithCode(401, 1002),
		emulator.RedirectWithStatus(302, "/sign-in"), emulator.RedirectWithStatus(302, "https://192.0.2.1/a:b"), emulator.Redirect("302"),
		emulator.Status(503), emulator.StatusWithRetryAfter(429, "60"),
		emulator.StatusWithRetryAfter(503, "Mon, 01 Jun 2026 11:50:00 GMT"), emulator.Redirect("http://127.0.0.1:1/v1?x=y:z"),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			read, err := emulator.ParseFault(fault.String())
			if err != nil || read.String() != fault.String() {
				t.Errorf("ParseFault = %v, %v, want it back", read, err)
			}
		})
	}
}

func TestParseFault_RefusesOtherTexts(t *testing.T) {
	for _, text := range []string{
		"", "nothing", "Reset", "reset:1", "delay", "delay:", "delay:2", "delay:soon", "html", "html:", "html:two", "html:200:x",
		"inner:", "inner:401:x", "status", "status:", "status:99", "status:600", "status:-1", "status:429:60", "status:429:",
		"teapot:418", "inner:00", "html:0", "acted", "acted:503:x", "problem:", "status:401:code=", "status:401:code=x", "html:+200", "pass:1", "bare", "json:x", "acted-hang:1",
	} {
		t.Run(text, func(t *testing.T) {
			fault, err := emulator.ParseFault(text)
			if err == nil || !strings.Contains(err.Error(), `"`+text+`"`) || fault.String() != "" {
				t.Errorf("ParseFault = %v, %v, want an error that names it", fault, err)
			}
		})
	}
}

func mustParse(t *testing.T, text string) emulator.Fault {
	t.Helper()
	fault, err := emulator.ParseFault(text)
	if err != nil {
		t.Fatal(err)
	}
	return fault
}

// checkActed fails the test unless the one login was granted, or was not.
func (s service) checkActed(acted bool) {
	s.t.Helper()
	want := emulator.Counts{Login: 1}
	if acted {
		want.LoggedIn = 1
	}
	if c := s.Counts(); c != want {
		s.t.Errorf("counts = %+v, want %+v", c, want)
	}
}

// isPage reports that an answer is a web page.
func (a answer) isPage() bool {
	return a.header.Get("Content-Type") == "text/html" && strings.HasPrefix(a.body, "<!DOCTYPE html>")
}

// broken reports that a connection ended before the whole answer had come.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
