package accounts_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/telematics-tools/terraform-provider-telematics/internal/accounts"
	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// named returns the ids of the instances of that name that there are.
func (w world) named(name string) []string {
	var ids []string
	for _, i := range w.Platform.Instances() {
		if i.Name == name {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func TestCreate_DoubtIsResolvedWithoutADouble(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults []emulator.Fault
		// what it comes to
		adopted bool
		fails   bool
		there   int // objects on the platform
	}{
		{name: "answered"},
		{name: "acted, answer lost", faults: []emulator.Fault{emulator.LostAnswer()}, adopted: true},
		{name: "acted, 500", faults: []emulator.Fault{emulator.ActedStatus(500)}, adopted: true},
		{name: "acted, 504", faults: []emulator.Fault{emulator.ActedStatus(504)}, adopted: true},
		{name: "acted, no answer in time", faults: []emulator.Fault{emulator.ActedHang()}, adopted: true},
		{name: "not acted, connection reset", faults: []emulator.Fault{emulator.ConnectionReset()}},
		{name: "not acted, 503", faults: []emulator.Fault{emulator.Status(503)}},
		{name: "not acted, no answer in time", faults: []emulator.Fault{emulator.Hang()}},
		{name: "not acted, a web page with 200", faults: []emulator.Fault{emulator.HTMLPage(200)}},
		{name: "not acted, 429", faults: []emulator.Fault{emulator.Status(429), emulator.Status(429)}},
		{name: "not acted, then acted and lost", faults: []emulator.Fault{emulator.Status(503), emulator.LostAnswer()}, adopted: true},
		{name: "not acted twice", faults: []emulator.Fault{emulator.Status(503), emulator.Status(503)}, fails: true},
		{name: "refused", faults: []emulator.Fault{emulator.Status(422)}, fails: true},
		{name: "refused by a web page", faults: []emulator.Fault{emulator.HTMLPage(403)}, fails: true},
	} {
		for _, kind := range []string{"application", "instance"} {
			t.Run(kind+", "+test.name, func(t *testing.T) {
				inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
					var (
						made  accounts.Created
						err   error
						there []string
					)
					if kind == "application" {
						w.Inject(emulator.ApplicationCreate, test.faults...)
						made, err = w.CreateApplication(t.Context(), emulator.CompanyID, accounts.ApplicationTexts{Name: "Fleet", Description: "d"}, accounts.CreateOptions{})
						for _, a := range w.Platform.Applications() {
							if a.Name == "Fleet" {
								there = append(there, a.ID)
							}
						}
					} else {
						w.Inject(emulator.InstanceCreate, test.faults...)
						made, err = w.CreateInstance(t.Context(), emulator.ApplicationID, accounts.InstanceTexts{Name: "Fleet", Description: "d"}, accounts.CreateOptions{})
						there = w.named("Fleet")
					}
					if test.fails {
						if err == nil || len(there) != 0 {
							t.Errorf("error = %v, and %d are there", err, len(there))
						}
						return
					}
					if err != nil || made.Adopted != test.adopted || len(made.Double) != 0 || !slices.Equal(there, []string{made.ID}) {
						t.Errorf("made %+v, error = %v, there are %v", made, err, there)
					}
				})
			})
		}
	}
}

// When the platform cannot be asked what has become of a create, the error says
// so, and the next create names what is there.
func TestCreate_UnresolvedDoubtIsNamedByTheNext(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		texts := accounts.InstanceTexts{Name: "Drivers"}
		w.Inject(emulator.InstanceCreate, emulator.LostAnswer())
		w.Inject(emulator.InstanceList, emulator.Pass())
		w.InjectAlways(emulator.InstanceList, emulator.Status(500))
		_, err := w.CreateInstance(t.Context(), emulator.ApplicationID, texts, accounts.CreateOptions{})
		var doubt *accounts.DoubtError
		if !errors.As(err, &doubt) {
			t.Errorf("error = %v, want a doubt", err)
		}
		w.ClearFaults()
		_, err = w.CreateInstance(t.Context(), emulator.ApplicationID, texts, accounts.CreateOptions{})
		var siblings *accounts.SiblingsError
		if !errors.As(err, &siblings) || !slices.Equal(siblings.IDs, w.named("Drivers")) || len(siblings.IDs) != 1 || siblings.Parent != emulator.ApplicationID {
			t.Errorf("error = %v, want the one that is there", err)
		}
		made, err := w.CreateInstance(t.Context(), emulator.ApplicationID, texts, accounts.CreateOptions{AllowSameName: true})
		if err != nil || len(w.named("Drivers")) != 2 || !slices.Contains(w.named("Drivers"), made.ID) {
			t.Errorf("made %+v, error = %v", made, err)
		}
	})
}

// Whether the platform keeps the white space around texts is not known.
func TestCreate_TrimmedNameIsTheSame(t *testing.T) {
	inWorld(t, emulator.Options{TrimsTexts: true}, func(t *testing.T, w world) {
		w.Inject(emulator.InstanceCreate, emulator.LostAnswer())
		texts := accounts.InstanceTexts{Name: " Drivers\r\nof the night ", Description: "two lines\r\n\n"}
		made, err := w.CreateInstance(t.Context(), emulator.ApplicationID, texts, accounts.CreateOptions{})
		if err != nil || !made.Adopted || !slices.Equal(w.named("Drivers\nof the night"), []string{made.ID}) {
			t.Errorf("made %+v, error = %v, there are %+v", made, err, w.Platform.Instances())
		}
	})
}

// A sibling that somebody else makes in the moment of the doubt is not adopted.
func TestCreate_SeveralNewSiblingsAreAnError(t *testing.T) {
	for _, test := range []struct {
		name        string
		description string
	}{{"the same description", "d"}, {"another description", "other"}} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
				w.Inject(emulator.InstanceCreate, emulator.LostAnswer())
				w.Inject(emulator.InstanceList, emulator.Pass(), emulator.Status(503))
				done := make(chan error)
				go func() {
					_, err := w.CreateInstance(t.Context(), emulator.ApplicationID, accounts.InstanceTexts{Name: "Drivers", Description: "d"}, accounts.CreateOptions{})
					done <- err
				}()
				synctest.Wait() // for the pause before the list is asked again
				w.AddInstance(emulator.Instance{ID: "99999999-0000-4000-8000-000000000000", Key: emulator.InstanceKey, Name: "Drivers", Description: test.description})
				err := <-done
				var siblings *accounts.SiblingsError
				if !errors.As(err, &siblings) || len(siblings.IDs) != 2 || siblings.Err == nil {
					t.Errorf("error = %v, want both named", err)
				}
			})
		})
	}
}

// Two resources of the same name never adopt each other's object.
func TestCreate_SameNameInOneProcess(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		w.Inject(emulator.InstanceCreate, emulator.LostAnswer(), emulator.Pass(), emulator.ActedStatus(502), emulator.Status(503), emulator.LostAnswer())
		var (
			all sync.WaitGroup
			mu  sync.Mutex
			ids []string
		)
		for range 5 {
			all.Go(func() {
				made, err := w.CreateInstance(t.Context(), emulator.ApplicationID, accounts.InstanceTexts{Name: "Drivers"}, accounts.CreateOptions{AllowSameName: true})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids = append(ids, made.ID)
			})
		}
		all.Wait()
		there := w.named("Drivers")
		slices.Sort(ids)
		slices.Sort(there)
		if !slices.Equal(ids, there) || len(slices.Compact(ids)) != 5 {
			t.Errorf("made %v, there are %v", ids, there)
		}
	})
}

func TestCreate_TwoHundredLostAnswersMakeNoDouble(t *testing.T) {
	inWorld(t, emulator.Options{}, func(t *testing.T, w world) {
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same in every run
		faults := []emulator.Fault{
			emulator.LostAnswer(), emulator.ActedStatus(500), emulator.ConnectionReset(), emulator.Status(503), emulator.ActedHang(), emulator.Pass(),
		}
		made := map[string]bool{}
		for i := range 200 {
			w.Inject(emulator.InstanceCreate, faults[random.IntN(len(faults))])
			w.Inject(emulator.InstanceList, faults[random.IntN(len(faults))])
			name := fmt.Sprintf("Group %d", i)
			got, err := w.CreateInstance(t.Context(), emulator.ApplicationID, accounts.InstanceTexts{Name: name}, accounts.CreateOptions{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			made[got.ID] = true
			w.ClearFaults()
			if there := w.named(name); len(there) != 1 || there[0] != got.ID {
				t.Errorf("%s: made %s, there are %v", name, got.ID, there)
			}
			w.Platform.DeleteInstance(got.ID)
		}
		if len(made) != 200 {
			t.Errorf("%d were made, want 200", len(made))
		}
	})
}

func TestRegisterAndMove_DoubtIsResolved(t *testing.T) {
	const device = "11111111-2222-4333-8444-555555555555"
	for _, option := range options {
		for _, fault := range []emulator.Fault{
			emulator.LostAnswer(), emulator.ActedStatus(500), emulator.ConnectionReset(), emulator.Status(503), emulator.ActedHang(), emulator.HTMLPage(http.StatusOK),
		} {
			t.Run(option.name+", "+fault.String(), func(t *testing.T) {
				inWorld(t, option.of, func(t *testing.T, w world) {
					in := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.InstanceID, ""))
					to := must[accounts.Instance](t)(w.Instance(t.Context(), emulator.OtherInstanceID, ""))
					w.Inject(emulator.UserRegister, fault)
					w.Inject(emulator.UserMove, fault)
					w.must(w.RegisterUser(t.Context(), in, device, accounts.UserFields{FirstName: ptr("Zoë")}))
					w.must(w.MoveUser(t.Context(), device, to))
					got := must[accounts.User](t)(w.User(t.Context(), device))
					if *got.FirstName != "Zoë" || !accounts.SameID(got.InstanceID, to.ID) {
						t.Errorf("read %+v", got)
					}
				})
			})
		}
	}
}
