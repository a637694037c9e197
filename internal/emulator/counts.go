package emulator

// Endpoint is one of the platform's methods.
type Endpoint string

// The methods that the emulator has.
const (
	// Login is POST /v1/Auth/Login.
	Login Endpoint = "login"
	// Refresh is POST /v1/Auth/RefreshToken.
	Refresh Endpoint = "refresh"
	// Users is GET /v1/Management/users.
	Users Endpoint = "users"
)

// Counts are what the platform was asked.
type Counts struct {
	// Login, Refresh and Users count all requests to an endpoint.
	Login   int `json:"login"`
	Refresh int `json:"refresh"`
	Users   int `json:"users"`
	// LoggedIn and Refreshed count those that issued tokens.
	LoggedIn  int `json:"logged_in"`
	Refreshed int `json:"refreshed"`
	// RateLimited counts the logins that were turned away with 429.
	RateLimited int `json:"rate_limited"`
	// SpentRefresh counts the refresh tokens that were presented again after
	// they had been spent.
	SpentRefresh int `json:"spent_refresh"`
}

// Counts returns what the platform was asked since the start or the last
// reset.
func (p *Platform) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// ResetCounts starts counting anew.
func (p *Platform) ResetCounts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts = Counts{}
}

// count notes a request.
func (c *Counts) count(e Endpoint) {
	switch e {
	case Login:
		c.Login++
	case Refresh:
		c.Refresh++
	case Users:
		c.Users++
	}
}
