package session_test

import (
	"errors"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

const deviceToken = "7D6B1E5C-2F3A-4B5C-8D9E-0F1A2B3C4D5E"

func owned(kind session.Kind, login string) func() session.Session {
	return func() session.Session {
		s := resumable(time.Minute, 2*time.Hour)
		s.Owner = session.Owner{Kind: kind, Login: login}
		return s
	}
}

var user = session.NewAccount(session.Identity{UserServiceURL: admin.UserServiceURL, Kind: session.User, Login: "7d6b1e5c-2f3a-4b5c-8d9e-0f1a2b3c4d5e"}, secret.New("key"))

func TestOpen_PairOfAnotherAccountIsAnErrorBeforeAnythingIsSpent(t *testing.T) {
	for _, test := range []struct {
		name    string
		account session.Account
		owner   session.Owner
		want    string
	}{
		{"another admin", admin, session.Owner{Kind: session.Admin, Login: "b@example.com"}, "the session belongs to another admin than the one that was asked for"},
		{"a user for an admin", admin, session.Owner{Kind: session.User, Login: deviceToken}, "the session belongs to a user, and an admin was asked for"},
		{"an admin for a user", user, session.Owner{Kind: session.Admin}, "the session belongs to an admin, and a user was asked for"},
		{"another user", user, session.Owner{Kind: session.User, Login: "00000000-2f3a-4b5c-8d9e-0f1a2b3c4d5e"}, "the session belongs to another device token than the one that was asked for"},
	} {
		for _, age := range []struct {
			name string
			of   time.Duration
		}{{"fresh", time.Minute}, {"stale", 119 * time.Minute}, {"expired", 3 * time.Hour}} {
			t.Run(test.name+", "+age.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p, store := newPlatform(), session.NewMemory()
					resume := resumable(age.of, 2*time.Hour)
					resume.Owner = test.owner
					_, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{
						Account: test.account, Authorizer: p, MinLifetime: quarterHour, Resume: resume,
					})
					var other *session.OwnerError
					if !errors.As(err, &other) || err.Error() != test.want {
						t.Errorf("error = %v, want %s", err, test.want)
					}
					if got := p.counts(); got != (counts{}) {
						t.Errorf("requests = %+v, want none", got)
					}
					if _, err := store.Load(t.Context(), test.account); !errors.Is(err, session.ErrNoSession) {
						t.Errorf("the store answers %v, want that nothing is in it", err)
					}
				})
			})
		}
	}
}

func TestOpen_ProvenPairIsForTheWholeAccount(t *testing.T) {
	for _, test := range []struct {
		name    string
		account session.Account
		resume  func() session.Session
	}{
		{"email in another case", admin, owned(session.Admin, " A@Example.com")},
		{"device token without dashes", user, owned(session.User, "7D6B1E5C2F3A4B5C8D9E0F1A2B3C4D5E")},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				m := session.NewManager(session.Config{})
				for _, resume := range []session.Session{test.resume(), {}} {
					result, err := m.Open(t.Context(), session.Request{Account: test.account, Authorizer: p, MinLifetime: quarterHour, Resume: resume})
					want(t, p, result, err, session.Reused, counts{})
				}
			})
		})
	}
}

// A pair whose owner is not known may be anybody's.
func TestOpen_UnprovenPairIsForItsObjectOnly(t *testing.T) {
	for _, test := range []struct {
		name     string
		age      time.Duration
		source   session.Source
		requests counts
	}{
		{"fresh", time.Minute, session.Reused, counts{}},
		{"stale", 110 * time.Minute, session.Refreshed, counts{refreshes: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, store := newPlatform(), session.NewMemory()
				m := session.NewManager(session.Config{Store: store})
				resume := resumable(test.age, 2*time.Hour)
				resume.Owner = session.Owner{}
				req := session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour, Resume: resume}
				for range 2 {
					result, err := m.Open(t.Context(), req)
					want(t, p, result, err, test.source, test.requests)
					test.source = session.Reused
				}
				if _, err := store.Load(t.Context(), admin); !errors.Is(err, session.ErrNoSession) {
					t.Errorf("the account's slot answers %v, want that nothing is in it", err)
				}
				req.Resume = session.Session{}
				test.requests.logins++
				result, err := m.Open(t.Context(), req)
				want(t, p, result, err, session.LoggedIn, test.requests)
			})
		})
	}
}

func TestOpen_AnswerOfAnotherAccountIsNotHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.owner = session.Owner{Kind: session.Admin, Login: "b@example.com"}
		_, err := session.NewManager(session.Config{Store: store}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour})
		var other *session.OwnerError
		if !errors.As(err, &other) {
			t.Errorf("error = %v, want that the session is another admin's", err)
		}
		if _, err := store.Load(t.Context(), admin); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("the store answers %v, want that nothing is in it", err)
		}
	})
}

func TestIdentity_SpellingMakesNoOther(t *testing.T) {
	for _, test := range []struct {
		name, one, other   string
		oneURL, anotherURL string
		kind               session.Kind
		differ             bool
	}{
		{name: "case of an email", one: "A@example.com", other: "a@Example.COM", kind: session.Admin},
		{name: "spaces around it", one: " a@example.com\n", other: "a@example.com", kind: session.Admin},
		{name: "case of a device token", one: deviceToken, other: "7d6b1e5c-2f3a-4b5c-8d9e-0f1a2b3c4d5e", kind: session.User},
		{name: "another email", one: "a@example.com", other: "b@example.com", kind: session.Admin, differ: true},
		{name: "default port", oneURL: "https://h.example:443", anotherURL: "https://h.example"},
		{name: "default port of http", oneURL: "http://localhost:80/", anotherURL: "http://localhost"},
		{name: "dot at the end of the host", oneURL: "https://h.example./v", anotherURL: "https://h.example/v"},
		{name: "dots in the path", oneURL: "https://h.example/./a/../b/", anotherURL: "https://h.example/b"},
		{name: "case of scheme and host", oneURL: "HTTPS://H.Example", anotherURL: "https://h.example"},
		{name: "an address of IPv6", oneURL: "https://[2001:DB8::1]:443", anotherURL: "https://[2001:db8::1]"},
		{name: "case of the path", oneURL: "https://h.example/A", anotherURL: "https://h.example/a", differ: true},
		{name: "an escape in the path", oneURL: "https://h.example/a%2Fb/", anotherURL: "https://h.example/a/b", differ: true},
		{name: "another port", oneURL: "https://h.example:8443", anotherURL: "https://h.example", differ: true},
		{name: "another name of this machine", oneURL: "http://localhost:1", anotherURL: "http://127.0.0.1:1", differ: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := session.NewIdentity(parse(t, test.oneURL), test.kind, test.one)
			other := session.NewIdentity(parse(t, test.anotherURL), test.kind, test.other)
			if same := one.Key() == other.Key(); same == test.differ {
				t.Errorf("%+v and %+v: same key %v", one, other, same)
			}
		})
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestAccount_CaseOfAUUIDMakesNoOtherPassword(t *testing.T) {
	for _, test := range []struct {
		name, one, other string
		differ           bool
	}{
		{"an instance key", deviceToken, "7d6b1e5c-2f3a-4b5c-8d9e-0f1a2b3c4d5e", false},
		{"a password", "Secret", "secret", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := session.NewAccount(admin.Identity, secret.New(test.one))
			other := session.NewAccount(admin.Identity, secret.New(test.other))
			if one.Password.Equal(other.Password) == test.differ {
				t.Errorf("equal = %v", !test.differ)
			}
		})
	}
}
