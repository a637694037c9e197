package session_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
)

func (p *platform) loginForms() []session.LoginForm {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.forms)
}

func TestLoginForm_IsFoundAndRemembered(t *testing.T) {
	object, text := session.FormObject, session.FormString
	for _, test := range []struct {
		name       string
		configured session.LoginForm
		accepted   session.LoginForm // empty: both
		first      []session.LoginForm
		second     []session.LoginForm // of another process, later, with no session in its store
		fails      bool
	}{
		{name: "both are accepted", first: []session.LoginForm{object}, second: []session.LoginForm{object}},
		{name: "the object is accepted", accepted: object, first: []session.LoginForm{object}, second: []session.LoginForm{object}},
		{name: "the string is accepted", accepted: text, first: []session.LoginForm{object, text}, second: []session.LoginForm{text}},
		{name: "the string is configured", configured: text, accepted: text, first: []session.LoginForm{text}, second: []session.LoginForm{text}},
		{name: "the wrong one is configured", configured: object, accepted: text, first: []session.LoginForm{object}, second: []session.LoginForm{object}, fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, ledger := newPlatform(), &session.MemoryLedger{}
				p.onlyForm = test.accepted
				for _, forms := range [][]session.LoginForm{test.first, test.second} {
					p.forms = nil
					budget := session.NewBudget(ledger, session.BudgetConfig{})
					result, err := session.NewManager(session.Config{Budget: budget, LoginForm: test.configured}).Open(t.Context(), session.Request{Account: admin, Authorizer: p})
					if (err != nil) != test.fails {
						t.Errorf("error = %v", err)
					}
					if told := slices.Contains(kinds(result.Notices), session.FormFound); told != (len(forms) == 2) {
						t.Errorf("notices = %+v after logins in %v", result.Notices, forms)
					}
					if got := p.loginForms(); !slices.Equal(got, forms) {
						t.Errorf("forms = %v, want %v", got, forms)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// The fleet's store tells the form to a machine whose ledger does not know it.
func TestLoginForm_IsStoredWithTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, store := newPlatform(), session.NewMemory()
		p.onlyForm = session.FormString
		open := func() {
			t.Helper()
			budget := session.NewBudget(&session.MemoryLedger{}, session.BudgetConfig{})
			if _, err := session.NewManager(session.Config{Store: store, Budget: budget}).Open(t.Context(), session.Request{Account: admin, Authorizer: p, MinLifetime: quarterHour}); err != nil {
				t.Fatal(err)
			}
		}
		open()
		time.Sleep(2 * time.Hour)
		open() // refreshes
		time.Sleep(2 * time.Hour)
		p.failRefresh = answer{code: 401}
		p.forms = nil
		open()
		if got := p.loginForms(); !slices.Equal(got, []session.LoginForm{session.FormString}) {
			t.Errorf("forms = %v, want the stored one at once", got)
		}
	})
}

// Wrong credentials look like a wrong form. They cost two requests, none more
// for half a minute, and one in the rest of it.
func TestLoginForm_WrongPasswordCostsThreeRequestsInAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ledger := newPlatform(), &session.MemoryLedger{}
		p.failLogin = answer{code: 401}
		open := func() error {
			budget := session.NewBudget(ledger, session.BudgetConfig{})
			_, err := session.NewManager(session.Config{Budget: budget}).Open(t.Context(), session.Request{Account: admin, Authorizer: p})
			return err
		}
		var both *session.FormsError
		if err := open(); !errors.As(err, &both) {
			t.Errorf("error = %v, want that both forms were refused", err)
		}
		time.Sleep(29 * time.Second)
		var known *session.KnownFailureError
		if err := open(); !errors.As(err, &known) || !known.Credentials {
			t.Errorf("error = %v, want that it is known", err)
		}
		if got := p.loginForms(); !slices.Equal(got, []session.LoginForm{session.FormObject, session.FormString}) {
			t.Errorf("forms = %v, want each once", got)
		}
		time.Sleep(2 * time.Second)
		if err := open(); err == nil || errors.As(err, &known) {
			t.Errorf("error = %v, want the platform's answer", err)
		}
		time.Sleep(28 * time.Second)
		if err := open(); !errors.As(err, &known) {
			t.Errorf("error = %v, want that it is known", err)
		}
		if got := p.loginForms(); len(got) != 3 {
			t.Errorf("forms = %v, want three requests", got)
		}
	})
}
