package emulator

import (
	"net/http"
	"strings"
)

// profile is the authorized user's own profile.
type profile struct {
	DeviceToken *string `json:"DeviceToken"`
	Email       *string `json:"Email"`
	FirstName   string  `json:"FirstName"`
	LastName    string  `json:"LastName"`
}

// profile answers GET /v1/Management/users, which reads the profile of whoever
// is authorized (PLATFORM-API.md §7); an admin is told who it is. It knows no
// wrong kind of token: 403 is for the admin methods of §8, which are not here.
// The platform's lock is held.
func (p *Platform) profile(r *http.Request, _ []byte) reply {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	g := p.holder(token)
	if !strings.EqualFold(scheme, "Bearer") || g == nil {
		return refusal(http.StatusUnauthorized, "Unauthorized", "", "The token is missing, unknown, revoked or has expired.")
	}
	if g.deviceToken == "" {
		email := strings.TrimPrefix(g.identity, "admin:")
		return granted(profile{Email: &email})
	}
	user := p.users[foldID(g.deviceToken)]
	return granted(profile{DeviceToken: &user.DeviceToken, FirstName: user.FirstName, LastName: user.LastName})
}
