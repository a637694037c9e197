package accounts

import (
	"context"
	"net/http"
	"net/url"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// An Application is an application of a company. A text that is not set is
// empty.
type Application struct {
	ID string
	ApplicationTexts
}

// ApplicationTexts are what can be changed of an application.
type ApplicationTexts struct {
	Name           string
	Description    string
	Status         string // [Active], [Deactivated], or another word of the platform's
	GooglePlayLink string
	AppleStoreLink string
	Environment    string
}

// wireApplication is an application in an answer (PLATFORM-API.md §8.2).
type wireApplication struct {
	ID             string `json:"Id"`
	Name           *string
	Description    *string
	Status         *string
	GooglePlayLink *string
	AppleStoreLink *string
	Environment    *string
}

func (w wireApplication) read() Application {
	return Application{ID: w.ID, ApplicationTexts: ApplicationTexts{
		Name: text(w.Name), Description: text(w.Description), Status: text(w.Status),
		GooglePlayLink: text(w.GooglePlayLink), AppleStoreLink: text(w.AppleStoreLink), Environment: text(w.Environment),
	}}
}

// applicationBody is the body of a create and of an update.
type applicationBody struct {
	Name               string  `json:"name"`
	Description        *string `json:"description,omitempty"`
	Status             int     `json:"status,omitempty"`
	GooglePlayLink     *string `json:"googlePlayLink,omitempty"`
	AppleStoreLink     *string `json:"appleStoreLink,omitempty"`
	Environment        *string `json:"environment,omitempty"`
	CreateDefaultGroup *bool   `json:"createDefaultGroup,omitempty"`
}

// body writes the texts over those that there are. See [written].
func (t ApplicationTexts) body(have ApplicationTexts) applicationBody {
	return applicationBody{
		Name: t.Name, Description: written(t.Description, have.Description), Status: statusNumber(t.Status),
		GooglePlayLink: written(t.GooglePlayLink, have.GooglePlayLink), AppleStoreLink: written(t.AppleStoreLink, have.AppleStoreLink),
		Environment: written(t.Environment, have.Environment),
	}
}

// CreateApplication makes an application in a company, without the default
// instance. See [Created] for what it makes sure of.
func (c *Client) CreateApplication(ctx context.Context, companyID string, texts ApplicationTexts, options CreateOptions) (Created, error) {
	body := texts.body(ApplicationTexts{})
	body.CreateDefaultGroup = new(bool)
	return c.create(ctx, creation{
		kind: "application", parent: companyID, name: texts.Name, description: texts.Description, options: options,
		siblings: func(ctx context.Context) ([]sibling, error) {
			all, err := c.Applications(ctx, companyID)
			siblings := make([]sibling, len(all))
			for i, a := range all {
				siblings[i] = sibling{a.ID, a.Name, a.Description}
			}
			return siblings, err
		},
		post: func(ctx context.Context) (string, error) {
			return c.post(ctx, accountsService, platform.Request{
				Operation: "creating the application", Path: "/v1/companies/" + url.PathEscape(companyID) + "/applications", Body: body,
			}, "AppId")
		},
	})
}

// Applications returns the applications of a company, in the platform's order.
func (c *Client) Applications(ctx context.Context, companyID string) ([]Application, error) {
	var found []wireApplication
	err := c.list(ctx, accountsService, platform.Request{
		Operation: "listing the applications", Path: "/v1/companies/" + url.PathEscape(companyID) + "/applications",
	}, &found)
	all := make([]Application, len(found))
	for i, each := range found {
		all[i] = each.read()
	}
	return all, err
}

// Application returns an application, or [ErrNotFound].
func (c *Client) Application(ctx context.Context, id string) (Application, error) {
	var found wireApplication
	err := c.get(ctx, accountsService, platform.Request{
		Operation: "reading the application", Path: "/v1/Applications/" + url.PathEscape(id),
	}, &found)
	return found.read(), err
}

// UpdateApplication writes all texts of an application over those that it has.
func (c *Client) UpdateApplication(ctx context.Context, id string, have, texts ApplicationTexts) error {
	_, err := c.call(ctx, accountsService, platform.Request{
		Operation: "updating the application", Method: http.MethodPatch, Path: "/v1/Applications/applications/" + url.PathEscape(id), Body: texts.body(have),
	})
	return err
}

// DeleteApplication deletes an application with the instances in it. One that is
// not there any more is no error; one with users inside is a [*UsersError].
func (c *Client) DeleteApplication(ctx context.Context, id string) error {
	_, err := c.call(ctx, accountsService, platform.Request{
		Operation: "deleting the application", Method: http.MethodDelete, Path: "/v1/Applications/applications/" + url.PathEscape(id),
	})
	if hasCode(err, http.StatusForbidden, http.StatusNotFound) {
		if _, lookup := c.Application(ctx, id); isNotFound(lookup) {
			return nil
		}
	}
	return c.usersInside(ctx, err, UserScope{ApplicationID: id})
}
