package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// tokens hands out tokens of an admin, a new one for each that is refused.
type tokens struct {
	platform *emulator.Platform
	email    string

	mu       sync.Mutex
	token    secret.String
	replaced int
}

func (s *tokens) Token(_ context.Context, refused secret.String) (secret.String, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.IsEmpty() || s.token.Equal(refused) {
		if !s.token.IsEmpty() {
			s.replaced++
		}
		access, _, err := s.platform.LoginElsewhere(s.email)
		if err != nil {
			return secret.String{}, err
		}
		s.token = secret.New(access)
	}
	return s.token, nil
}

// world is a platform in memory, with a client of an admin.
type world struct {
	*emulator.Platform
	*accounts.Client
	tokens *tokens
	t      *testing.T
}

// inWorld runs a test in a bubble where pauses take no time.
func inWorld(t *testing.T, options emulator.Options, test func(t *testing.T, w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := emulator.New(options)
		p.AddTestAccounts()
		transport, stop := emulator.InMemory(p)
		defer stop()
		defer p.Close()
		base := &url.URL{Scheme: "http", Host: "platform.example"}
		source := &tokens{platform: p, email: emulator.AdminEmail}
		test(t, world{p, accounts.New(accounts.Config{
			AccountsURL: base, UserServiceURL: base, PortalURL: base, Tokens: source,
			Platform: platform.New(platform.Config{RequestTimeout: 30 * time.Second, Transport: transport}),
		}), source, t})
	})
}

// must fails the test when there is an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// options are the ways in which the sources leave the platform's answers open.
// What is built on them has to work with each.
var options = []struct {
	name string
	of   emulator.Options
}{
	{"as documented", emulator.Options{}},
	{"bare lists, empty texts, 404 for what is gone", emulator.Options{BareLists: true, EmptyTexts: true, GoneBy: http.StatusNotFound}},
	{"absent query clears, 200 for what is gone", emulator.Options{AbsentQueryClears: true, GoneBy: http.StatusOK}},
	{"a custom token that exists is answered as new", emulator.Options{CustomTokenExistsBy: http.StatusOK}},
}

const oddText = "\"quotes\" & <tags> + 100% ü 🚗\nline two"

func TestApplication_LivesFromCreateToDelete(t *testing.T) {
	for _, option := range options {
		t.Run(option.name, func(t *testing.T) {
			inWorld(t, option.of, func(t *testing.T, w world) {
				texts := accounts.ApplicationTexts{
					Name: oddText, Description: "Fleet", Status: accounts.Active,
					GooglePlayLink: "https://play.example/a?b=c&d", AppleStoreLink: "https://apps.example", Environment: "UAT",
				}
				made := must[accounts.Created](t)(w.CreateApplication(t.Context(), emulator.CompanyID, texts, accounts.CreateOptions{}))
				if len(w.Platform.Instances()) != 2 {
					t.Error("a default group was made")
				}
				if got := must[accounts.Application](t)(w.Application(t.Context(), strings.ToUpper(made.ID))); got.ApplicationTexts != texts || got.ID != made.ID {
					t.Errorf("read %+v, want %+v", got, texts)
				}
				have := texts
				texts = accounts.ApplicationTexts{Name: "Fleet", Status: accounts.Deactivated}
				w.must(w.UpdateApplication(t.Context(), made.ID, have, texts))
				all := must[[]accounts.Application](t)(w.Client.Applications(t.Context(), emulator.CompanyID))
				if at := slices.IndexFunc(all, func(a accounts.Application) bool { return a.ID == made.ID }); at < 0 || all[at].ApplicationTexts != texts {
					t.Errorf("listed %+v, want %+v among them", all, texts)
				}
				for range 2 { // what is gone is gone
					w.must(w.Client.DeleteApplication(t.Context(), made.ID))
				}
				if _, err := w.Application(t.Context(), made.ID); !errors.Is(err, accounts.ErrNotFound) {
					t.Errorf("error = %v, want that it is not found", err)
				}
			})
		})
	}
}

// Whether the platform takes an empty text is not known. It is sent none where there
// is nothing to clear.
func TestEmptyTexts_AreSentOnlyToClear(t *testing.T) {
	inWorld(t, emulator.Options{EmptyTextsRefused: true}, func(t *testing.T, w world) {
		application := accounts.ApplicationTexts{Name: "Fleet"}
		made := must[accounts.Created](t)(w.CreateApplication(t.Context(), emulator.CompanyID, application, accounts.CreateOptions{}))
		w.must(w.UpdateApplication(t.Context(), made.ID, application, accounts.ApplicationTexts{Name: "Fleet 2"}))
		instance := accounts.InstanceTexts{Name: "Drivers"}
		made = must[accounts.Created](t)(w.CreateInstance(t.Context(), made.ID, instance, accounts.CreateOptions{}))
		w.must(w.UpdateInstance(t.Context(), made.ID, instance, accounts.InstanceTexts{Name: "Drivers 2", Description: "d"}))
		if err := w.UpdateInstance(t.Context(), made.ID, accounts.InstanceTexts{Name: "Drivers 2", Description: "d"}, instance); err == nil {
			t.Error("no empty text was sent to clear the description")
		}
	})
}

func TestInstance_LivesFromCreateToDelete(t *testing.T) {
	for _, option := range options {
		t.Run(option.name, func(t *testing.T) {
			inWorld(t, option.of, func(t *testing.T, w world) {
				texts := accounts.InstanceTexts{Name: oddText, Description: "a+b=c&d %41", Status: accounts.Active}
				made := must[accounts.Created](t)(w.CreateInstance(t.Context(), emulator.ApplicationID, texts, accounts.CreateOptions{}))
				got := must[accounts.Instance](t)(w.Instance(t.Context(), made.ID, emulator.ApplicationID))
				if got.InstanceTexts != texts || !accounts.SameID(got.ApplicationID, emulator.ApplicationID) || got.InviteCode == "" || got.Key.IsEmpty() {
					t.Errorf("read %+v, want %+v", got, texts)
				}
				have := texts
				texts = accounts.InstanceTexts{Name: "Drivers", Status: accounts.Deactivated}
				w.must(w.UpdateInstance(t.Context(), made.ID, have, texts))
				for _, include := range []bool{false, true} {
					all := must[[]accounts.Instance](t)(w.Client.Instances(t.Context(), emulator.ApplicationID, include))
					at := slices.IndexFunc(all, func(i accounts.Instance) bool { return i.ID == made.ID })
					if at >= 0 != include || include && all[at].InstanceTexts != texts {
						t.Errorf("with includeDeactivated %v it listed %+v", include, all)
					}
				}
				for range 2 {
					w.must(w.Client.DeleteInstance(t.Context(), made.ID, emulator.ApplicationID))
				}
				if _, err := w.Instance(t.Context(), made.ID, emulator.ApplicationID); !errors.Is(err, accounts.ErrNotFound) {
					t.Errorf("error = %v, want that it is not found", err)
				}
			})
		})
	}
}

// A 403 counts as gone only where the application has gone (PLATFORM-API.md
// §8.3, ruling).
func TestInstance_ForbiddenIsGoneOnlyWithItsApplication(t *testing.T) {
	for _, option := range options {
		t.Run(option.name, func(t *testing.T) {
			inWorld(t, option.of, func(t *testing.T, w world) {
				app := must[accounts.Created](t)(w.CreateApplication(t.Context(), emulator.CompanyID, accounts.ApplicationTexts{Name: "Fleet"}, accounts.CreateOptions{}))
				in := must[accounts.Created](t)(w.CreateInstance(t.Context(), app.ID, accounts.InstanceTexts{Name: "Drivers"}, accounts.CreateOptions{}))
				w.Platform.DeleteApplication(app.ID)
				if _, err := w.Instance(t.Context(), in.ID, app.ID); !errors.Is(err, accounts.ErrNotFound) {
					t.Errorf("read: error = %v, want that it is not found", err)
				}
				w.must(w.Client.DeleteInstance(t.Context(), in.ID, app.ID))
			})
		})
	}
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		w.AddAdmin(emulator.Admin{Email: "narrow@example.com", Password: "p", OnlyInstanceID: emulator.OtherInstanceID})
		w.tokens.email = "narrow@example.com"
		if _, err := w.Instance(t.Context(), emulator.InstanceID, emulator.ApplicationID); err == nil || errors.Is(err, accounts.ErrNotFound) {
			t.Errorf("read: error = %v, want a refusal", err)
		}
		if err := w.Client.DeleteInstance(t.Context(), emulator.InstanceID, emulator.ApplicationID); err == nil {
			t.Error("the delete is no error")
		}
	})
}

func TestKeyVersion_ChangesWithTheKeyOnly(t *testing.T) {
	one := accounts.Instance{Key: secret.New(emulator.InstanceKey)}
	same := accounts.Instance{Key: secret.New(strings.ToUpper(emulator.InstanceKey))}
	other := accounts.Instance{Key: secret.New(emulator.OtherInstanceKey)}
	if one.KeyVersion() != same.KeyVersion() || one.KeyVersion() == other.KeyVersion() || one.KeyVersion() <= 0 || one.KeyVersion() > 1<<31-1 {
		t.Errorf("versions %d, %d, %d", one.KeyVersion(), same.KeyVersion(), other.KeyVersion())
	}
	if got := (accounts.Instance{}).KeyVersion(); got != 0 {
		t.Errorf("version without a key = %d, want 0", got)
	}
}

func ptr[T any](v T) *T { return &v }

func TestUser_LivesFromRegistrationToDelete(t *testing.T) {
	const device = "11111111-2222-4333-8444-555555555555"
	for _, option := range options {
		t.Run(option.name, func(t *testing.T) {
			inWorld(t, option.of, func(t *testing.T, w world) {
				in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
				fields := accounts.UserFields{FirstName: ptr("Zoë"), Email: ptr("z@example.com"), ClientID: ptr("c-1"), EnableTracking: ptr(true)}
				w.must(w.RegisterUser(t.Context(), in, device, fields))
				got := must[accounts.User](t)(w.User(t.Context(), strings.ToUpper(device)))
				if *got.FirstName != "Zoë" || *got.Email != "z@example.com" || *got.ClientID != "c-1" || !*got.EnableTracking || !*got.Enabled ||
					!accounts.SameID(got.InstanceID, in.ID) || got.CreatedAt == "" {
					t.Errorf("read %+v", got)
				}
				var exists *accounts.ExistsError
				if err := w.RegisterUser(t.Context(), in, device, fields); !errors.As(err, &exists) || strings.Contains(err.Error(), device) {
					t.Errorf("error = %v, want that it exists", err)
				}
				w.must(w.UpdateUser(t.Context(), device, accounts.UserFields{Enabled: ptr(false), FirstName: ptr("")}))
				if got = must[accounts.User](t)(w.User(t.Context(), device)); *got.Enabled || got.FirstName != nil && *got.FirstName != "" || *got.ClientID != "c-1" {
					t.Errorf("read %+v, want it deactivated, and what was not sent left alone", got)
				}
				to := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.OtherInstanceID, ""))
				w.must(w.MoveUser(t.Context(), device, to))
				if got = must[accounts.User](t)(w.User(t.Context(), device)); !accounts.SameID(got.InstanceID, to.ID) {
					t.Errorf("it is in %s, want %s", got.InstanceID, to.ID)
				}
				for range 2 {
					w.must(w.Client.DeleteUser(t.Context(), device, emulator.OtherInstanceID, emulator.ApplicationID))
				}
				if _, err := w.User(t.Context(), device); !errors.Is(err, accounts.ErrNotFound) {
					t.Errorf("error = %v, want that it is not found", err)
				}
			})
		})
	}
}

func TestRegisterUser_RefusedKeyReplacesNoSession(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
		in.Key = secret.New("00000000-0000-4000-8000-000000000000")
		if err := w.RegisterUser(t.Context(), in, "11111111-2222-4333-8444-555555555555", accounts.UserFields{}); err == nil || w.tokens.replaced != 0 {
			t.Errorf("error = %v after %d new tokens, want a refusal and none", err, w.tokens.replaced)
		}
	})
}

func TestUsers_AreReadPageByPage(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		for i := range 250 {
			w.AddUser(emulator.User{DeviceToken: fmt.Sprintf("11111111-0000-4000-8000-%012d", i), InstanceID: emulator.InstanceID, Inactive: i%2 == 0})
		}
		for _, test := range []struct {
			scope    accounts.UserScope
			inactive bool
			want     int
		}{
			{accounts.UserScope{InstanceID: emulator.InstanceID}, true, 251},
			{accounts.UserScope{InstanceID: emulator.InstanceID}, false, 126},
			{accounts.UserScope{ApplicationID: emulator.ApplicationID}, true, 252},
			{accounts.UserScope{CompanyID: emulator.CompanyID}, true, 252},
			{accounts.UserScope{InstanceID: emulator.OtherInstanceID}, true, 1},
		} {
			count := 0
			for _, err := range w.Users(t.Context(), test.scope, test.inactive) {
				w.must(err)
				count++
			}
			if count != test.want {
				t.Errorf("%+v: %d users, want %d", test, count, test.want)
			}
		}
	})
}

func TestDelete_UsersInsideAreCounted(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		w.AddUser(emulator.User{DeviceToken: "11111111-0000-4000-8000-000000000000", InstanceID: emulator.InstanceID, Inactive: true})
		for _, test := range []struct {
			name             string
			err              error
			active, inactive int
		}{
			{"instance", w.Client.DeleteInstance(t.Context(), emulator.InstanceID, emulator.ApplicationID), 1, 1},
			{"application", w.Client.DeleteApplication(t.Context(), emulator.ApplicationID), 2, 1},
		} {
			var users *accounts.UsersError
			if !errors.As(test.err, &users) || !users.Counted || users.Active != test.active || users.Inactive != test.inactive {
				t.Errorf("%s: error = %v, want %d active and %d deactivated", test.name, test.err, test.active, test.inactive)
			}
		}
	})
}

func TestPermissions_TellWhereTheAdminHasARole(t *testing.T) {
	role := func(id string) []accounts.Permission {
		return []accounts.Permission{{ID: id, RoleID: emulator.RoleID}}
	}
	for _, test := range []struct {
		name  string
		admin emulator.Admin
		want  accounts.Permissions
	}{
		{"company", emulator.Admin{}, accounts.Permissions{Companies: role(emulator.CompanyID)}},
		{"application", emulator.Admin{OnlyApplicationID: emulator.ApplicationID}, accounts.Permissions{Applications: role(emulator.ApplicationID)}},
		{"instance", emulator.Admin{OnlyInstanceID: emulator.InstanceID}, accounts.Permissions{Instances: role(emulator.InstanceID)}},
		{"none", emulator.Admin{NoRole: true}, accounts.Permissions{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
				test.admin.Email, test.admin.Password = "some@example.com", "p"
				w.AddAdmin(test.admin)
				w.tokens.email = test.admin.Email
				got := must[accounts.Permissions](t)(w.Permissions(t.Context()))
				if fmt.Sprint(got) != fmt.Sprint(test.want) {
					t.Errorf("permissions = %+v, want %+v", got, test.want)
				}
			})
		})
	}
}

func TestCall_RefusedTokenIsReplacedOnce(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		must[accounts.Permissions](t)(w.Permissions(t.Context()))
		if _, _, err := w.LoginElsewhere(emulator.AdminEmail); err != nil { // revokes the client's
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := w.Client.Instances(t.Context(), emulator.ApplicationID, true); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if w.tokens.replaced != 1 {
			t.Errorf("the token was replaced %d times, want once", w.tokens.replaced)
		}
		w.InjectAlways(emulator.InstanceList, emulator.Status(http.StatusUnauthorized))
		w.ResetCounts()
		if _, err := w.Client.Instances(t.Context(), emulator.ApplicationID, true); err == nil || w.Requests(emulator.InstanceList) != 2 {
			t.Errorf("error = %v after %d requests, want one more with another token", err, w.Requests(emulator.InstanceList))
		}
	})
}

func TestCall_FailureThatMayPassIsRepeated(t *testing.T) {
	passing := []emulator.Fault{
		emulator.Status(http.StatusServiceUnavailable), emulator.ConnectionReset(), emulator.LostAnswer(), emulator.ActedStatus(http.StatusBadGateway),
		emulator.Status(http.StatusTooManyRequests), emulator.StatusWithRetryAfter(http.StatusTooManyRequests, "7"),
	}
	for _, fault := range passing {
		t.Run(fault.String(), func(t *testing.T) {
			inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
				app := must[accounts.Created](t)(w.CreateApplication(t.Context(), emulator.CompanyID, accounts.ApplicationTexts{Name: "Fleet"}, accounts.CreateOptions{}))
				in := must[accounts.Created](t)(w.CreateInstance(t.Context(), app.ID, accounts.InstanceTexts{Name: "Drivers"}, accounts.CreateOptions{}))
				for _, e := range []emulator.Endpoint{
					emulator.ApplicationGet, emulator.ApplicationUpdate, emulator.InstanceGet, emulator.InstanceList, emulator.InstanceUpdate,
					emulator.InstanceDelete, emulator.ApplicationDelete, emulator.UserUpdate, emulator.UserFind, emulator.UserPage, emulator.Permissions,
				} {
					w.Inject(e, fault)
				}
				_, err := w.Application(t.Context(), app.ID)
				w.must(err)
				w.must(w.UpdateApplication(t.Context(), app.ID, accounts.ApplicationTexts{Name: "Fleet"}, accounts.ApplicationTexts{Name: "Fleet 2"}))
				_, err = w.Instance(t.Context(), in.ID, app.ID)
				w.must(err)
				_, err = w.Client.Instances(t.Context(), app.ID, true)
				w.must(err)
				w.must(w.UpdateInstance(t.Context(), in.ID, accounts.InstanceTexts{Name: "Drivers"}, accounts.InstanceTexts{Name: "Drivers 2"}))
				w.must(w.UpdateUser(t.Context(), emulator.DeviceToken, accounts.UserFields{Nickname: ptr("n")}))
				_, err = w.User(t.Context(), emulator.DeviceToken)
				w.must(err)
				for _, err := range w.Users(t.Context(), accounts.UserScope{InstanceID: emulator.InstanceID}, true) {
					w.must(err)
				}
				_, err = w.Permissions(t.Context())
				w.must(err)
				w.must(w.Client.DeleteInstance(t.Context(), in.ID, app.ID))
				w.must(w.Client.DeleteApplication(t.Context(), app.ID))
			})
		})
	}
}

func TestCall_RefusalIsNotRepeated(t *testing.T) {
	for _, fault := range []emulator.Fault{
		emulator.Status(http.StatusBadRequest), emulator.Status(http.StatusUnprocessableEntity), emulator.HTMLPage(http.StatusForbidden), emulator.InnerStatus(422),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
				w.InjectAlways(emulator.InstanceGet, fault)
				if _, err := w.Instance(t.Context(), emulator.InstanceID, ""); err == nil || errors.Is(err, accounts.ErrNotFound) {
					t.Errorf("error = %v, want the platform's", err)
				}
				if got := w.Requests(emulator.InstanceGet); got != 1 {
					t.Errorf("requests = %d, want 1", got)
				}
			})
		})
	}
}

// A 429 speaks to the process, not to one of its calls.
func TestPace_OneRefusalHoldsAllCallsBack(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		must[accounts.Permissions](t)(w.Permissions(t.Context()))
		w.Inject(emulator.InstanceGet, emulator.StatusWithRetryAfter(http.StatusTooManyRequests, "20"))
		started := time.Now()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := w.Instance(t.Context(), emulator.InstanceID, ""); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := w.Permissions(t.Context()); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if took := time.Since(started); took < 20*time.Second {
			t.Errorf("it took %s, want at least 20s", took)
		}
		if got := w.Requests(emulator.Permissions); got != 2 {
			t.Errorf("requests = %d, want 2", got)
		}
	})
}

func TestCall_UnknownServiceIsAskedNothing(t *testing.T) {
	client := accounts.New(accounts.Config{Platform: platform.New(platform.Config{}), Tokens: &tokens{token: secret.New("t")}})
	for _, test := range []struct {
		setting string
		call    func() error
	}{
		{"accounts_url", func() error { _, err := client.Application(t.Context(), "a"); return err }},
		{"user_service_url", func() error { _, err := client.User(t.Context(), "a"); return err }},
		{"portal_url", func() error { _, err := client.Permissions(t.Context()); return err }},
	} {
		var unknown *accounts.ServiceError
		if err := test.call(); !errors.As(err, &unknown) || unknown.Setting != test.setting {
			t.Errorf("error = %v, want that %s is not set", err, test.setting)
		}
	}
}

func TestCanonicalID_IsTheSameForAllSpellings(t *testing.T) {
	for _, test := range []struct{ id, want string }{
		{"0A1B2C3D-0000-4000-8000-00000000F1EE", "0a1b2c3d-0000-4000-8000-00000000f1ee"},
		{"0a1b2c3d00004000800000000000f1ee", "0a1b2c3d-0000-4000-8000-00000000f1ee"},
		{" 0a1b2c3d-0000-4000-8000-00000000f1ee\n", "0a1b2c3d-0000-4000-8000-00000000f1ee"},
		{" No-UUID", "no-uuid"},
		{"no-uuid-of-the-same-length-as-one-is", "no-uuid-of-the-same-length-as-one-is"},
		{"", ""},
	} {
		if got := accounts.CanonicalID(test.id); got != test.want || !accounts.SameID(got, test.id) {
			t.Errorf("CanonicalID(%q) = %q, want %q", test.id, got, test.want)
		}
	}
}
