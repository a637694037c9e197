package emulator_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestResetCounts(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	s.refresh(first)
	s.refresh(first)
	s.profile("unknown")
	want := emulator.Counts{Login: 1, Refresh: 2, Users: 1, LoggedIn: 1, Refreshed: 1, SpentRefresh: 1}
	if c := s.Counts(); c != want {
		t.Errorf("counts = %+v, want %+v", c, want)
	}
	s.ResetCounts()
	if c := s.Counts(); c != (emulator.Counts{}) {
		t.Errorf("counts = %+v after a reset", c)
	}
	// What was counted is forgotten, what was done is not.
	s.refresh(first)
	if c := s.Counts(); c != (emulator.Counts{Refresh: 1, SpentRefresh: 1}) {
		t.Errorf("counts = %+v, want one spent refresh token", c)
	}
}

func TestCountsAsJSON(t *testing.T) {
	text, err := json.Marshal(emulator.Counts{Login: 1, Refresh: 2, Users: 3, LoggedIn: 4, Refreshed: 5, RateLimited: 6, SpentRefresh: 7})
	want := `{"login":1,"refresh":2,"users":3,"logged_in":4,"refreshed":5,"rate_limited":6,"spent_refresh":7}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
}

// TestRefreshAtOnce is the race of two runners: one of them gets the pair.
func TestRefreshAtOnce(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			body := refreshBody(first.Result.AccessToken.Token, first.Result.RefreshToken)
			if _, err := s.request(http.MethodPost, refreshPath, body); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if c := s.Counts(); c.Refreshed != 1 || c.SpentRefresh != 19 {
		t.Errorf("counts = %+v, want 1 refreshed and 19 spent", c)
	}
}
