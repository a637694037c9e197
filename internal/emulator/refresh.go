package emulator

import (
	"errors"
	"net/http"
)

var errTrailing = errors.New("there is something after the JSON document")

// refreshRequest is the body of a refresh (PLATFORM-API.md §3).
type refreshRequest struct {
	AccessToken  string
	RefreshToken string
}

// refresh answers POST /v1/Auth/RefreshToken. It is not rate limited (§3, D),
// and it does not revoke the access token that it was given: the contract says
// that of a login only. The platform's lock is held.
func (p *Platform) refresh(r *http.Request, body []byte) reply {
	if refused := wantJSON(r, "application/json", "application/json-patch+json"); refused != nil {
		return *refused
	}
	var request refreshRequest
	if err := strict(body, &request); err != nil || request.AccessToken == "" || request.RefreshToken == "" {
		return refusal(http.StatusBadRequest, "Bad request", "", "AccessToken and RefreshToken are required.")
	}
	g, known := p.grants[request.RefreshToken]
	no := func(message string) reply {
		return refusal(http.StatusUnauthorized, "Unauthorized", "RefreshToken", message)
	}
	switch {
	case !known:
		return no("The refresh token is unknown.")
	case g.accessToken != request.AccessToken:
		return no("The tokens do not belong together.")
	case g.spent:
		p.counts.SpentRefresh++
		return no("The refresh token was used before.")
	case g.revoked:
		return no("The refresh token was revoked by a login.")
	case !p.now().Before(g.refreshExpires):
		return no("The refresh token has expired.")
	}
	g.spent = true
	p.counts.Refreshed++
	return p.issue(g.identity, g.deviceToken)
}
