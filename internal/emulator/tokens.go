package emulator

import (
	"crypto/rand"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// grant is a pair of tokens that was issued, and to whom.
type grant struct {
	identity       string // "admin:<email>" or "user:<device token>"
	deviceToken    string // empty for an admin
	accessToken    string
	refreshToken   string
	accessExpires  time.Time
	refreshExpires time.Time
	spent          bool
	revoked        bool
}

// issue makes a new pair of tokens. The platform's lock is held.
func (p *Platform) issue(identity, deviceToken string) reply {
	now := p.now()
	g := &grant{
		identity:       identity,
		deviceToken:    deviceToken,
		refreshToken:   rand.Text() + rand.Text(),
		accessExpires:  now.Add(p.lifetime),
		refreshExpires: now.Add(p.options.RefreshTokenLifetime),
	}
	g.accessToken = p.sign(g, now)
	p.grants[g.refreshToken] = g
	p.access[g.accessToken] = g
	p.secrets = append(p.secrets, g.accessToken, g.refreshToken)

	result := tokens{
		AccessToken:  accessToken{Token: g.accessToken, ExpiresIn: int64(p.lifetime / time.Second)},
		RefreshToken: g.refreshToken,
	}
	if p.options.ExpiresIn != 0 {
		result.AccessToken.ExpiresIn = p.options.ExpiresIn
	}
	if deviceToken != "" {
		result.DeviceToken = &deviceToken
	}
	return granted(result)
}

// sign makes an access token.
func (p *Platform) sign(g *grant, now time.Time) string {
	if p.options.OpaqueTokens {
		return rand.Text() + rand.Text()
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": g.identity,
		"iat": now.Unix(),
		"exp": g.accessExpires.Unix(),
		"jti": rand.Text(),
	}).SignedString(p.key)
	if err != nil {
		panic(err) // the key is of the right kind
	}
	return token
}

// revoke ends the tokens that were issued to an identity: a login does (§6).
// The platform's lock is held.
func (p *Platform) revoke(identity string) {
	for _, g := range p.grants {
		if g.identity == identity {
			g.revoked = true
		}
	}
}

// holder returns the grant of an access token that is accepted now, or nil.
// The platform's lock is held.
func (p *Platform) holder(accessToken string) *grant {
	g, known := p.access[accessToken]
	if !known || g.revoked || !p.now().Before(g.accessExpires) {
		return nil
	}
	return g
}
