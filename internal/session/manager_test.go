package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const quarterHour = 15 * time.Minute

func TestOpen_ReusesElseRefreshesElseLogsIn(t *testing.T) {
	tests := []struct {
		name           string
		stored, resume func() session.Session // nil: none
		failRefresh    error
		minLifetime    time.Duration
		source         session.Source
		requests       counts
		token          string
	}{
		{name: "nothing known: log in", source: session.LoggedIn, requests: counts{logins: 1}, token: "access-1"},
		{name: "a fresh stored session is reused", stored: aged(time.Hour), source: session.Reused, token: "access-resumed"},
		{name: "a stale stored session is refreshed", stored: aged(110 * time.Minute), source: session.Refreshed, requests: counts{refreshes: 1}, token: "access-1"},
		{name: "an expired stored session is refreshed", stored: aged(240 * time.Hour), source: session.Refreshed, requests: counts{refreshes: 1}, token: "access-1"},
		{name: "exactly min_lifetime left is enough", stored: aged(105 * time.Minute), source: session.Reused, token: "access-resumed"},
		{name: "min_lifetime 0 takes any that lives", stored: aged(119 * time.Minute), minLifetime: -1, source: session.Reused, token: "access-resumed"},
		{name: "min_lifetime 0 does not take a dead one", stored: aged(120 * time.Minute), minLifetime: -1, source: session.Refreshed, requests: counts{refreshes: 1}, token: "access-1"},
		{name: "a fresh resumed session is reused", resume: aged(time.Hour), source: session.Reused, token: "access-resumed"},
		{name: "a stale resumed session is refreshed", resume: aged(110 * time.Minute), source: session.Refreshed, requests: counts{refreshes: 1}, token: "access-1"},
		{name: "a refused refresh leads to a login", stored: aged(110 * time.Minute), failRefresh: answer{code: 401}, source: session.LoggedIn, requests: counts{logins: 1, refreshes: 1}, token: "access-1"},
		{name: "400 is a refusal, too", stored: aged(110 * time.Minute), failRefresh: answer{code: 400}, source: session.LoggedIn, requests: counts{logins: 1, refreshes: 1}, token: "access-1"},
		{name: "an unusable answer to a refresh: the living token", stored: aged(110 * time.Minute), failRefresh: answer{code: 200}, source: session.Reused, requests: counts{refreshes: 1}, token: "access-resumed"},
		{name: "a session without known times is refreshed", resume: timeless, source: session.Refreshed, requests: counts{refreshes: 1}, token: "access-1"},
		{name: "a demand past a whole life is met in halves", stored: aged(59 * time.Minute), minLifetime: 48 * time.Hour, source: session.Reused, token: "access-resumed"},
		{name: "and refreshed in the second half", stored: aged(61 * time.Minute), minLifetime: 48 * time.Hour, source: session.Refreshed, requests: counts{refreshes: 1}, token: "access-1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.failRefresh = test.failRefresh
				store := session.NewMemory()
				if test.stored != nil {
					save(t, store, admin, test.stored())
				}
				req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
				if test.minLifetime != 0 {
					req.MinLifetime = max(0, test.minLifetime)
				}
				if test.resume != nil {
					req.Resume = test.resume()
				}
				result, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), req)
				want(t, p, result, err, test.source, test.requests)
				if got := result.AccessToken.Reveal(); got != test.token {
					t.Errorf("token = %s, want %s", got, test.token)
				}
				if result.Version == 0 && test.stored != nil {
					t.Error("the session has no version")
				}
			})
		})
	}
}

// aged returns a maker of sessions that were issued age ago and made to live
// for two hours.
func aged(age time.Duration) func() session.Session {
	return func() session.Session { return resumable(age, 2*time.Hour) }
}

// timeless is a resumed session whose token does not tell its times.
func timeless() session.Session {
	s := resumable(0, 0)
	s.IssuedAt, s.ExpiresAt = time.Time{}, time.Time{}
	return s
}

func TestOpen_NewerOfStoredAndResumedIsUsed(t *testing.T) {
	tests := []struct {
		name                  string
		storedAge, resumedAge time.Duration
		token                 string
		requests              counts
		source                session.Source
	}{
		{name: "the stored one is newer", storedAge: time.Minute, resumedAge: time.Hour, token: "stored", source: session.Reused},
		{name: "the resumed one is newer", storedAge: time.Hour, resumedAge: time.Minute, token: "access-resumed", source: session.Reused},
		{name: "the newer is stale, so is refreshed", storedAge: 115 * time.Minute, resumedAge: 110 * time.Minute, token: "access-1", requests: counts{refreshes: 1}, source: session.Refreshed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				save(t, store, admin, named("stored", test.storedAge))
				result, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{
					Account: admin, Authorizer: p, MinLifetime: quarterHour, Resume: resumable(test.resumedAge, 2*time.Hour),
				})
				want(t, p, result, err, test.source, test.requests)
				if got := result.AccessToken.Reveal(); got != test.token {
					t.Errorf("token = %s, want %s", got, test.token)
				}
				if test.source == session.Refreshed && !p.spent["refresh-resumed"] {
					t.Error("the older session was refreshed, not the newer")
				}
			})
		})
	}
}

func TestOpen_OlderSessionIsTheFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		save(t, store, admin, named("stored", 110*time.Minute))
		p.spent["refresh-resumed"] = true
		result, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{
			Account: admin, Authorizer: p, MinLifetime: quarterHour, Resume: resumable(time.Hour+50*time.Minute-time.Second, 2*time.Hour),
		})
		want(t, p, result, err, session.Refreshed, counts{refreshes: 2})
		if !p.spent["stored"] && !p.spent["refresh-stored"] {
			t.Error("the stored session was not tried")
		}
	})
}

// named is a session with tokens of that name.
func named(name string, age time.Duration) session.Session {
	s := resumable(age, 2*time.Hour)
	s.AccessToken, s.RefreshToken = secretOf(name), secretOf("refresh-"+name)
	return s
}

func TestOpen_TemporaryFailureOfARefreshDoesNotLogIn(t *testing.T) {
	for _, failure := range []error{answer{code: 503}, answer{code: 429}, answer{code: 0}, context.DeadlineExceeded} {
		t.Run(failure.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				p.failRefresh = failure
				save(t, store, admin, resumable(110*time.Minute, 2*time.Hour))
				_, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour, Insist: true})
				var opened *session.OpenError
				if !errors.As(err, &opened) || !errors.Is(opened.Refresh, failure) || opened.Login != nil {
					t.Errorf("error = %v, want one of the refresh alone", err)
				}
				if got := p.counts(); got.logins != 0 {
					t.Errorf("requests = %+v, want no login", got)
				}
			})
		})
	}
}

func TestOpenError_TellsRefreshAndLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.failRefresh = answer{code: 401}
		_, err := session.NewManager(session.Config{}).Open(t.Context(), session.Request{
			Account: admin, Authorizer: strandedPlatform{p}, MinLifetime: quarterHour, Resume: resumable(3*time.Hour, 2*time.Hour),
		})
		if !errors.Is(err, errNoCredentials) || !errors.Is(err, answer{code: 401}) {
			t.Errorf("error = %v, want both reasons", err)
		}
		if got, want := err.Error(), "the platform answered 401; then no credentials"; got != want {
			t.Errorf("error = %q, want %q", got, want)
		}
	})
}

func TestOpen_SameAccountLogsInOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.latency = time.Second
		m := session.NewManager(session.Config{})
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := p.counts(); got != (counts{logins: 1}) {
			t.Errorf("requests = %+v, want one login", got)
		}
	})
}

func TestOpen_FailedLoginIsNotRepeatedByCallersThatWaited(t *testing.T) {
	tests := []struct {
		name    string
		failure error
		after   counts // when one more asks later
	}{
		{"refused: for the life of the process", answer{code: 401}, counts{logins: 1}},
		{"temporary: for the callers that waited", answer{code: 503}, counts{logins: 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.latency, p.failLogin = time.Second, test.failure
				m := session.NewManager(session.Config{LoginForm: session.FormObject})
				open := func() {
					_, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
					if !errors.Is(err, test.failure) {
						t.Errorf("error = %v, want %v", err, test.failure)
					}
				}
				var all sync.WaitGroup
				for range 10 {
					all.Go(open)
				}
				all.Wait()
				if got := p.counts(); got != (counts{logins: 1}) {
					t.Errorf("requests of ten = %+v, want one login", got)
				}
				open()
				if got := p.counts(); got != test.after {
					t.Errorf("requests with one more = %+v, want %+v", got, test.after)
				}
			})
		})
	}
}

func TestOpen_AnotherPasswordIsNotHandedTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := newPlatform(), session.NewManager(session.Config{})
		other := admin
		other.Password = secretOf("another password")
		for _, account := range []session.Account{admin, other} {
			if _, err := m.Open(t.Context(), session.Request{Account: account, Authorizer: p, MinLifetime: quarterHour}); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.counts(); got != (counts{logins: 2}) {
			t.Errorf("requests = %+v, want a login for each credential", got)
		}
	})
}

func TestOpen_DifferentIdentitiesDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		m := session.NewManager(session.Config{})
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				p := newPlatform()
				p.latency = time.Second
				account := accountOf(fmt.Sprintf("%d@example.com", i))
				result, err := m.Open(t.Context(), session.Request{Account: account, Authorizer: p, MinLifetime: quarterHour})
				want(t, p, result, err, session.LoggedIn, counts{logins: 1})
			})
		}
		all.Wait()
		if took := time.Since(started); took != time.Second {
			t.Errorf("ten identities took %v, want the time of one", took)
		}
	})
}

func TestOpen_CancelledCallerDoesNotCancelTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.latency = 10 * time.Second
		m := session.NewManager(session.Config{})
		req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}

		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			// Its login is seen through: a process that ends before the answer
			// is stored loses it.
			result, err := m.Open(hasty, req)
			want(t, p, result, err, session.LoggedIn, counts{logins: 1})
		})
		synctest.Wait()
		all.Go(func() {
			result, err := m.Open(t.Context(), req)
			want(t, p, result, err, session.Reused, counts{logins: 1})
		})
		all.Wait()
	})
}

func TestOpen_VersionFollowsTheAccessToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := newPlatform(), session.NewManager(session.Config{Store: session.NewMemory()})
		open := func() session.Result {
			result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
			if err != nil {
				t.Fatal(err)
			}
			return result
		}
		p.lifetime = 0 // each open finds the token stale, in the same second
		versions := map[int64]string{}
		last := int64(0)
		for range 5 {
			result := open()
			if result.Version <= last {
				t.Errorf("version %d does not grow past %d", result.Version, last)
			}
			last = result.Version
			versions[result.Version] = result.AccessToken.Reveal()
		}
		p.lifetime = 2 * time.Hour
		first := open()
		for range 3 {
			if again := open(); again.Version != first.Version || !again.AccessToken.Equal(first.AccessToken) {
				t.Errorf("version %d of the same token, want %d", again.Version, first.Version)
			}
		}
		if len(versions) != 5 {
			t.Errorf("5 tokens had %d versions", len(versions))
		}
	})
}

func TestOpen_ShortLifeAndRefusedResumeAreNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := newPlatform(), session.NewManager(session.Config{})
		result, err := m.Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: 3 * time.Hour})
		want(t, p, result, err, session.LoggedIn, counts{logins: 1})
		if len(result.Notices) != 1 || result.Notices[0].Kind != session.ShortLived || result.Notices[0].Duration != 2*time.Hour {
			t.Errorf("notices = %+v, want that the token lives for 2h only", result.Notices)
		}

		spent := resumable(110*time.Minute, 2*time.Hour)
		spent.Owner = session.Owner{}
		p.spent["refresh-resumed"] = true
		result, err = m.Open(t.Context(), session.Request{Account: accountOf("b@example.com"), Authorizer: p, MinLifetime: quarterHour, Resume: spent})
		want(t, p, result, err, session.LoggedIn, counts{logins: 2, refreshes: 1})
		if len(result.Notices) != 1 || result.Notices[0].Kind != session.ResumeSpent || !errors.Is(result.Notices[0].Err, answer{code: 401}) {
			t.Errorf("notices = %+v, want that the resumed session was refused", result.Notices)
		}
	})
}

// A demand for nearly a whole life replaces the token in nearly every run, which is
// told when it does.
func TestOpen_DemandForNearlyAWholeLifeIsANotice(t *testing.T) {
	for _, test := range []struct {
		name string
		asks time.Duration
		told time.Duration // zero: nothing
	}{
		{"a minute less", 119 * time.Minute, time.Minute},
		{"a twentieth less", 114 * time.Minute, 0},
		{"half", time.Hour, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				open := func() (session.Result, error) {
					return session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: test.asks})
				}
				result, err := open()
				want(t, p, result, err, session.LoggedIn, counts{logins: 1})
				if len(result.Notices) != 0 {
					t.Errorf("notices of the login = %+v", result.Notices)
				}
				time.Sleep(90 * time.Minute)
				result, err = open()
				want(t, p, result, err, session.Refreshed, counts{logins: 1, refreshes: 1})
				var told time.Duration
				for _, notice := range result.Notices {
					if notice.Kind == session.RefreshedOften {
						told = notice.Duration
					}
				}
				if told != test.told || told == 0 && len(result.Notices) != 0 {
					t.Errorf("notices = %+v, want that it lasts for %s", result.Notices, test.told)
				}
			})
		})
	}
}

// What one object of a configuration resumes is known to the others.
func TestOpen_ResumedSessionIsKnownToLaterRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := newPlatform(), session.NewManager(session.Config{})
		req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}
		resuming := req
		resuming.Resume = resumable(time.Hour, 2*time.Hour)
		first, err := m.Open(t.Context(), resuming)
		want(t, p, first, err, session.Reused, counts{})
		second, err := m.Open(t.Context(), req)
		want(t, p, second, err, session.Reused, counts{})
		if !second.AccessToken.Equal(first.AccessToken) || second.Version != first.Version {
			t.Errorf("token %s of version %d, want %s of version %d",
				second.AccessToken.Reveal(), second.Version, first.AccessToken.Reveal(), first.Version)
		}
		other := req
		other.Account = accountOf("b@example.com")
		result, err := m.Open(t.Context(), other)
		want(t, p, result, err, session.LoggedIn, counts{logins: 1})
		time.Sleep(time.Hour)
		third, err := m.Open(t.Context(), req)
		want(t, p, third, err, session.Refreshed, counts{logins: 1, refreshes: 1})
	})
}
