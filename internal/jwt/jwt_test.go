package jwt_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/jwt"
)

// token puts a token together from the texts of its header and claims.
func token(header, claims string) string {
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims)) + "." + enc.EncodeToString([]byte("signature"))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

func TestClaims_AreReadUnverified(t *testing.T) {
	tests := []struct {
		name  string
		token string
		want  map[string]any
	}{
		{"every JSON type",
			token(hs256, `{"s":"x","n":12345678901234567890,"f":1.5,"b":true,"z":null,"l":["a",1],"o":{"k":"v"}}`),
			map[string]any{
				"s": "x", "n": json.Number("12345678901234567890"), "f": json.Number("1.5"), "b": true, "z": nil,
				"l": []any{"a", json.Number("1")}, "o": map[string]any{"k": "v"},
			},
		},
		{"an expired token", token(hs256, `{"exp":1}`), map[string]any{"exp": json.Number("1")}},
		{"an unknown algorithm", token(`{"alg":"XX999"}`, `{"sub":"a"}`), map[string]any{"sub": "a"}},
		{"the algorithm none", token(`{"alg":"none"}`, `{"sub":"a"}`), map[string]any{"sub": "a"}},
		{"no algorithm", token(`{}`, `{"sub":"a"}`), map[string]any{"sub": "a"}},
		{"no claims", token(hs256, `{}`), map[string]any{}},
		{"null for claims", token(hs256, `null`), map[string]any{}},
		{"a claim of odd spelling", token(hs256, `{"http://schemas/role":"Admin"}`), map[string]any{"http://schemas/role": "Admin"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := jwt.Claims(test.token)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("Claims = %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestClaims_OfSomethingElseAreErrMalformed(t *testing.T) {
	tests := []struct {
		name string
		text string
	}{
		{"empty", ""},
		{"opaque", "SECRET-opaque"},
		{"two parts", "SECRET.SECRET"},
		{"four parts", "SECRET.SECRET.SECRET.SECRET"},
		{"not base64", "SECRET!.SECRET!.SECRET!"},
		{"header is not JSON", token("SECRET", `{}`)},
		{"claims are not JSON", token(hs256, "SECRET")},
		{"claims are a list", token(hs256, `["SECRET"]`)},
		{"claims are cut short", token(hs256, `{"SECRET":`)},
		{"with its header's name", "Bearer " + token(hs256, `{"s":"SECRET"}`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claims, err := jwt.Claims(test.text)
			if !errors.Is(err, jwt.ErrMalformed) {
				t.Fatalf("Claims = %v, %v, want ErrMalformed", claims, err)
			}
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func TestTimes_AreZeroIfUnreadable(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
	tests := []struct {
		name            string
		token           string
		issued, expires time.Time
	}{
		{"both", token(hs256, `{"iat":1700000000,"exp":1700007200}`), at(1700000000), at(1700007200)},
		{"exp alone", token(hs256, `{"exp":1700007200}`), time.Time{}, at(1700007200)},
		{"a fraction", token(hs256, `{"iat":1700000000.9,"exp":1.7000072e9}`), at(1700000000), at(1700007200)},
		{"text", token(hs256, `{"iat":"1700000000","exp":"soon"}`), time.Time{}, time.Time{}},
		{"zero and negative", token(hs256, `{"iat":0,"exp":-5}`), time.Time{}, time.Time{}},
		{"past what can be written", token(hs256, `{"iat":1e300,"exp":99999999999999999999}`), time.Time{}, time.Time{}},
		{"no number", token(hs256, `{"iat":null,"exp":[1]}`), time.Time{}, time.Time{}},
		{"not a token", "opaque", time.Time{}, time.Time{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			issued, expires := jwt.Times(test.token)
			if !issued.Equal(test.issued) || !expires.Equal(test.expires) {
				t.Errorf("Times = %v, %v, want %v, %v", issued, expires, test.issued, test.expires)
			}
		})
	}
}
