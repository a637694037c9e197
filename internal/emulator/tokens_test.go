package emulator_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
)

func TestAccessTokenTellsItsTimes(t *testing.T) {
	tests := []struct {
		name      string
		options   emulator.Options
		lifetime  time.Duration
		expiresIn int64
	}{
		{"by default", emulator.Options{}, 2 * time.Hour, 7200},
		{"a life set", emulator.Options{AccessTokenLifetime: 24 * time.Hour}, 24 * time.Hour, 86400},
		{"ExpiresIn apart", emulator.Options{ExpiresIn: 1209600}, 2 * time.Hour, 1209600},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Now = fixedClock
			s := serve(t, test.options)
			s.Advance(24 * time.Hour)
			got := s.login().Result.AccessToken
			issued, expires := jwt.Times(got.Token)
			if want := fixedClock().Add(24 * time.Hour); !issued.Equal(want) || !expires.Equal(want.Add(test.lifetime)) {
				t.Errorf("iat %v, exp %v, want %v and %s later", issued, expires, want, test.lifetime)
			}
			if got.ExpiresIn != test.expiresIn {
				t.Errorf("ExpiresIn = %d, want %d", got.ExpiresIn, test.expiresIn)
			}
			s.Advance(test.lifetime - time.Second)
			if !s.Accepts(got.Token) {
				t.Error("it is not accepted a second before its end")
			}
			s.Advance(time.Second)
			if s.Accepts(got.Token) {
				t.Error("it is accepted at its end")
			}
			s.Advance(-time.Second)
			if !s.Accepts(got.Token) {
				t.Error("it is not accepted when the clock is moved back")
			}
		})
	}
}

func TestLifetimeCanBeChanged(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock})
	before := s.login()
	s.SetAccessTokenLifetime(time.Minute)
	after := s.loginUser()
	if got := after.Result.AccessToken.ExpiresIn; got != 60 {
		t.Errorf("ExpiresIn = %d, want 60", got)
	}
	s.Advance(time.Minute)
	if !s.Accepts(before.Result.AccessToken.Token) || s.Accepts(after.Result.AccessToken.Token) {
		t.Error("a life that is set holds for the tokens that are issued from then on, and for no other")
	}
}

func TestOpaqueTokens(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock, OpaqueTokens: true})
	token := s.login().Result.AccessToken.Token
	if strings.Contains(token, ".") || !s.Accepts(token) {
		t.Errorf("%q is not an opaque token that is accepted", token)
	}
	s.Advance(2 * time.Hour)
	if s.Accepts(token) {
		t.Error("it is accepted past its life")
	}
}

func TestTokensDiffer(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock, LoginLimit: -1})
	seen := make(map[string]bool)
	for range 10 {
		got := s.login().Result
		for _, token := range []string{got.AccessToken.Token, got.RefreshToken} {
			if seen[token] {
				t.Fatal("a token was issued twice")
			}
			seen[token] = true
		}
	}
}

func TestSecrets(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	second := s.mustGrant(s.refresh(first))
	secrets := s.Secrets()
	for _, want := range []string{
		password, instanceKey, first.Result.AccessToken.Token, first.Result.RefreshToken,
		second.Result.AccessToken.Token, second.Result.RefreshToken,
	} {
		if !slices.Contains(secrets, want) {
			t.Errorf("Secrets does not hold %q", want)
		}
	}
}

func TestNow(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock})
	s.Advance(-10 * time.Minute)
	if want := fixedClock().Add(-10 * time.Minute); !s.Now().Equal(want) {
		t.Errorf("Now = %v, want %v", s.Now(), want)
	}
	if got, want := s.login().header.Get("Date"), "Mon, 01 Jun 2026 11:50:00 GMT"; got != want {
		t.Errorf("Date = %q, want %q: the platform's clock", got, want)
	}
	before := time.Now()
	if now := serve(t, emulator.Options{}).Now(); now.Before(before) || now.After(time.Now()) {
		t.Errorf("Now = %v without a clock of its own, want the time", now)
	}
}
