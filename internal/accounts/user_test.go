package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

const newDevice = "11111111-2222-4333-8444-555555555555"

// The platform finds users only where the admin has a role. So a user that it does
// not find is gone only where the instance can be read, or has gone as well.
func TestUserOf_UnfoundIsGoneOnlyWhereItsInstanceIsRead(t *testing.T) {
	for _, option := range options {
		t.Run(option.name, func(t *testing.T) {
			inWorld(t, option.of, func(t *testing.T, w world) {
				app := must[accounts.Created](t)(w.CreateApplication(t.Context(), emulator.CompanyID, accounts.ApplicationTexts{Name: "Fleet"}, accounts.CreateOptions{}))
				in := must[accounts.Created](t)(w.CreateInstance(t.Context(), app.ID, accounts.InstanceTexts{Name: "Drivers"}, accounts.CreateOptions{}))
				gone := func(when string) {
					t.Helper()
					if _, err := w.UserOf(t.Context(), newDevice, in.ID, app.ID); !errors.Is(err, accounts.ErrNotFound) {
						t.Errorf("%s: error = %v, want that it is not found", when, err)
					}
					if err := errors.Join(w.Client.DeleteUser(t.Context(), newDevice, in.ID, app.ID), w.DeactivateUser(t.Context(), newDevice, in.ID, app.ID)); err != nil {
						t.Errorf("%s: error = %v, want none", when, err)
					}
				}
				gone("in an instance")
				w.Platform.DeleteApplication(app.ID)
				gone("with its application")
			})
		})
	}
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		w.AddAdmin(emulator.Admin{Email: "narrow@example.com", Password: "p", OnlyInstanceID: emulator.OtherInstanceID})
		w.tokens.email = "narrow@example.com"
		for _, test := range []struct {
			name string
			err  func() error
		}{
			{"read", func() error {
				_, err := w.UserOf(t.Context(), emulator.DeviceToken, emulator.InstanceID, emulator.ApplicationID)
				return err
			}},
			{"deactivate", func() error {
				return w.DeactivateUser(t.Context(), emulator.DeviceToken, emulator.InstanceID, emulator.ApplicationID)
			}},
			{"delete", func() error {
				return w.Client.DeleteUser(t.Context(), emulator.DeviceToken, emulator.InstanceID, emulator.ApplicationID)
			}},
		} {
			if err := test.err(); err == nil || errors.Is(err, accounts.ErrNotFound) || strings.Contains(err.Error(), emulator.DeviceToken) {
				t.Errorf("%s: error = %v, want that it is not known", test.name, err)
			}
		}
	})
}

// The answer to the first registration was lost, and the user was not found at once,
// so it is registered again, which the platform refuses.
func TestRegisterUser_LateSuccessIsFoundAfterTheRefusal(t *testing.T) {
	for _, status := range []int{http.StatusUnprocessableEntity, http.StatusConflict, http.StatusOK} {
		inWorld(t, emulator.Options{CustomTokenExistsBy: status}, func(t *testing.T, w world) {
			in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
			w.Inject(emulator.UserRegister, emulator.LostAnswer())
			w.Inject(emulator.UserFind, emulator.Pass(), emulator.NullResult())
			w.must(w.RegisterUser(t.Context(), in, newDevice, accounts.UserFields{}))
			if got := w.Requests(emulator.UserRegister); got != 2 {
				t.Errorf("registrations = %d, want 2", got)
			}
		})
	}
}

func TestRegisterUser_InterruptedIsLookedUp(t *testing.T) {
	for _, test := range []struct {
		fault emulator.Fault
		made  bool
	}{{emulator.ActedHang(), true}, {emulator.Hang(), false}} {
		t.Run(test.fault.String(), func(t *testing.T) {
			inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
				in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
				w.Inject(emulator.UserRegister, test.fault)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- w.RegisterUser(ctx, in, newDevice, accounts.UserFields{}) }()
				synctest.Wait()
				cancel()
				err := <-done
				var doubt *accounts.UserDoubtError
				if test.made && err != nil || !test.made && !errors.As(err, &doubt) {
					t.Errorf("error = %v", err)
				}
				if got := w.Requests(emulator.UserRegister); got != 1 {
					t.Errorf("registrations = %d, want 1", got)
				}
			})
		})
	}
}

func TestRegisterUser_UnresolvedDoubtIsTold(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
		w.Inject(emulator.UserRegister, emulator.LostAnswer())
		w.Inject(emulator.UserFind, emulator.Pass())
		w.InjectAlways(emulator.UserFind, emulator.Status(http.StatusForbidden))
		var doubt *accounts.UserDoubtError
		if err := w.RegisterUser(t.Context(), in, newDevice, accounts.UserFields{}); !errors.As(err, &doubt) {
			t.Errorf("error = %v, want a doubt", err)
		}
		if got := w.Requests(emulator.UserRegister); got != 1 {
			t.Errorf("registrations = %d, want 1", got)
		}
	})
}

// Two that are registered at the same time with one device token are not taken for
// one user.
func TestRegisterUser_SameDeviceTokenInOneProcess(t *testing.T) {
	inWorld(t, emulator.Options{CustomTokenExistsBy: http.StatusOK}, func(t *testing.T, w world) {
		in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
		results := make(chan error)
		for _, device := range []string{newDevice, strings.ToUpper(newDevice)} {
			go func() { results <- w.RegisterUser(t.Context(), in, device, accounts.UserFields{}) }()
		}
		one, other := <-results, <-results
		var exists *accounts.ExistsError
		if (one == nil) == (other == nil) || !errors.As(errors.Join(one, other), &exists) {
			t.Errorf("errors = %v, %v, want that the second exists", one, other)
		}
	})
}

func TestRegisterUser_DeactivatedExists(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
		w.must(w.DeactivateUser(t.Context(), emulator.OtherDeviceToken, emulator.OtherInstanceID, ""))
		var exists *accounts.ExistsError
		err := w.RegisterUser(t.Context(), in, emulator.OtherDeviceToken, accounts.UserFields{})
		if !errors.As(err, &exists) || !exists.Inactive || exists.InstanceID != emulator.OtherInstanceID {
			t.Errorf("error = %v, want that it exists, deactivated", err)
		}
	})
}

func TestUser_ErrorsDoNotTellTheDeviceToken(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
		for _, e := range []emulator.Endpoint{emulator.UserUpdate, emulator.UserDelete, emulator.UserMove, emulator.UserRegister} {
			w.InjectAlways(e, emulator.Status(http.StatusUnprocessableEntity))
		}
		for _, test := range []struct {
			name string
			err  error
		}{
			{"update", w.UpdateUser(t.Context(), emulator.DeviceToken, accounts.UserFields{Nickname: ptr("n")})},
			{"deactivate", w.DeactivateUser(t.Context(), emulator.DeviceToken, emulator.InstanceID, "")},
			{"delete", w.Client.DeleteUser(t.Context(), emulator.DeviceToken, emulator.InstanceID, "")},
			{"move", w.MoveUser(t.Context(), emulator.DeviceToken, in)},
			{"register", w.RegisterUser(t.Context(), in, newDevice, accounts.UserFields{})},
		} {
			if test.err == nil || strings.Contains(test.err.Error(), emulator.DeviceToken) || strings.Contains(test.err.Error(), newDevice) ||
				strings.Contains(test.err.Error(), emulator.InstanceKey) {
				t.Errorf("%s: error = %v, want one without the device token and the key", test.name, test.err)
			}
		}
	})
}

func TestUserFields_ChangesAreWhatIsWantedAndOther(t *testing.T) {
	all := accounts.UserFields{FirstName: ptr("f"), LastName: ptr("l"), Nickname: ptr("n"), Phone: ptr("p"), Email: ptr("e"), ClientID: ptr("c"),
		Enabled: ptr(true), EnableTracking: ptr(true), EnableLogging: ptr(false), EnableRealTimeLocation: ptr(false)}
	for _, test := range []struct {
		name             string
		wanted, have, is accounts.UserFields
	}{
		{"nothing is wanted", accounts.UserFields{}, all, accounts.UserFields{}},
		{"all is new", all, accounts.UserFields{}, all},
		{"all is the same", all, all, accounts.UserFields{}},
		{"a text is cleared", accounts.UserFields{Email: ptr("")}, all, accounts.UserFields{Email: ptr("")}},
		{"a text is clear", accounts.UserFields{Email: ptr("")}, accounts.UserFields{}, accounts.UserFields{}},
		{"a switch is not told", accounts.UserFields{EnableLogging: ptr(false)}, accounts.UserFields{}, accounts.UserFields{EnableLogging: ptr(false)}},
		{"a switch is other", accounts.UserFields{Enabled: ptr(false), EnableTracking: ptr(true)}, all, accounts.UserFields{Enabled: ptr(false)}},
	} {
		got := test.wanted.Changes(test.have)
		if missing, more := test.is.Changes(got), got.Changes(test.is); missing != (accounts.UserFields{}) || more != (accounts.UserFields{}) ||
			(got.Email == nil) != (test.is.Email == nil) {
			t.Errorf("%s: changes %+v, want %+v", test.name, got, test.is)
		}
	}
}

func TestNewDeviceToken_IsARandomUUID(t *testing.T) {
	one, other := accounts.NewDeviceToken(), accounts.NewDeviceToken()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(one) || one == other {
		t.Errorf("made up %s and %s", one, other)
	}
}

func TestUsersOfClient_AreTheActiveOnesOfTheInstance(t *testing.T) {
	for _, option := range options {
		t.Run(option.name, func(t *testing.T) {
			inWorld(t, option.of, func(t *testing.T, w world) {
				for _, u := range []emulator.User{
					{DeviceToken: "11111111-0000-4000-8000-000000000001", InstanceID: emulator.InstanceID, ClientID: "c-1"},
					{DeviceToken: "11111111-0000-4000-8000-000000000002", InstanceID: emulator.InstanceID, ClientID: "c-1", Inactive: true},
					{DeviceToken: "11111111-0000-4000-8000-000000000003", InstanceID: emulator.InstanceID, ClientID: "c-2"},
					{DeviceToken: "11111111-0000-4000-8000-000000000004", InstanceID: emulator.OtherInstanceID, ClientID: "c-1"},
				} {
					w.AddUser(u)
				}
				got := must[[]accounts.User](t)(w.UsersOfClient(t.Context(), "c-1", strings.ToUpper(emulator.InstanceID)))
				if len(got) != 1 || got[0].DeviceToken != "11111111-0000-4000-8000-000000000001" {
					t.Errorf("found %+v, want the first", got)
				}
			})
		})
	}
}

// A new device token is sent as the platform writes its ids, however it is given.
func TestRegisterUser_WritesTheDeviceTokenAsThePlatformDoes(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
		w.must(w.RegisterUser(t.Context(), in, strings.ToUpper(strings.ReplaceAll(newDevice, "-", "")), accounts.UserFields{}))
		if found := must[accounts.User](t)(w.User(t.Context(), newDevice)); found.DeviceToken != newDevice {
			t.Errorf("the device token is %s, want %s", found.DeviceToken, newDevice)
		}
	})
}

// An error does not repeat by what a person is found, also if the platform does.
func TestUpdateUser_ErrorHoldsNoAddress(t *testing.T) {
	const email, phone = "ada@example.com", "+491234567"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = fmt.Fprintf(w, `{"Result":null,"Status":422,"Title":"","Errors":[{"Key":"","Message":"%s and %s of %s are taken."}]}`, email, phone, newDevice)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := accounts.New(accounts.Config{UserServiceURL: base, Platform: platform.New(platform.Config{}), Tokens: &tokens{token: secret.New("the token of an admin")}})
	err = client.UpdateUser(t.Context(), newDevice, accounts.UserFields{Email: ptr(email), Phone: ptr(phone)})
	if err == nil || !strings.Contains(err.Error(), "are taken") {
		t.Fatalf("error = %v, want the platform's", err)
	}
	for _, personal := range []string{email, phone, newDevice} {
		if strings.Contains(err.Error(), personal) {
			t.Errorf("error = %v, with %s in it", err, personal)
		}
	}
}
