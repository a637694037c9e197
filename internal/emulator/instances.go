package emulator

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Instance is a user group (PLATFORM-API.md §1, §8.3).
type Instance struct {
	ID  string
	Key string
	// ApplicationID is [ApplicationID] where it is empty.
	ApplicationID string
	Name          string
	Description   string
	Deactivated   bool
	InviteCode    string
}

// AddInstance adds an instance, or replaces the one with this id. Its application
// is made if there is none.
func (p *Platform) AddInstance(i Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i.ApplicationID == "" {
		i.ApplicationID = ApplicationID
	}
	if _, known := p.applications.get(foldID(i.ApplicationID)); !known {
		p.addApplication(Application{ID: i.ApplicationID, Name: "Application of an instance"})
	}
	p.putInstance(i)
}

func (p *Platform) putInstance(i Instance) {
	p.trim(&i.Name, &i.Description)
	p.instances.put(foldID(i.ID), i)
	p.parents[foldID(i.ID)] = foldID(i.ApplicationID)
	p.secrets = append(p.secrets, i.Key)
}

// makeInstance makes an instance with a random id, key and invite code.
func (p *Platform) makeInstance(i Instance) Instance {
	i.ID, i.Key = newID(), newID()
	i.InviteCode = strings.ToUpper(foldID(newID())[:6])
	p.putInstance(i)
	return i
}

// Instances returns the instances of all applications, oldest first.
func (p *Platform) Instances() []Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.instances.all()
}

// ChangeInstance changes an instance behind the client's back; a new Key is
// among the secrets from then on. It reports whether there is one.
func (p *Platform) ChangeInstance(id string, change func(*Instance)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.instances.change(foldID(id), func(i *Instance) {
		change(i)
		p.secrets = append(p.secrets, i.Key)
	})
}

// DeleteInstance deletes an instance behind the client's back, with its users.
// It reports whether there was one.
func (p *Platform) DeleteInstance(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.removeInstance(id)
}

// removeInstance deletes an instance with its users, whose tokens end.
func (p *Platform) removeInstance(id string) bool {
	for _, u := range p.usersOf(func(i Instance) bool { return foldID(i.ID) == foldID(id) }, true) {
		p.removeUser(u)
	}
	return p.instances.remove(foldID(id))
}

// instance is an instance as an answer has it.
type instance struct {
	ID          string  `json:"Id"`
	Key         string  `json:"Key"`
	Name        *string `json:"Name"`
	Description *string `json:"Description"`
	Status      string  `json:"Status"`
	InviteCode  *string `json:"InviteCode"`
	AppID       string  `json:"AppId"`
	AppName     *string `json:"AppName"`
	CompanyID   string  `json:"CompanyId"`
}

func (p *Platform) showInstance(i Instance) instance {
	a, _ := p.applications.get(foldID(i.ApplicationID))
	return instance{
		ID: i.ID, Key: i.Key, Name: p.text(i.Name), Description: p.text(i.Description), Status: statusText(i.Deactivated),
		InviteCode: orNull(i.InviteCode), AppID: a.ID, AppName: orNull(a.Name), CompanyID: a.CompanyID,
	}
}

type instanceRequest struct {
	Name        *string
	Description *string
	Status      *int
}

// createInstance answers POST /v1/applications/{AppId}/instances. It is not
// idempotent, and names need not be unique.
func (p *Platform) createInstance(r *http.Request, body []byte) reply {
	parent, refused := p.knownApplication(r)
	if refused != nil {
		return *refused
	}
	var request instanceRequest
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	if refused := p.refuseEmpty(request.Description); refused != nil {
		return *refused
	}
	made := Instance{ApplicationID: parent.ID}
	set(&made.Name, request.Name)
	set(&made.Description, request.Description)
	if request.Status != nil {
		if refused := setStatus(&made.Deactivated, *request.Status); refused != nil {
			return *refused
		}
	}
	if strings.TrimSpace(made.Name) == "" {
		return unprocessable("Name", "Name is required.")
	}
	made = p.makeInstance(made)
	return granted(inInstance{ID: made.ID, Key: made.Key})
}

// listInstances answers GET of the same path. Deactivated instances are left out
// unless includeDeactivated is true.
func (p *Platform) listInstances(r *http.Request, _ []byte) reply {
	parent, refused := p.knownApplication(r)
	if refused != nil {
		return *refused
	}
	list := []instance{}
	for _, i := range p.instances.all() {
		isShown := !i.Deactivated || r.URL.Query().Get("includeDeactivated") == "true"
		if isShown && foldID(i.ApplicationID) == foldID(parent.ID) {
			list = append(list, p.showInstance(i))
		}
	}
	return p.listed(list)
}

// getInstance answers GET /v1/Instances/{Id}. If there is none, the answer is HTTP
// 200 with a Result of null. If its application was deleted, too, the options say
// what the answer is.
func (p *Platform) getInstance(r *http.Request, _ []byte) reply {
	id := foldID(r.PathValue("instance"))
	found, known := p.instances.get(id)
	if known {
		if refused := p.authorizeScope(r, p.ofInstance(found)); refused != nil {
			return *refused
		}
		return granted(p.showInstance(found))
	}
	if refused := p.authorizeScope(r, scope{}); refused != nil {
		return *refused
	}
	if parent, was := p.parents[id]; was {
		if _, known := p.applications.get(parent); !known {
			return p.gone()
		}
	}
	return granted(nil)
}

// updateInstance answers PATCH /v1/Instances/{Id}?Name=&Description=&Status=,
// which has no body. A parameter that is not sent leaves its field, or clears
// the description if the options say so.
func (p *Platform) updateInstance(r *http.Request, body []byte) reply {
	found, refused := p.knownInstance(r)
	if refused != nil {
		return *refused
	}
	if len(body) > 0 {
		return refusal(http.StatusBadRequest, "Bad request", "", "The fields belong into the query.")
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refusal(http.StatusBadRequest, "Bad request", "", "The query is not percent-encoded.")
	}
	for name, values := range query {
		if name != "Name" && name != "Description" && name != "Status" || len(values) > 1 {
			return refusal(http.StatusBadRequest, "Bad request", "", "There is an unknown or repeated parameter in the query.")
		}
	}
	if query.Has("Name") {
		found.Name = query.Get("Name")
	}
	if query.Has("Description") {
		description := query.Get("Description")
		if refused := p.refuseEmpty(&description); refused != nil {
			return *refused
		}
	}
	if query.Has("Description") || p.options.AbsentQueryClears {
		found.Description = query.Get("Description")
	}
	if query.Has("Status") {
		status, err := strconv.Atoi(query.Get("Status"))
		if err != nil {
			return refusal(http.StatusBadRequest, "Bad request", "Status", "Status must be a number.")
		}
		if refused := setStatus(&found.Deactivated, status); refused != nil {
			return *refused
		}
	}
	if strings.TrimSpace(found.Name) == "" {
		return unprocessable("Name", "Name is required.")
	}
	p.trim(&found.Name, &found.Description)
	p.instances.put(foldID(found.ID), found)
	return done()
}

// deleteInstance answers DELETE /v1/Instances/{Id}. The message about users is
// the platform's.
func (p *Platform) deleteInstance(r *http.Request, _ []byte) reply {
	found, refused := p.knownInstance(r)
	if refused != nil {
		return *refused
	}
	inside := func(i Instance) bool { return foldID(i.ID) == foldID(found.ID) }
	if len(p.usersOf(inside, !p.options.InactiveUsersDoNotBlock)) > 0 {
		return unprocessable("InstanceId", "Can't update instance, because users exists in instance.")
	}
	p.removeInstance(found.ID)
	return done()
}

// knownInstance is the instance of an update or a delete. If there is none, the
// options say what the answer is.
func (p *Platform) knownInstance(r *http.Request) (Instance, *reply) {
	found, known := p.instances.get(foldID(r.PathValue("instance")))
	of := scope{}
	if known {
		of = p.ofInstance(found)
	}
	if refused := p.authorizeScope(r, of); refused != nil {
		return Instance{}, refused
	}
	if !known {
		refused := p.gone()
		return Instance{}, &refused
	}
	return found, nil
}
