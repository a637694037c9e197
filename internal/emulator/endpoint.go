package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Endpoint is one of the platform's methods.
type Endpoint string

// The methods that the emulator has.
const (
	// Login is POST /v1/Auth/Login.
	Login Endpoint = "login"
	// Refresh is POST /v1/Auth/RefreshToken.
	Refresh Endpoint = "refresh"
	// Users is GET /v1/Management/users, a user's proof of life.
	Users Endpoint = "users"
	// Permissions is GET /auth/permissions of the portal, an admin's proof of
	// life.
	Permissions Endpoint = "permissions"

	// The methods of applications (PLATFORM-API.md §8.2).
	ApplicationCreate Endpoint = "application-create"
	ApplicationList   Endpoint = "application-list"
	ApplicationGet    Endpoint = "application-get"
	ApplicationUpdate Endpoint = "application-update"
	ApplicationDelete Endpoint = "application-delete"
	// The methods of instances (PLATFORM-API.md §8.3).
	InstanceCreate Endpoint = "instance-create"
	InstanceList   Endpoint = "instance-list"
	InstanceGet    Endpoint = "instance-get"
	InstanceUpdate Endpoint = "instance-update"
	InstanceDelete Endpoint = "instance-delete"
	// The methods of users (PLATFORM-API.md §8.4). UserUpdate is PUT
	// /v1/Management/users.
	UserRegister Endpoint = "user-register"
	UserFind     Endpoint = "user-find"
	UserPage     Endpoint = "user-page"
	UserUpdate   Endpoint = "user-update"
	UserMove     Endpoint = "user-move"
	UserDelete   Endpoint = "user-delete"
)

var endpoints = []Endpoint{
	Login, Refresh, Users, Permissions,
	ApplicationCreate, ApplicationList, ApplicationGet, ApplicationUpdate, ApplicationDelete,
	InstanceCreate, InstanceList, InstanceGet, InstanceUpdate, InstanceDelete,
	UserRegister, UserFind, UserPage, UserUpdate, UserMove, UserDelete,
}

// ParseEndpoint reads an endpoint as a script writes it.
func ParseEndpoint(text string) (Endpoint, error) {
	if e := Endpoint(text); slices.Contains(endpoints, e) {
		return e, nil
	}
	return "", fmt.Errorf("no endpoint is called %q", text)
}

// Counts says how often the platform was asked.
type Counts struct {
	// Login, Refresh, Users and Permissions count all requests to an
	// endpoint; those of §8 are in [Platform.Requests]. A login by
	// [Platform.LoginElsewhere] does not count.
	Login       int `json:"login"`
	Refresh     int `json:"refresh"`
	Users       int `json:"users"`
	Permissions int `json:"permissions"`
	// LoggedIn and Refreshed count the requests that issued tokens.
	LoggedIn  int `json:"logged_in"`
	Refreshed int `json:"refreshed"`
	// RateLimited counts the logins that were turned away with 429.
	RateLimited int `json:"rate_limited"`
	// SpentRefresh counts the refresh tokens that were presented again after
	// they had been spent.
	SpentRefresh int `json:"spent_refresh"`
}

// Counts returns how often the platform was asked since the start or the last
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
	clear(p.requests)
}

// Requests is how many requests an endpoint had since the start or the last
// reset.
func (p *Platform) Requests(e Endpoint) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[e]
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
	case Permissions:
		c.Permissions++
	}
}

// maxRequest bounds a request's body; a real one is much smaller.
const maxRequest = 64 << 10

// method is what a path does for one HTTP method. The platform's lock is held
// while it acts.
type method struct {
	verb     string
	endpoint Endpoint
	act      func(*http.Request, []byte) reply
}

// serve adds a path to a host. It does what all methods have in common: count,
// check the HTTP method, and fail when told to.
func (p *Platform) serve(host *http.ServeMux, path string, c casing, methods ...method) {
	verbs := make([]string, len(methods))
	for i, m := range methods {
		verbs[i] = m.verb
	}
	allow := strings.Join(verbs, ", ")
	handler := func(w http.ResponseWriter, r *http.Request) {
		x := exchange{p, w, r, c}
		at := slices.Index(verbs, r.Method)
		m := methods[max(at, 0)]
		fault, latency := p.begin(m.endpoint)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		switch {
		case err != nil:
			x.send(refusal(http.StatusRequestEntityTooLarge, "Request too large", "", "The body is too large."))
		case at < 0:
			w.Header().Set("Allow", allow)
			x.send(refusal(http.StatusMethodNotAllowed, "Method not allowed", "", "Use "+allow+"."))
		case fault.instead != nil:
			fault.instead(x)
		default:
			p.mu.Lock()
			answer := m.act(r, body)
			p.mu.Unlock()
			x.wait(latency)
			if fault.spoil != nil {
				fault.spoil(x, answer)
				return
			}
			x.send(answer)
		}
	}
	host.HandleFunc(path, handler)
	p.all.HandleFunc(path, handler)
}

// begin counts a request and takes the next fault of its endpoint.
func (p *Platform) begin(e Endpoint) (fault Fault, latency time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.count(e)
	p.requests[e]++
	fault = p.standing[e]
	if waiting := p.faults[e]; len(waiting) > 0 {
		fault, p.faults[e] = waiting[0], waiting[1:]
	}
	return fault, p.options.Latency
}

// casing is how the keys of an envelope are written.
type casing bool

const (
	pascal casing = false // all hosts but the portal (PLATFORM-API.md §4)
	lower  casing = true  // the portal (PLATFORM-API.md §8.1)
)

// envelope is what every answer comes in (PLATFORM-API.md §4).
type envelope struct {
	Result any     `json:"Result"`
	Status int     `json:"Status"`
	Title  string  `json:"Title"`
	Errors []entry `json:"Errors"`

	omitResult bool // a success without Result (§4)
	bare       bool // the Result alone
}

type entry struct {
	Key     string `json:"Key"`
	Message string `json:"Message"`
	Code    int    `json:"Code,omitempty"`
}

// encode writes an envelope as JSON.
func (c casing) encode(e envelope) []byte {
	var document any = e
	switch {
	case e.bare:
		document = e.Result
	case e.omitResult:
		document = struct {
			Status int     `json:"Status"`
			Title  string  `json:"Title"`
			Errors []entry `json:"Errors"`
		}{e.Status, e.Title, e.Errors}
	case c == lower:
		type lowerEntry struct {
			Key     string `json:"key"`
			Message string `json:"message"`
			Code    int    `json:"code,omitempty"`
		}
		errors := make([]lowerEntry, len(e.Errors))
		for i, each := range e.Errors {
			errors[i] = lowerEntry(each)
		}
		document = struct {
			Result any          `json:"result"`
			Status int          `json:"status"`
			Title  string       `json:"title"`
			Errors []lowerEntry `json:"errors"`
		}{e.Result, e.Status, e.Title, errors}
	}
	body, err := json.Marshal(document)
	if err != nil {
		panic(err) // a Result of ours is always JSON
	}
	return body
}

// reply is an answer that is about to be sent.
type reply struct {
	httpStatus  int
	contentType string
	retryAfter  string
	body        envelope
}

// granted is the answer to a request that succeeded.
func granted(result any) reply {
	return reply{httpStatus: http.StatusOK, body: envelope{Result: result, Status: http.StatusOK, Errors: []entry{}}}
}

// refusal is the answer to a request that failed: a title, the field, and what is
// wrong with it.
func refusal(status int, title, key, message string) reply {
	return reply{httpStatus: status, body: envelope{Status: status, Title: title, Errors: []entry{{Key: key, Message: message}}}}
}

// statusExpired is a Status that comes inside HTTP 200 only
// (PLATFORM-API.md §3, IA).
const statusExpired = 419

// by gives a refusal another status; zero leaves it as it is.
func (r reply) by(status int) reply {
	if status == 0 {
		return r
	}
	r.httpStatus, r.body.Status = status, status
	if status == statusExpired {
		r.httpStatus = http.StatusOK
	}
	return r
}

// exchange is a request and the way to answer it.
type exchange struct {
	p      *Platform
	w      http.ResponseWriter
	r      *http.Request
	casing casing
}

// wait holds an answer back for d, or until the platform is closed.
func (x exchange) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-x.p.closed:
	}
}

// send answers with a reply as it is.
func (x exchange) send(r reply) { x.sendBody(r, x.casing.encode(r.body)) }

// sendBody answers with a reply that has another body.
func (x exchange) sendBody(r reply, body []byte) {
	x.sendHeader(r, len(body))
	_, _ = x.w.Write(body)
}

// sendHeader begins an answer. A negative length is not told.
func (x exchange) sendHeader(r reply, length int) {
	header := x.w.Header()
	header.Set("Date", x.p.Now().UTC().Format(http.TimeFormat))
	header.Set("Content-Type", "application/json; charset=utf-8")
	if r.contentType != "" {
		header.Set("Content-Type", r.contentType)
	}
	if r.retryAfter != "" {
		header.Set("Retry-After", r.retryAfter)
	}
	if length >= 0 {
		header.Set("Content-Length", strconv.Itoa(length))
	}
	x.w.WriteHeader(r.httpStatus)
}
