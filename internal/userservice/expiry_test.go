package userservice_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/session"
	"github.com/telematics-tools/terraform-provider-telematics/internal/userservice"
)

// here is the local time of the tests with a clock that stands still.
var here = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// tokenOf is a JSON Web Token with these claims.
func tokenOf(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("signature"))
}

// tokenFor is one that was issued at a time and lives for a while.
func tokenFor(issued time.Time, life time.Duration) string {
	return tokenOf(fmt.Sprintf(`{"iat":%d,"exp":%d}`, issued.Unix(), issued.Add(life).Unix()))
}

// grant is an answer with a token and an ExpiresIn, as JSON.
func grant(token, expiresIn string) string {
	return `{"Result":{"AccessToken":{"Token":"` + token + `"` + expiresIn + `},"RefreshToken":"` + refreshText + `"},"Status":200}`
}

// The ruling is that of PLATFORM-API.md §5.
func TestExpiry_FollowsTheRuling(t *testing.T) {
	tests := []struct {
		name      string
		token     string
		expiresIn string // the rest of the object AccessToken
		issued    time.Time
		expires   time.Time
	}{
		// The token is trusted first.
		{"exp and iat", tokenFor(here.Add(-time.Minute), 24*time.Hour), `,"ExpiresIn":60`, here.Add(-time.Minute), here.Add(24*time.Hour - time.Minute)},
		{"exp further than two hours", tokenFor(here, 120*time.Hour), `,"ExpiresIn":43200`, here, here.Add(120 * time.Hour)},
		{"exp in the past", tokenFor(here.Add(-3*time.Hour), time.Hour), `,"ExpiresIn":1209600`, here.Add(-3 * time.Hour), here.Add(-2 * time.Hour)},
		{"exp without iat", tokenOf(fmt.Sprintf(`{"exp":%d}`, here.Add(time.Hour).Unix())), ``, here, here.Add(time.Hour)},
		{"iat without exp", tokenOf(fmt.Sprintf(`{"iat":%d}`, here.Add(-time.Hour).Unix())), `,"ExpiresIn":60`, here.Add(-time.Hour), here.Add(time.Minute)},
		{"exp that cannot be read", tokenOf(`{"exp":"tomorrow"}`), `,"ExpiresIn":60`, here, here.Add(time.Minute)},
		{"exp in milliseconds", tokenOf(fmt.Sprintf(`{"exp":%d}`, here.Add(time.Hour).UnixMilli())), `,"ExpiresIn":60`, here, here.Add(time.Minute)},
		{"a JWT without either", tokenOf(`{}`), `,"ExpiresIn":1209600`, here, here.Add(2 * time.Hour)},
		{"exp and no ExpiresIn", tokenFor(here, time.Hour), ``, here, here.Add(time.Hour)},
		{"exp and a negative lifetime", tokenFor(here, time.Hour), `,"ExpiresIn":-1`, here, here.Add(time.Hour)},

		// Else the sooner of ExpiresIn and two hours.
		{"seconds", accessText, `,"ExpiresIn":3600`, here, here.Add(time.Hour)},
		{"two hours", accessText, `,"ExpiresIn":7200`, here, here.Add(2 * time.Hour)},
		{"a second more", accessText, `,"ExpiresIn":7201`, here, here.Add(2 * time.Hour)},
		{"like milliseconds", accessText, `,"ExpiresIn":1209600`, here, here.Add(2 * time.Hour)},
		{"absurdly many", accessText, `,"ExpiresIn":1e300`, here, here.Add(2 * time.Hour)},
		{"past what can be read", accessText, `,"ExpiresIn":1e999`, here, here.Add(2 * time.Hour)},
		{"a fraction", accessText, `,"ExpiresIn":0.5`, here, here.Add(500 * time.Millisecond)},
		{"zero", accessText, `,"ExpiresIn":0`, here, here},
		{"negative", accessText, `,"ExpiresIn":-60`, here, here},
		{"negative past what is read", accessText, `,"ExpiresIn":-1e999`, here, here},
		{"a string", accessText, `,"ExpiresIn":"600"`, here, here.Add(10 * time.Minute)},
		{"a string with spaces", accessText, `,"ExpiresIn":" 600 "`, here, here.Add(10 * time.Minute)},
		{"a string of zero", accessText, `,"ExpiresIn":"0"`, here, here},
		{"a string that is no number", accessText, `,"ExpiresIn":"soon"`, here, here.Add(2 * time.Hour)},
		{"a string of NaN", accessText, `,"ExpiresIn":"NaN"`, here, here.Add(2 * time.Hour)},
		{"a string of minus infinity", accessText, `,"ExpiresIn":"-Inf"`, here, here},
		{"an empty string", accessText, `,"ExpiresIn":""`, here, here.Add(2 * time.Hour)},
		{"null", accessText, `,"ExpiresIn":null`, here, here.Add(2 * time.Hour)},
		{"an object", accessText, `,"ExpiresIn":{"Seconds":60}`, here, here.Add(2 * time.Hour)},
		{"nothing", accessText, ``, here, here.Add(2 * time.Hour)},
		{"a token that is half a JWT", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9", `,"ExpiresIn":60`, here, here.Add(time.Minute)},
		{"a token with claims unsound", tokenOf(`{"exp":`), `,"ExpiresIn":60`, here, here.Add(time.Minute)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &reply{status: 200, body: grant(test.token, test.expiresIn)}
			c := newClient(r, userservice.Config{Now: func() time.Time { return here }})
			answer := mustLogin(t, c)
			if !answer.IssuedAt.Equal(test.issued) || !answer.ExpiresAt.Equal(test.expires) {
				t.Errorf("issued %v, expires %v\nwant   %v,         %v", answer.IssuedAt, answer.ExpiresAt, test.issued, test.expires)
			}
			if answer.IssuedAt.Location() != time.UTC || answer.ExpiresAt.Location() != time.UTC {
				t.Errorf("%v and %v are not in UTC", answer.IssuedAt, answer.ExpiresAt)
			}
		})
	}
}

// Both kinds of token that the emulator issues are read.
func TestExpiry_OfTheEmulatorsTokens(t *testing.T) {
	tests := []struct {
		name    string
		options emulator.Options
		want    time.Duration
	}{
		{"a JWT of a day", emulator.Options{AccessTokenLifetime: 24 * time.Hour}, 24 * time.Hour},
		{"a JWT, ExpiresIn of a fortnight", emulator.Options{ExpiresIn: 1209600}, 2 * time.Hour},
		{"opaque, of ten minutes", emulator.Options{OpaqueTokens: true, AccessTokenLifetime: 10 * time.Minute}, 10 * time.Minute},
		{"opaque, of a day", emulator.Options{OpaqueTokens: true, AccessTokenLifetime: 24 * time.Hour}, 2 * time.Hour},
		{"opaque, ExpiresIn in millisecond", emulator.Options{OpaqueTokens: true, ExpiresIn: 1209600}, 2 * time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := emulator.New(test.options)
				p.AddAdmin(emulator.Admin{Email: email, Password: password})
				c := newClient(platformInMemory(t, p), userservice.Config{})
				first := mustLogin(t, c)
				second, err := refresh(t.Context(), c, first)
				if err != nil {
					t.Fatal(err)
				}
				for _, answer := range []session.Session{first, second} {
					if got := answer.ExpiresAt.Sub(answer.IssuedAt); got != test.want || !answer.IssuedAt.Equal(time.Now()) {
						t.Errorf("issued %v, lives %s, want %v and %s", answer.IssuedAt, got, time.Now(), test.want)
					}
				}
			})
		})
	}
}

// The clocks are moved apart.
func TestClockSkew_IsFoundInEitherDirection(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Second, -2 * time.Second, 3 * time.Second, 10 * time.Minute, -10 * time.Minute, -36 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				p.Advance(ahead)
				want := ahead
				if ahead.Abs() <= 2*time.Second { // what a Date to the second leaves open
					want = 0
				}
				answer := mustAnswer(t, newClient(platformInMemory(t, p), userservice.Config{}))
				if answer.ClockSkew != want {
					t.Errorf("ClockSkew = %s, want %s", answer.ClockSkew, want)
				}
				if issued := time.Now().Add(ahead); !answer.IssuedAt.Equal(issued) || !answer.ExpiresAt.Equal(issued.Add(2*time.Hour)) {
					t.Errorf("issued %v, expires %v, want the platform's time", answer.IssuedAt, answer.ExpiresAt)
				}
			})
		})
	}
}

// TestClockSkew_TimeOfTheRequestIsNoSkew pins that the time a request took is not taken
// for a difference of the clocks.
func TestClockSkew_TimeOfTheRequestIsNoSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.Inject(emulator.Login, emulator.Delay(20*time.Second))
		if got := mustAnswer(t, newClient(platformInMemory(t, p), userservice.Config{})).ClockSkew; got != 0 {
			t.Errorf("ClockSkew = %s, want none", got)
		}
	})
}

func TestClockSkew_WithoutADateGoesByTheToken(t *testing.T) {
	tests := []struct {
		name  string
		date  string
		token string
		want  time.Duration
	}{
		{"by iat", "", tokenFor(here.Add(10*time.Minute), time.Hour), 10 * time.Minute},
		{"by iat, Date unreadable", "today", tokenFor(here.Add(-10*time.Minute), time.Hour), -10 * time.Minute},
		{"by Date rather than iat", here.Add(time.Minute).Format(http.TimeFormat), tokenFor(here.Add(-time.Hour), time.Hour), time.Minute},
		{"neither", "", accessText, 0},
		{"a token with no time of it", "", tokenOf(`{}`), 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &reply{status: 200, body: grant(test.token, `,"ExpiresIn":60`), header: map[string]string{"Date": test.date}}
			answer := mustAnswer(t, newClient(r, userservice.Config{Now: func() time.Time { return here }}))
			if answer.ClockSkew != test.want {
				t.Errorf("ClockSkew = %s, want %s", answer.ClockSkew, test.want)
			}
		})
	}
}
