package emulator

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// grant is a pair of tokens that was issued, with the account that got it.
type grant struct {
	identity       string // "admin:<folded email>" or "user:<folded device token>"
	deviceToken    string // empty for an admin
	accessToken    string
	refreshToken   string
	accessExpires  time.Time
	refreshExpires time.Time
	spent          bool
	accessRevoked  bool
	refreshRevoked bool
}

// tokens is the Result of a login and of a refresh.
type tokens struct {
	DeviceToken  *string     `json:"DeviceToken"`
	AccessToken  accessToken `json:"AccessToken"`
	RefreshToken string      `json:"RefreshToken"`
}

type accessToken struct {
	Token     string `json:"Token"`
	ExpiresIn int64  `json:"ExpiresIn"`
}

// issue makes a new pair of tokens for an account, whose claims are those of
// the account. The platform's lock is held.
func (p *Platform) issue(identity, deviceToken string) tokens {
	now := p.now()
	g := &grant{
		identity:       identity,
		deviceToken:    deviceToken,
		refreshToken:   newRefreshToken(),
		accessExpires:  now.Add(p.options.AccessTokenLifetime),
		refreshExpires: now.Add(p.options.RefreshTokenLifetime),
	}
	var expiresIn int64
	g.accessToken, expiresIn = p.newAccessToken(g, now)
	p.grants[g.refreshToken] = g
	p.access[g.accessToken] = g
	p.secrets = append(p.secrets, g.accessToken, g.refreshToken)

	issued := tokens{AccessToken: accessToken{Token: g.accessToken, ExpiresIn: expiresIn}, RefreshToken: g.refreshToken}
	if p.options.ExpiresIn != 0 {
		issued.AccessToken.ExpiresIn = p.options.ExpiresIn
	}
	if deviceToken != "" {
		issued.DeviceToken = &deviceToken
	}
	return issued
}

// newRefreshToken is 32 bytes in 44 characters of base64. Each has all the
// characters that need care, so that no test depends on luck.
func newRefreshToken() string {
	for {
		token := base64.StdEncoding.EncodeToString(randomBytes(32))
		if strings.Contains(token, "+") && strings.Contains(token, "/") {
			return token
		}
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return b
}

// commonClaims are the claims that all tokens have (PLATFORM-API.md §5).
type commonClaims struct {
	Subject   string `json:"sub"`
	ID        string `json:"jti"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
}

// userClaims are the claims of a user's token. One claim stands for all those that
// begin with SdkEnabled: the contract tells no more of them.
type userClaims struct {
	commonClaims
	InstanceID         string `json:"InstanceId"`
	DeviceToken        string `json:"DeviceToken"`
	CompanyID          string `json:"CompanyId"`
	AppID              string `json:"AppId"`
	IsAdmin            string `json:"IsAdmin"`
	SDK                string `json:"Sdk"`
	SDKEnabledTracking string `json:"SdkEnabledTracking"`
	SDKClientID        string `json:"SdkClientId"`
}

// adminClaims are the claims of an admin's token.
type adminClaims struct {
	commonClaims
	ApplicationID string `json:"ApplicationId"`
	AdminEmail    string `json:"AdminEmail"`
	IsAdmin       string `json:"IsAdmin"`
	Permission    string `json:"Permission"`
	DeviceToken   string `json:"DeviceToken"`
}

// audience is the claim aud of every token, wherever the emulator listens.
const audience = "https://user.telematicssdk.com"

// newAccessToken makes an access token and returns its ExpiresIn. The token looks
// like RS256. No source shows a key to verify one with, so the signature is random
// bytes, which cannot be guessed either. The platform's lock is held.
func (p *Platform) newAccessToken(g *grant, now time.Time) (token string, expiresIn int64) {
	if p.options.OpaqueTokens {
		return rand.Text() + rand.Text(), int64(p.options.AccessTokenLifetime / time.Second)
	}
	common := commonClaims{
		ID: newID(), IssuedAt: now.Unix(), NotBefore: now.Unix() - 1, Expires: g.accessExpires.Unix(), Issuer: "webApi", Audience: audience,
	}
	parts := []string{
		part(map[string]string{"alg": "RS256", "typ": "JWT"}), part(p.claims(g, common)), base64.RawURLEncoding.EncodeToString(randomBytes(256)),
	}
	return strings.Join(parts, "."), common.Expires - common.NotBefore
}

// claims adds to the common claims those of the account.
func (p *Platform) claims(g *grant, common commonClaims) any {
	if email, isAdmin := strings.CutPrefix(g.identity, adminPrefix); isAdmin {
		admin := p.admins[email]
		common.Subject = admin.deviceToken()
		return adminClaims{
			commonClaims: common, ApplicationID: foldID(ApplicationID), AdminEmail: admin.Email, IsAdmin: "True",
			Permission: "CompanyId:" + CompanyID + ":" + RoleID, DeviceToken: foldID(admin.deviceToken()),
		}
	}
	user, _ := p.users.get(foldID(g.deviceToken))
	of, _ := p.instances.get(foldID(user.InstanceID))
	in := p.ofInstance(of)
	common.Subject = user.DeviceToken
	return userClaims{
		commonClaims: common, InstanceID: foldID(user.InstanceID), DeviceToken: foldID(user.DeviceToken), CompanyID: foldID(in.company),
		AppID: foldID(in.application), IsAdmin: "False", SDK: "True", SDKEnabledTracking: "True", SDKClientID: user.ClientID,
	}
}

// part is a part of a JWT.
func part(content any) string {
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // claims are always JSON
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// newID returns a random UUID.
func newID() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// refreshRequest is the body of a refresh (PLATFORM-API.md §3).
type refreshRequest struct {
	AccessToken  string
	RefreshToken string
}

// refresh answers POST /v1/Auth/RefreshToken. It is not rate limited (§3, D), and
// it does not revoke the access token that it trades: by the contract only a login
// does. The platform's lock is held.
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
		return refusal(http.StatusUnauthorized, "Unauthorized", "RefreshToken", message).by(p.options.RefreshRefusedBy)
	}
	switch {
	case !known:
		return no("The refresh token is unknown.")
	case g.accessToken != request.AccessToken:
		return no("The tokens do not belong together.")
	case g.spent:
		p.counts.SpentRefresh++
		return no("The refresh token was used before.")
	case g.refreshRevoked:
		return no("The refresh token was revoked by a login.")
	case !p.now().Before(g.refreshExpires):
		return no("The refresh token has expired.")
	}
	g.spent = true
	p.counts.Refreshed++
	issued := p.issue(g.identity, g.deviceToken)
	if !p.options.RefreshOmitsDeviceToken {
		return granted(issued)
	}
	return granted(struct {
		AccessToken  accessToken `json:"AccessToken"`
		RefreshToken string      `json:"RefreshToken"`
	}{issued.AccessToken, issued.RefreshToken})
}

// revoke ends the tokens that were issued to an account before it logs in, as
// far as the options say so. The platform's lock is held.
func (p *Platform) revoke(identity string) {
	if p.options.LoginKeepsTokens {
		return
	}
	for _, g := range p.grants {
		if g.identity == identity {
			g.accessRevoked = true
			g.refreshRevoked = g.refreshRevoked || !p.options.RefreshOutlivesLogin
		}
	}
}

// Accepts reports whether an authorized method would accept the token now.
func (p *Platform) Accepts(accessToken string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holder(accessToken) != nil
}

// Whose is the account that an access token was issued to, as
// [Platform.LoginElsewhere] names it: the email of an admin, folded, or the device
// token of a user. It does not matter whether the token is still accepted. It is
// empty for a token that was never issued.
func (p *Platform) Whose(accessToken string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, known := p.access[accessToken]
	switch {
	case !known:
		return ""
	case g.deviceToken != "":
		return g.deviceToken
	}
	return strings.TrimPrefix(g.identity, adminPrefix)
}

// holder returns the grant of an access token that is accepted now, or nil.
// The platform's lock is held.
func (p *Platform) holder(accessToken string) *grant {
	g, known := p.access[accessToken]
	if !known || g.accessRevoked || !p.now().Before(g.accessExpires) {
		return nil
	}
	return g
}

// authorize returns the grant of a request's Bearer token: 401 if it is not
// accepted, 403 if it is of the wrong kind (PLATFORM-API.md §7). The
// platform's lock is held.
func (p *Platform) authorize(r *http.Request, wantAdmin bool) (*grant, *reply) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	g := p.holder(token)
	if !strings.EqualFold(scheme, "Bearer") || g == nil {
		refused := refusal(http.StatusUnauthorized, "Unauthorized", "", "The token is missing, unknown, revoked or has expired.")
		return nil, &refused
	}
	if isAdmin := g.deviceToken == ""; isAdmin != wantAdmin {
		refused := refusal(http.StatusForbidden, "Forbidden", "", "The token is of the wrong kind.")
		return nil, &refused
	}
	return g, nil
}
