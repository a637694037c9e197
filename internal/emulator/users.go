package emulator

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// User is an end user of an instance (PLATFORM-API.md §1, §8.4).
type User struct {
	DeviceToken string
	InstanceID  string
	FirstName   string
	LastName    string
	Nickname    string
	Phone       string
	Email       string
	// ClientID is the user's id in the company's own systems.
	ClientID string
	// Inactive is a user that was deactivated.
	Inactive               bool
	EnableTracking         bool
	EnableLogging          bool
	EnableRealTimeLocation bool
	// Created is the platform's time of [Platform.AddUser] where it is zero.
	Created time.Time
}

// AddUser adds a user of an instance, or replaces the one with this device token.
func (p *Platform) AddUser(u User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addUser(u)
}

func (p *Platform) addUser(u User) {
	if u.Created.IsZero() {
		u.Created = p.now()
	}
	p.putUser(u)
}

func (p *Platform) putUser(u User) {
	p.trim(&u.FirstName, &u.LastName, &u.Nickname, &u.Phone, &u.Email, &u.ClientID)
	p.users.put(foldID(u.DeviceToken), u)
}

// RegisteredUsers returns the users of all instances, oldest first.
func (p *Platform) RegisteredUsers() []User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users.all()
}

// ChangeUser changes a user behind the client's back. It reports whether there
// is one.
func (p *Platform) ChangeUser(deviceToken string, change func(*User)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.users.change(foldID(deviceToken), change)
}

// DeleteUser deletes a user behind the client's back. It reports whether there
// was one.
func (p *Platform) DeleteUser(deviceToken string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, known := p.users.get(foldID(deviceToken))
	if known {
		p.removeUser(u)
	}
	return known
}

// removeUser deletes a user and ends the tokens that it has.
func (p *Platform) removeUser(u User) {
	p.users.remove(foldID(u.DeviceToken))
	for _, g := range p.grants {
		if g.identity == userPrefix+foldID(u.DeviceToken) {
			g.accessRevoked, g.refreshRevoked = true, true
		}
	}
}

// usersOf returns the users of the instances that match.
func (p *Platform) usersOf(match func(Instance) bool, inactive bool) []User {
	return slices.DeleteFunc(p.users.all(), func(u User) bool {
		i, known := p.instances.get(foldID(u.InstanceID))
		return !known || !match(i) || u.Inactive && !inactive
	})
}

// userRequest is the body of a registration and of an update. A field that is
// null is taken as not sent.
type userRequest struct {
	FirstName  *string
	LastName   *string
	Nickname   *string
	Phone      *string
	Email      *string
	UserFields *struct {
		ClientID               *string `json:"ClientId"`
		Enabled                *bool
		EnableTracking         *bool
		EnableLogging          *bool
		EnableRealTimeLocation *bool
	}
}

func (q userRequest) apply(u *User) {
	set(&u.FirstName, q.FirstName)
	set(&u.LastName, q.LastName)
	set(&u.Nickname, q.Nickname)
	set(&u.Phone, q.Phone)
	set(&u.Email, q.Email)
	if f := q.UserFields; f != nil {
		set(&u.ClientID, f.ClientID)
		set(&u.EnableTracking, f.EnableTracking)
		set(&u.EnableLogging, f.EnableLogging)
		set(&u.EnableRealTimeLocation, f.EnableRealTimeLocation)
		if f.Enabled != nil {
			u.Inactive = !*f.Enabled
		}
	}
}

var isUUID = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// registerUser answers POST /v1/Registration/create: authorized by the headers
// InstanceId and InstanceKey. A Bearer token does not belong there, and is
// refused. Tokens are issued unless CreateAccessToken is false.
func (p *Platform) registerUser(r *http.Request, body []byte) reply {
	if r.Header.Get("Authorization") != "" {
		return refusal(http.StatusBadRequest, "Bad request", "Authorization", "A registration has no Bearer token.")
	}
	i, known := p.instances.get(foldID(r.Header.Get("InstanceId")))
	if !known || !strings.EqualFold(r.Header.Get("InstanceKey"), i.Key) {
		return refusal(http.StatusUnauthorized, "Unauthorized", "InstanceKey", "The instance or its key is wrong.")
	}
	var request struct {
		userRequest
		CustomToken       *string
		CreateAccessToken *bool
	}
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	made := User{DeviceToken: newID(), InstanceID: i.ID}
	if request.CustomToken != nil {
		made.DeviceToken = strings.ToLower(*request.CustomToken)
		if !isUUID.MatchString(made.DeviceToken) {
			return unprocessable("CustomToken", "CustomToken must be a UUID.")
		}
	}
	if _, exists := p.users.get(foldID(made.DeviceToken)); !exists {
		request.apply(&made)
		p.addUser(made)
	} else if status := p.options.CustomTokenExistsBy; status != http.StatusOK {
		return unprocessable("CustomToken", "A user with this CustomToken exists.").by(status)
	}
	result := struct {
		DeviceToken  string       `json:"DeviceToken"`
		AccessToken  *accessToken `json:"AccessToken"`
		RefreshToken *string      `json:"RefreshToken"`
	}{DeviceToken: made.DeviceToken}
	if request.CreateAccessToken == nil || *request.CreateAccessToken {
		issued := p.issue(userPrefix+foldID(made.DeviceToken), made.DeviceToken)
		result.AccessToken, result.RefreshToken = &issued.AccessToken, &issued.RefreshToken
	}
	return granted(result)
}

// foundUser is a user as find and page show it.
type foundUser struct {
	user
	DateCreated string       `json:"DateCreated"`
	AccountInfo *accountInfo `json:"AccountInfo"`
}

type accountInfo struct {
	CompanyID     string `json:"CompanyId"`
	ApplicationID string `json:"ApplicationId"`
	InstanceID    string `json:"InstanceId"`
}

// showUser is a user for an admin. Without the account's information the
// names are null, too.
func (p *Platform) showUser(u User, withAccount bool) foundUser {
	shown := foundUser{user: u.show(), DateCreated: u.Created.UTC().Format(time.RFC3339)}
	if !withAccount {
		shown.UserProfile.FirstName, shown.UserProfile.LastName, shown.UserProfile.Nickname = nil, nil, nil
		return shown
	}
	i, _ := p.instances.get(foldID(u.InstanceID))
	of := p.ofInstance(i)
	shown.AccountInfo = &accountInfo{of.company, of.application, of.instance}
	return shown
}

// search is a parameter by which a user is found.
type search struct {
	name  string
	match func(u User, value string) bool
}

var searches = []search{
	{"DeviceToken", func(u User, value string) bool { return foldID(u.DeviceToken) == foldID(value) }},
	{"Email", func(u User, value string) bool { return fold(u.Email) == fold(value) }},
	{"Phone", func(u User, value string) bool { return u.Phone == value }},
	{"ClientId", func(u User, value string) bool { return u.ClientID == value }},
}

// findUsers answers GET /v1/Management/users/find. All parameters must match. Only
// users of instances in which the admin has a role are found.
func (p *Platform) findUsers(r *http.Request, _ []byte) reply {
	g, refused := p.authorize(r, true)
	if refused != nil {
		return *refused
	}
	query := r.URL.Query()
	if !slices.ContainsFunc(searches, func(by search) bool { return query.Get(by.name) != "" }) {
		return unprocessable("", "One parameter to search by is required.")
	}
	list := []foundUser{}
	for _, u := range p.visible(g, query.Get("ShowInactiveUsers") == "true") {
		if matches(u, query) {
			list = append(list, p.showUser(u, query.Get("IncludeAccountInfo") == "true"))
		}
	}
	return p.listed(list)
}

func matches(u User, query url.Values) bool {
	for _, by := range searches {
		if value := query.Get(by.name); value != "" && !by.match(u, value) {
			return false
		}
	}
	return true
}

// visible returns the users of the instances in which an admin has a role.
func (p *Platform) visible(g *grant, inactive bool) []User {
	admin := p.admins[strings.TrimPrefix(g.identity, adminPrefix)]
	return p.usersOf(func(i Instance) bool { return admin.mayUse(p.ofInstance(i)) }, inactive)
}

// pageUsers answers POST /v1/Management/users/GetFilteredPage.
func (p *Platform) pageUsers(r *http.Request, body []byte) reply {
	g, refused := p.authorize(r, true)
	if refused != nil {
		return *refused
	}
	var request struct {
		InstanceIDs       []string `json:"InstanceIds"`
		ApplicationIDs    []string `json:"ApplicationIds"`
		CompanyIDs        []string `json:"CompanyIds"`
		PageNumber        int
		PageSize          int
		ShowInactiveUsers bool
	}
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	if len(request.InstanceIDs)+len(request.ApplicationIDs)+len(request.CompanyIDs) == 0 {
		return unprocessable("", "InstanceIds, ApplicationIds or CompanyIds are required.")
	}
	if request.PageNumber < 1 || request.PageSize < 1 {
		return unprocessable("PageNumber", "PageNumber and PageSize begin with 1.")
	}
	in := func(ids []string, id string) bool {
		return len(ids) == 0 || slices.ContainsFunc(ids, func(each string) bool { return foldID(each) == foldID(id) })
	}
	found := slices.DeleteFunc(p.visible(g, request.ShowInactiveUsers), func(u User) bool {
		i, _ := p.instances.get(foldID(u.InstanceID))
		of := p.ofInstance(i)
		return !in(request.InstanceIDs, of.instance) || !in(request.ApplicationIDs, of.application) || !in(request.CompanyIDs, of.company)
	})
	from := min((request.PageNumber-1)*request.PageSize, len(found))
	to := min(from+request.PageSize, len(found))
	users := []foundUser{}
	for _, u := range found[from:to] {
		users = append(users, p.showUser(u, true))
	}
	return granted(struct {
		Users       []foundUser `json:"Users"`
		HasNextPage bool        `json:"HasNextPage"`
		TotalUsers  int         `json:"TotalUsers"`
		CurrentPage int         `json:"CurrentPage"`
	}{users, to < len(found), len(found), request.PageNumber})
}

// updateUser answers PUT /v1/Management/users. The header UserDeviceToken names the
// user. UserFields is an object, not an array as in answers.
func (p *Platform) updateUser(r *http.Request, body []byte) reply {
	id := r.Header.Get("UserDeviceToken")
	if id == "" {
		if _, refused := p.authorize(r, true); refused != nil {
			return *refused
		}
		return unprocessable("UserDeviceToken", "The header UserDeviceToken is required.")
	}
	found, refused := p.knownUser(r, id)
	if refused != nil {
		return *refused
	}
	var request userRequest
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	request.apply(&found)
	p.putUser(found)
	return done()
}

// moveUser answers POST /v1/Management/users/instances/change.
func (p *Platform) moveUser(r *http.Request, body []byte) reply {
	var request struct{ DeviceToken, ToInstanceID, ToInstanceKey string }
	if _, refused := p.authorize(r, true); refused != nil {
		return *refused
	}
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	found, refused := p.knownUser(r, request.DeviceToken)
	if refused != nil {
		return *refused
	}
	to, known := p.instances.get(foldID(request.ToInstanceID))
	if !known || !strings.EqualFold(to.Key, request.ToInstanceKey) {
		return unprocessable("ToInstanceKey", "The instance or its key is wrong.")
	}
	if refused := p.authorizeScope(r, p.ofInstance(to)); refused != nil {
		return *refused
	}
	found.InstanceID = to.ID
	p.users.put(foldID(found.DeviceToken), found)
	return done()
}

// deleteUser answers DELETE /v1/Management/users/{DeviceToken}.
func (p *Platform) deleteUser(r *http.Request, _ []byte) reply {
	found, refused := p.knownUser(r, r.PathValue("user"))
	if refused != nil {
		return *refused
	}
	p.removeUser(found)
	return done()
}

// knownUser is the user that a request is about. If there is none, the options say
// what the answer is.
func (p *Platform) knownUser(r *http.Request, id string) (User, *reply) {
	found, known := p.users.get(foldID(id))
	of := scope{}
	if known {
		i, _ := p.instances.get(foldID(found.InstanceID))
		of = p.ofInstance(i)
	}
	if refused := p.authorizeScope(r, of); refused != nil {
		return User{}, refused
	}
	if !known {
		refused := p.gone()
		return User{}, &refused
	}
	return found, nil
}
