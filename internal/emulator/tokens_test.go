package emulator_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
)

func TestAccessToken_TellsItsTimes(t *testing.T) {
	tests := []struct {
		name      string
		options   emulator.Options
		lifetime  time.Duration
		expiresIn int64
	}{
		{"by default", emulator.Options{}, 2 * time.Hour, 7201},
		{"a life set", emulator.Options{AccessTokenLifetime: 24 * time.Hour}, 24 * time.Hour, 86401},
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

// PLATFORM-API.md §5 has the shape of a real token.
func TestAccessToken_HasTheClaimsOfARealOne(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	hex := regexp.MustCompile(`^[0-9a-f]{32}$`)
	bare := func(id string) string { return strings.ReplaceAll(id, "-", "") }
	s := serve(t, emulator.Options{Now: fixedClock})
	now := fixedClock().Unix()
	for _, test := range []struct {
		name string
		answer
		want map[string]any // without what is made up
	}{
		{"user", s.loginUser(), map[string]any{
			"sub": deviceToken, "InstanceId": bare(instanceID), "DeviceToken": bare(deviceToken), "CompanyId": bare(emulator.CompanyID),
			"AppId": bare(emulator.ApplicationID), "IsAdmin": "False", "Sdk": "True", "SdkEnabledTracking": "True", "SdkClientId": "",
		}},
		{"admin", s.login(), map[string]any{
			"ApplicationId": bare(emulator.ApplicationID), "AdminEmail": email, "IsAdmin": "True",
			"Permission": "CompanyId:" + emulator.CompanyID + ":" + emulator.RoleID,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			issued := test.Result.AccessToken
			header, err := base64.RawURLEncoding.DecodeString(strings.Split(issued.Token, ".")[0])
			if err != nil || string(header) != `{"alg":"RS256","typ":"JWT"}` {
				t.Errorf("the header is %s, %v, want RS256", header, err)
			}
			if signature, err := base64.RawURLEncoding.DecodeString(strings.Split(issued.Token, ".")[2]); err != nil || len(signature) != 256 {
				t.Errorf("the signature has %d bytes, %v, want those of RS256", len(signature), err)
			}
			claims, err := jwt.Claims(issued.Token)
			if err != nil {
				t.Fatal(err)
			}
			for _, number := range []struct {
				name string
				want int64
			}{{"iat", now}, {"nbf", now - 1}, {"exp", now + 7200}, {"exp", now - 1 + issued.ExpiresIn}} {
				if got := claims[number.name]; got != json.Number(strconv.FormatInt(number.want, 10)) {
					t.Errorf("%s = %v, want %d", number.name, got, number.want)
				}
			}
			if id, _ := claims["jti"].(string); !uuid.MatchString(id) {
				t.Errorf("jti = %v, want a UUID", claims["jti"])
			}
			if claims["IsAdmin"] == "True" {
				// An admin has a device token that belongs to no user.
				sub, _ := claims["sub"].(string)
				device, _ := claims["DeviceToken"].(string)
				if !uuid.MatchString(sub) || !hex.MatchString(device) || device != bare(sub) || device == bare(deviceToken) {
					t.Errorf("sub = %q and DeviceToken = %q, want a UUID of the admin's own, and the same without dashes", sub, device)
				}
				delete(claims, "sub")
				delete(claims, "DeviceToken")
			}
			for _, name := range []string{"iat", "nbf", "exp", "jti"} {
				delete(claims, name)
			}
			test.want["iss"], test.want["aud"] = "webApi", "https://user.telematicssdk.com"
			if !reflect.DeepEqual(claims, test.want) {
				t.Errorf("claims = %v, want %v", claims, test.want)
			}
		})
	}
}

func TestRefreshToken_HasEveryCharacterOfBase64ThatNeedsCare(t *testing.T) {
	s := serve(t, emulator.Options{LoginLimit: -1})
	for range 20 {
		token := s.login().Result.RefreshToken
		if raw, err := base64.StdEncoding.DecodeString(token); err != nil || len(raw) != 32 || len(token) != 44 {
			t.Fatalf("the refresh token has %d characters and %d bytes, %v, want 44 of base64", len(token), len(raw), err)
		}
		for _, character := range []string{"+", "/", "="} {
			if !strings.Contains(token, character) {
				t.Errorf("the refresh token holds no %q", character)
			}
		}
	}
}

func TestRefresh_OmitsDeviceTokenIfTheOptionsSaySo(t *testing.T) {
	s := serve(t, emulator.Options{RefreshOmitsDeviceToken: true})
	first := s.loginUser()
	if first.Result.DeviceToken == nil {
		t.Error("a login has no DeviceToken")
	}
	for range 2 { // the platform itself knows the pair's account
		refreshed := s.mustGrant(s.refresh(first))
		if strings.Contains(refreshed.body, "DeviceToken") {
			t.Errorf("answered %s, want no DeviceToken", refreshed.body)
		}
		if claims, err := jwt.Claims(refreshed.Result.AccessToken.Token); err != nil || claims["sub"] != deviceToken {
			t.Errorf("the new token's claims are %v, %v", claims, err)
		}
		first = refreshed
	}
}

func TestChange_AppliesFromTheNextRequest(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock, AccessTokenLifetime: time.Hour})
	s.Change(func(o *emulator.Options) { o.AccessTokenLifetime, o.LoginKeepsTokens = 0, true })
	first := s.login()
	s.login()
	if _, expires := jwt.Times(first.Result.AccessToken.Token); !expires.Equal(fixedClock().Add(2 * time.Hour)) {
		t.Errorf("exp = %v, want the contract's two hours again", expires)
	}
	if !s.Accepts(first.Result.AccessToken.Token) {
		t.Error("a login revoked the token")
	}
}

func TestSetAccessTokenLifetime_AppliesToNewTokens(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock})
	before := s.login()
	s.SetAccessTokenLifetime(time.Minute)
	after := s.loginUser()
	if got := after.Result.AccessToken.ExpiresIn; got != 61 {
		t.Errorf("ExpiresIn = %d, want 61", got)
	}
	s.Advance(time.Minute)
	if !s.Accepts(before.Result.AccessToken.Token) || s.Accepts(after.Result.AccessToken.Token) {
		t.Error("a life that is set holds for the tokens that are issued from then on, and for no other")
	}
}

func TestOpaqueTokens_AreAcceptedAndNoJWTs(t *testing.T) {
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

func TestTokens_Differ(t *testing.T) {
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

func TestSecrets_AreAllThatWereIssued(t *testing.T) {
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

func TestAdvance_MovesThePlatformsClock(t *testing.T) {
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

func TestRefresh_ReturnsANewPair(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.loginUser()
	second := s.mustGrant(s.refresh(first))
	if second.Result.AccessToken.Token == first.Result.AccessToken.Token || second.Result.RefreshToken == first.Result.RefreshToken {
		t.Error("a refresh answered a token that there was before")
	}
	if device := second.Result.DeviceToken; device == nil || *device != deviceToken {
		t.Errorf("DeviceToken = %v, want the user's", device)
	}
	// Only a login revokes (PLATFORM-API.md §6).
	for _, test := range []struct {
		name string
		answer
	}{{"old", first}, {"new", second}} {
		if !s.Accepts(test.Result.AccessToken.Token) {
			t.Errorf("the %s access token is not accepted", test.name)
		}
	}
	s.mustGrant(s.refresh(second))
	if c := s.Counts(); c != (emulator.Counts{Login: 1, LoggedIn: 1, Refresh: 2, Refreshed: 2}) {
		t.Errorf("counts = %+v, want 2 refreshes", c)
	}
}

func TestRefresh_SpentTokenIsRefused(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	second := s.mustGrant(s.refresh(first))
	for range 2 {
		s.mustRefuse(s.refresh(first), http.StatusUnauthorized, "The refresh token was used before.")
	}
	if c := s.Counts(); c.SpentRefresh != 2 || c.Refresh != 3 || c.Refreshed != 1 {
		t.Errorf("counts = %+v, want 2 spent refresh tokens of 3 refreshes", c)
	}
	s.mustGrant(s.refresh(second))
}

func TestRefresh_ExpiredAccessTokenIsAccepted(t *testing.T) {
	s := serve(t, emulator.Options{Now: fixedClock})
	first := s.login()
	s.Advance(89 * 24 * time.Hour)
	if s.Accepts(first.Result.AccessToken.Token) {
		t.Fatal("the access token is still accepted after 89 days")
	}
	second := s.mustGrant(s.refresh(first))
	if !s.Accepts(second.Result.AccessToken.Token) {
		t.Error("the new access token is not accepted")
	}
}

func TestRefresh_ExpiredRefreshTokenIsRefused(t *testing.T) {
	tests := []struct {
		name    string
		options emulator.Options
		after   time.Duration
		granted bool
	}{
		{"a second before three months", emulator.Options{}, 90*24*time.Hour - time.Second, true},
		{"after three months", emulator.Options{}, 90 * 24 * time.Hour, false},
		{"after a life of its own", emulator.Options{RefreshTokenLifetime: time.Hour}, time.Hour, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Now = fixedClock
			s := serve(t, test.options)
			first := s.login()
			s.Advance(test.after)
			if test.granted {
				s.mustGrant(s.refresh(first))
				return
			}
			s.mustRefuse(s.refresh(first), http.StatusUnauthorized, "The refresh token has expired.")
		})
	}
}

func TestRefresh_IsRefusedWithAReason(t *testing.T) {
	s := serve(t, emulator.Options{})
	admin, user := s.login(), s.loginUser()
	access, refresh := admin.Result.AccessToken.Token, admin.Result.RefreshToken
	good := refreshBody(access, refresh)
	tests := []struct {
		name   string
		body   string
		status int
		why    string
	}{
		{"an unknown refresh token", refreshBody(access, "unknown"), 401, "The refresh token is unknown."},
		{"an access token of somebody", refreshBody(user.Result.AccessToken.Token, refresh), 401, "do not belong together"},
		{"an unknown access token", refreshBody("unknown", refresh), 401, "do not belong together"},
		{"no access token", `{"RefreshToken":"` + refresh + `"}`, 400, "are required"},
		{"no refresh token", `{"AccessToken":"` + access + `"}`, 400, "are required"},
		{"an unknown field", good[:len(good)-1] + `,"InstanceId":"x"}`, 400, "are required"},
		{"a bracket too many", good + "]", 400, "are required"},
		{"a second document", good + good, 400, "are required"},
		{"an object for a refresh token", `{"AccessToken":"` + access + `","RefreshToken":{}}`, 400, "are required"},
		{"nothing", "", 400, "are required"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.mustRefuse(s.ask(http.MethodPost, refreshPath, test.body), test.status, test.why)
		})
	}
	// None of them spent it.
	s.mustGrant(s.ask(http.MethodPost, refreshPath, good, "InstanceId", instanceID, "InstanceKey", instanceKey))
}

func TestRefresh_AcceptsJSONPatchAndKeysInAnyCase(t *testing.T) {
	s := serve(t, emulator.Options{})
	first := s.login()
	body := `{"accesstoken":"` + first.Result.AccessToken.Token + `","REFRESHTOKEN":"` + first.Result.RefreshToken + `"}`
	s.mustGrant(s.ask(http.MethodPost, refreshPath, body, "Content-Type", "application/json-patch+json"))
}

func TestWhose_TellsTheAccountOfATokenThatWasIssued(t *testing.T) {
	s := serve(t, emulator.Options{})
	revoked, admin, user := s.login(), s.login(), s.loginUser()
	for _, test := range []struct{ name, token, want string }{
		{"an admin", admin.Result.AccessToken.Token, emulator.AdminEmail},
		{"an admin, revoked", revoked.Result.AccessToken.Token, emulator.AdminEmail},
		{"a user", user.Result.AccessToken.Token, emulator.DeviceToken},
		{"nobody", "a-token-of-another-platform", ""},
	} {
		if got := s.Whose(test.token); got != test.want {
			t.Errorf("%s: the token is that of %q, want %q", test.name, got, test.want)
		}
	}
}
