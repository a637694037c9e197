package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// Application is an application of a company (PLATFORM-API.md §8.2).
type Application struct {
	ID string
	// CompanyID is [CompanyID] where it is empty.
	CompanyID      string
	Name           string
	Description    string
	Deactivated    bool
	GooglePlayLink string
	AppleStoreLink string
	Environment    string
}

// AddApplication adds an application, or replaces the one with this id.
func (p *Platform) AddApplication(a Application) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addApplication(a)
}

func (p *Platform) addApplication(a Application) {
	p.trim(&a.Name, &a.Description, &a.GooglePlayLink, &a.AppleStoreLink, &a.Environment)
	if a.CompanyID == "" {
		a.CompanyID = CompanyID
	}
	p.applications.put(foldID(a.ID), a)
}

// trim does with texts what the options say.
func (p *Platform) trim(texts ...*string) {
	for _, text := range texts {
		if p.options.TrimsTexts {
			*text = strings.TrimSpace(strings.ReplaceAll(*text, "\r\n", "\n"))
		}
	}
}

// Applications returns the applications of all companies, oldest first.
func (p *Platform) Applications() []Application {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.applications.all()
}

// ChangeApplication changes an application behind the client's back. It
// reports whether there is one.
func (p *Platform) ChangeApplication(id string, change func(*Application)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.applications.change(foldID(id), change)
}

// DeleteApplication deletes an application behind the client's back, with its
// instances and their users. It reports whether there was one.
func (p *Platform) DeleteApplication(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.removeApplication(id)
}

// removeApplication deletes an application with all that is in it.
func (p *Platform) removeApplication(id string) bool {
	for _, i := range p.instances.all() {
		if foldID(i.ApplicationID) == foldID(id) {
			p.removeInstance(i.ID)
		}
	}
	return p.applications.remove(foldID(id))
}

// application is an application as answers show it. Only get shows Instances, and
// no answer shows the company.
type application struct {
	ID             string        `json:"Id"`
	Name           *string       `json:"Name"`
	Description    *string       `json:"Description"`
	Status         string        `json:"Status"`
	GooglePlayLink *string       `json:"GooglePlayLink"`
	AppleStoreLink *string       `json:"AppleStoreLink"`
	Environment    *string       `json:"Environment"`
	Instances      *[]inInstance `json:"Instances,omitempty"`
}

// inInstance is an instance as the answers about an application have it.
type inInstance struct {
	ID     string  `json:"Id"`
	Key    string  `json:"Key"`
	Name   *string `json:"Name,omitempty"`
	Status string  `json:"Status,omitempty"`
}

func (p *Platform) showApplication(a Application) application {
	return application{
		ID: a.ID, Name: p.text(a.Name), Description: p.text(a.Description), Status: statusText(a.Deactivated),
		GooglePlayLink: p.text(a.GooglePlayLink), AppleStoreLink: p.text(a.AppleStoreLink), Environment: p.text(a.Environment),
	}
}

// statusText is a Status in an answer.
func statusText(deactivated bool) string {
	if deactivated {
		return "Deactivated"
	}
	return "Active"
}

// The Status of a request is a number.
const (
	statusActive      = 1
	statusDeactivated = 2
)

// refuseEmpty refuses texts of a request that are empty, if the options say so.
func (p *Platform) refuseEmpty(texts ...*string) *reply {
	for _, text := range texts {
		if p.options.EmptyTextsRefused && text != nil && *text == "" {
			refused := unprocessable("", "A text must not be empty.")
			return &refused
		}
	}
	return nil
}

// text is an unset text in an answer: null, or as the options say.
func (p *Platform) text(s string) *string {
	if s == "" && p.options.EmptyTexts {
		return &s
	}
	return orNull(s)
}

// applicationRequest is the body of a create and of an update. A field that is
// null is taken as not sent.
type applicationRequest struct {
	Name               *string
	Description        *string
	Status             *int
	GooglePlayLink     *string
	AppleStoreLink     *string
	Environment        *string
	CreateDefaultGroup *bool
}

// apply writes what was sent into an application.
func (q applicationRequest) apply(p *Platform, a *Application) *reply {
	if refused := p.refuseEmpty(q.Description, q.GooglePlayLink, q.AppleStoreLink, q.Environment); refused != nil {
		return refused
	}
	if q.Status != nil {
		if refused := setStatus(&a.Deactivated, *q.Status); refused != nil {
			return refused
		}
	}
	set(&a.Name, q.Name)
	set(&a.Description, q.Description)
	set(&a.GooglePlayLink, q.GooglePlayLink)
	set(&a.AppleStoreLink, q.AppleStoreLink)
	set(&a.Environment, q.Environment)
	return nil
}

// set writes a value that was sent.
func set[T any](to *T, sent *T) {
	if sent != nil {
		*to = *sent
	}
}

func setStatus(deactivated *bool, status int) *reply {
	if status != statusActive && status != statusDeactivated {
		refused := unprocessable("Status", "Status must be 1 or 2.")
		return &refused
	}
	*deactivated = status == statusDeactivated
	return nil
}

func unprocessable(key, message string) reply {
	return refusal(http.StatusUnprocessableEntity, "Unprocessable entity", key, message)
}

// readJSON reads the body of a request of §8.
func readJSON(r *http.Request, body []byte, into any) *reply {
	if refused := wantJSON(r, "application/json", "application/json-patch+json"); refused != nil {
		return refused
	}
	if strict(body, into) != nil {
		refused := refusal(http.StatusBadRequest, "Bad request", "", "The body is not the JSON of this method.")
		return &refused
	}
	return nil
}

// createApplication answers POST /v1/companies/{CompanyId}/applications. It is
// not idempotent, and names need not be unique. A default group is made unless
// the request says false.
func (p *Platform) createApplication(r *http.Request, body []byte) reply {
	company := r.PathValue("company")
	if refused := p.authorizeScope(r, scope{company: company}); refused != nil {
		return *refused
	}
	var request applicationRequest
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	made := Application{ID: newID(), CompanyID: CompanyID} // no role is in another
	if refused := request.apply(p, &made); refused != nil {
		return *refused
	}
	if strings.TrimSpace(made.Name) == "" {
		return unprocessable("Name", "Name is required.")
	}
	p.addApplication(made)
	result := struct {
		AppID     string       `json:"AppId"`
		Instances []inInstance `json:"Instances"`
	}{made.ID, []inInstance{}}
	if request.CreateDefaultGroup == nil || *request.CreateDefaultGroup {
		common := p.makeInstance(Instance{ApplicationID: made.ID, Name: "Common"})
		result.Instances = append(result.Instances, inInstance{ID: common.ID, Key: common.Key})
	}
	return granted(result)
}

// listApplications answers GET /v1/companies/{CompanyId}/applications.
func (p *Platform) listApplications(r *http.Request, _ []byte) reply {
	company := r.PathValue("company")
	if refused := p.authorizeScope(r, scope{company: company}); refused != nil {
		return *refused
	}
	list := []application{}
	for _, a := range p.applications.all() {
		if foldID(a.CompanyID) == foldID(company) {
			list = append(list, p.showApplication(a))
		}
	}
	return p.listed(list)
}

// listed is the answer with a list: inside Result, or as the options say.
func (p *Platform) listed(list any) reply {
	answer := granted(list)
	answer.body.bare = p.options.BareLists
	return answer
}

// getApplication answers GET /v1/Applications/{AppId}. If there is none, the answer
// is HTTP 200 with a Result of null.
func (p *Platform) getApplication(r *http.Request, _ []byte) reply {
	found, known := p.applications.get(foldID(r.PathValue("application")))
	if !known {
		if refused := p.authorizeScope(r, scope{}); refused != nil {
			return *refused
		}
		return granted(nil)
	}
	if refused := p.authorizeScope(r, ofApplication(found)); refused != nil {
		return *refused
	}
	shown := p.showApplication(found)
	if r.URL.Query().Get("includeInstances") == "true" {
		inside := []inInstance{}
		for _, i := range p.instances.all() {
			if foldID(i.ApplicationID) == foldID(found.ID) {
				inside = append(inside, inInstance{i.ID, i.Key, p.text(i.Name), statusText(i.Deactivated)})
			}
		}
		shown.Instances = &inside
	}
	return granted(shown)
}

// updateApplication answers PATCH /v1/Applications/applications/{AppId}.
func (p *Platform) updateApplication(r *http.Request, body []byte) reply {
	found, refused := p.knownApplication(r)
	if refused != nil {
		return *refused
	}
	var request applicationRequest
	if refused := readJSON(r, body, &request); refused != nil {
		return *refused
	}
	if request.CreateDefaultGroup != nil {
		return unprocessable("createDefaultGroup", "createDefaultGroup is for a new application.")
	}
	if refused := request.apply(p, &found); refused != nil {
		return *refused
	}
	if strings.TrimSpace(found.Name) == "" {
		return unprocessable("Name", "Name is required.")
	}
	p.addApplication(found)
	return done()
}

// done is success without a Result (PLATFORM-API.md §4).
func done() reply {
	answer := granted(nil)
	answer.body.omitResult = true
	return answer
}

// deleteApplication answers DELETE of the same path. Empty instances are deleted
// with the application.
func (p *Platform) deleteApplication(r *http.Request, _ []byte) reply {
	found, refused := p.knownApplication(r)
	if refused != nil {
		return *refused
	}
	inside := func(i Instance) bool { return foldID(i.ApplicationID) == foldID(found.ID) }
	if len(p.usersOf(inside, !p.options.InactiveUsersDoNotBlock)) > 0 {
		return unprocessable("AppToken", "Users exist for this application.")
	}
	p.removeApplication(found.ID)
	return done()
}

// knownApplication is the application of an update or a delete. If there is none,
// the options say what the answer is.
func (p *Platform) knownApplication(r *http.Request) (Application, *reply) {
	found, known := p.applications.get(foldID(r.PathValue("application")))
	of := scope{}
	if known {
		of = ofApplication(found)
	}
	if refused := p.authorizeScope(r, of); refused != nil {
		return Application{}, refused
	}
	if !known {
		refused := p.gone()
		return Application{}, &refused
	}
	return found, nil
}

// gone is the answer about an object that does not exist any more.
func (p *Platform) gone() reply {
	switch status := p.options.GoneBy; status {
	case http.StatusOK:
		return granted(nil)
	case 0:
		return refusal(http.StatusForbidden, "Forbidden", "", "There is no access.")
	default:
		return refusal(status, "Gone", "", "There is no such object.")
	}
}

// scope is what a request is about, from the company down. An empty field is not
// part of it.
type scope struct{ company, application, instance string }

func ofApplication(a Application) scope { return scope{company: a.CompanyID, application: a.ID} }

func (p *Platform) ofInstance(i Instance) scope {
	a, _ := p.applications.get(foldID(i.ApplicationID))
	return scope{a.CompanyID, i.ApplicationID, i.ID}
}

// authorizeScope refuses a request unless its token is an admin's with a role in
// the scope: an admin has a role in the company, in one application or in one
// instance (PLATFORM-API.md §8.1). For an empty scope any role will do.
func (p *Platform) authorizeScope(r *http.Request, of scope) *reply {
	g, refused := p.authorize(r, true)
	if refused != nil {
		return refused
	}
	if !p.admins[strings.TrimPrefix(g.identity, adminPrefix)].mayUse(of) {
		refused := refusal(http.StatusForbidden, "Forbidden", "", "There is no access.")
		return &refused
	}
	return nil
}

// mayUse reports whether an admin has a role in a scope.
func (a Admin) mayUse(of scope) bool {
	switch {
	case a.NoRole:
		return false
	case of == scope{}:
		return true
	case a.OnlyInstanceID != "":
		return foldID(of.instance) == foldID(a.OnlyInstanceID)
	case a.OnlyApplicationID != "":
		return foldID(of.application) == foldID(a.OnlyApplicationID)
	default:
		return foldID(of.company) == foldID(CompanyID)
	}
}

// table keeps objects by folded id, oldest first.
type table[T any] struct {
	objects map[string]T
	order   []string
}

func (t *table[T]) put(id string, object T) {
	if t.objects == nil {
		t.objects = make(map[string]T)
	}
	if _, known := t.objects[id]; !known {
		t.order = append(t.order, id)
	}
	t.objects[id] = object
}

func (t *table[T]) get(id string) (object T, known bool) {
	object, known = t.objects[id]
	return object, known
}

func (t *table[T]) change(id string, change func(*T)) bool {
	object, known := t.objects[id]
	if known {
		change(&object)
		t.objects[id] = object
	}
	return known
}

func (t *table[T]) remove(id string) bool {
	_, known := t.objects[id]
	delete(t.objects, id)
	t.order = slices.DeleteFunc(t.order, func(each string) bool { return each == id })
	return known
}

func (t *table[T]) all() []T {
	all := make([]T, len(t.order))
	for i, id := range t.order {
		all[i] = t.objects[id]
	}
	return all
}
