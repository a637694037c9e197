// Package jwt reads the claims of a JSON Web Token without verifying it. The
// provider has no key of the platform to verify with. It needs to know how long a
// token lives and which account it belongs to (PLATFORM-API.md §5).
package jwt

import (
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ErrMalformed is the only error of this package. It does not wrap the parser's
// errors, because those quote the text that they could not read.
var ErrMalformed = errors.New("not a JSON Web Token: want three base64url parts separated by dots, with JSON objects in the first two")

// maxTime bounds what is taken for a NumericDate: the end of the year 9999,
// the last that RFC 3339 can write.
const maxTime = 253402300799

var parser = jwt.NewParser(jwt.WithJSONNumber(), jwt.WithoutClaimsValidation())

// Claims returns the claims of token, unverified. Numbers are [json.Number],
// objects map[string]any, lists []any. The error is [ErrMalformed].
func Claims(token string) (map[string]any, error) {
	claims := jwt.MapClaims{}
	_, _, err := parser.ParseUnverified(token, claims)
	// A token signed with an algorithm that the library does not know is
	// decoded all the same.
	if err != nil && !errors.Is(err, jwt.ErrTokenUnverifiable) {
		return nil, ErrMalformed
	}
	return claims, nil
}

// Times returns the claims iat and exp of token in UTC, to the second. A time is
// zero if the token does not hold it in a readable form. Both are zero if token is
// not a JSON Web Token.
func Times(token string) (issued, expires time.Time) {
	claims, err := Claims(token)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return numericDate(claims["iat"]), numericDate(claims["exp"])
}

// numericDate reads a NumericDate (RFC 7519 §2), which may have a fraction.
func numericDate(claim any) time.Time {
	number, ok := claim.(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := number.Float64()
	if err != nil || math.IsNaN(seconds) || seconds <= 0 || seconds > maxTime {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
