package userservice_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// outcome is what becomes of an operation when a fault happens.
type outcome struct {
	// once and always are the requests that it takes when the fault happens
	// to the first, and to all of them.
	once, always int
	// after is what is told when the fault happened once: nothing, if there
	// is a right answer in the end.
	after string
	// told is what is told when it always happens.
	told string
}

// The outcomes that several faults have.
func refusedAtOnce(told string) outcome { return outcome{1, 1, told, told} }
func retried(always int, told string) outcome {
	return outcome{2, always, "", told}
}

// faults are all of the emulator's, with what becomes of a login and of a
// refresh. A fault that happens after the platform has acted has spent the
// refresh token.
var faults = []struct {
	fault          emulator.Fault
	login, refresh outcome
}{
	{emulator.ConnectionReset(), retried(3, "the connection was closed before the whole answer had come"), retried(4, "the connection was closed before the whole answer had come")},
	{emulator.Hang(), retried(3, "no whole answer within 10s (request_timeout)"), retried(4, "no whole answer within 10s (request_timeout)")},
	{
		emulator.LostAnswer(), retried(3, "the connection was closed before the whole answer had come"),
		outcome{2, 4, "The refresh token was used before", "the connection was closed before the whole answer had come"},
	},
	{
		emulator.CutBody(), retried(3, "HTTP 200 OK: the connection was closed before the whole answer had come"),
		outcome{2, 2, "The refresh token was used before", "HTTP 401 Unauthorized: the connection was closed before the whole answer had come"},
	},
	{
		emulator.Delay(time.Minute), retried(3, "no whole answer within 10s"),
		outcome{2, 4, "The refresh token was used before", "no whole answer within 10s"},
	},
	{emulator.Delay(5 * time.Second), outcome{once: 1, always: 1}, outcome{once: 1, always: 1}},
	{emulator.WrongContentType(), outcome{once: 1, always: 1}, outcome{once: 1, always: 1}},
	{emulator.TruncatedJSON(), refusedAtOnce("the answer is cut off or damaged"), refusedAtOnce("the answer is cut off or damaged")},
	{emulator.EmptyAnswer(), refusedAtOnce("the answer is empty"), refusedAtOnce("the answer is empty")},
	{emulator.NullResult(), refusedAtOnce("the answer holds no Result"), refusedAtOnce("the answer holds no Result")},
	{emulator.EmptyTokens(), refusedAtOnce("the answer holds no access token"), refusedAtOnce("the answer holds no access token")},
	{emulator.HugeBody(), refusedAtOnce("the answer is longer than 1048576 bytes"), refusedAtOnce("the answer is longer than 1048576 bytes")},
	{emulator.HTMLPage(200), refusedAtOnce("answered with a web page (text/html) instead of JSON"), refusedAtOnce("answered with a web page (text/html) instead of JSON")},
	{emulator.HTMLPage(403), refusedAtOnce("HTTP 403 Forbidden: answered with a web page"), refusedAtOnce("HTTP 403 Forbidden: answered with a web page")},
	{emulator.HTMLPage(502), retried(3, "HTTP 502 Bad Gateway: answered with a web page"), retried(4, "HTTP 502 Bad Gateway: answered with a web page")},
	{emulator.Redirect("http://elsewhere.example/"), refusedAtOnce("it redirects to http://elsewhere.example/; redirects are not followed"), refusedAtOnce("it redirects to http://elsewhere.example/; redirects are not followed")},
	{emulator.InnerStatus(401), refusedAtOnce(`HTTP 200 OK, Status 401, "Ordered failure"; This failure was ordered`), refusedAtOnce(`HTTP 200 OK, Status 401, "Ordered failure"; This failure was ordered`)},
	{emulator.InnerStatus(429), refusedAtOnce("HTTP 200 OK, Status 429"), retried(4, "HTTP 200 OK, Status 429")},
	{emulator.InnerStatus(503), retried(3, "HTTP 200 OK, Status 503"), retried(4, "HTTP 200 OK, Status 503")},
	{emulator.Status(400), refusedAtOnce("HTTP 400 Bad Request, Status 400"), refusedAtOnce("HTTP 400 Bad Request, Status 400")},
	{emulator.Status(401), refusedAtOnce("HTTP 401 Unauthorized, Status 401"), refusedAtOnce("HTTP 401 Unauthorized, Status 401")},
	{emulator.Status(403), refusedAtOnce("HTTP 403 Forbidden"), refusedAtOnce("HTTP 403 Forbidden")},
	{emulator.Status(404), refusedAtOnce("HTTP 404 Not Found"), refusedAtOnce("HTTP 404 Not Found")},
	{emulator.Status(408), refusedAtOnce("HTTP 408 Request Timeout"), refusedAtOnce("HTTP 408 Request Timeout")},
	{emulator.Status(415), refusedAtOnce("HTTP 415 Unsupported Media Type"), refusedAtOnce("HTTP 415 Unsupported Media Type")},
	{emulator.Status(422), refusedAtOnce("HTTP 422 Unprocessable Entity"), refusedAtOnce("HTTP 422 Unprocessable Entity")},
	{emulator.Status(499), refusedAtOnce("HTTP 499, Status 499"), refusedAtOnce("HTTP 499, Status 499")},
	{emulator.Status(429), refusedAtOnce("HTTP 429 Too Many Requests"), retried(4, "HTTP 429 Too Many Requests")},
	{emulator.StatusWithRetryAfter(429, "7"), refusedAtOnce("asking to wait 7s"), retried(4, "asking to wait 7s")},
	{emulator.StatusWithRetryAfter(429, "3600"), refusedAtOnce("asking to wait 1h0m0s"), refusedAtOnce("asking to wait 1h0m0s")},
	{emulator.Status(500), retried(3, "HTTP 500 Internal Server Error, Status 500"), retried(4, "HTTP 500 Internal Server Error, Status 500")},
	{emulator.Status(503), retried(3, "HTTP 503 Service Unavailable"), retried(4, "HTTP 503 Service Unavailable")},
	{emulator.StatusWithRetryAfter(503, "20"), retried(3, "asking to wait 20s"), retried(4, "asking to wait 20s")},
	{emulator.StatusWithRetryAfter(503, "31"), refusedAtOnce("asking to wait 31s"), refusedAtOnce("asking to wait 31s")},
}

// Each fault is ordered on a login and on a refresh, once and always.
func TestAuthorizer_EachFaultEndsInAnAnswerOrAnError(t *testing.T) {
	for _, test := range faults {
		t.Run("login/"+test.fault.String(), func(t *testing.T) {
			checkFault(t, emulator.Login, test.fault, test.login)
		})
		t.Run("refresh/"+test.fault.String(), func(t *testing.T) {
			checkFault(t, emulator.Refresh, test.fault, test.refresh)
		})
	}
}

func checkFault(t *testing.T, e emulator.Endpoint, fault emulator.Fault, want outcome) {
	t.Helper()
	for _, expected := range []struct {
		times, requests int
		told            string
	}{{1, want.once, want.after}, {4, want.always, want.told}} {
		t.Run(strconv.Itoa(expected.times), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				faulty(t, e, fault, expected.times, expected.requests, expected.told)
			})
		})
	}
}

// faulty does one operation while a fault happens so many times.
func faulty(t *testing.T, e emulator.Endpoint, fault emulator.Fault, times, requests int, told string) {
	t.Helper()
	p := newPlatform()
	c := newClient(platformInMemory(t, p), userservice.Config{RequestTimeout: 10 * time.Second})
	var first session.Session
	if e == emulator.Refresh {
		first = mustLogin(t, c)
		p.ResetCounts()
	}
	for range times {
		p.Inject(e, fault)
	}
	var answer session.Session
	var err error
	if e == emulator.Login {
		answer, err = login(t.Context(), c, admin())
	} else {
		answer, err = refresh(t.Context(), c, first)
	}
	if counts := p.Counts(); counts.Login+counts.Refresh != requests {
		t.Errorf("counts = %+v, want %d requests", counts, requests)
	}
	if told == "" {
		if err != nil {
			t.Fatal(err)
		}
		if !p.Accepts(answer.AccessToken.Reveal()) || answer.RefreshToken.IsEmpty() {
			t.Error("the answer's tokens are not the platform's")
		}
		return
	}
	failed := failureOf(t, err, p.Secrets()...)
	if !answer.IsZero() {
		t.Error("there is an answer, too")
	}
	if attempts(err) != requests || failed.Operation != string(e) {
		t.Errorf("%s after %d attempts, want %s and %d", failed.Operation, attempts(err), e, requests)
	}
	contains(t, err.Error(), told)
	mustHide(t, err.Error(), first.AccessToken.Reveal(), first.RefreshToken.Reveal())
}
