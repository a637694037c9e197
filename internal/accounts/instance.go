package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// An Instance is a user group of an application, with the key that its apps and
// back ends use.
type Instance struct {
	ID            string
	Key           secret.String
	ApplicationID string
	CompanyID     string
	InviteCode    string
	InstanceTexts
}

// InstanceTexts are what can be changed of an instance.
type InstanceTexts struct {
	Name        string
	Description string
	Status      string // [Active], [Deactivated], or another word of the platform's
}

// KeyVersion is a number that changes when the key does, for arguments such as
// data_json_wo_version. It is 31 bits of a hash, which fits any number type and
// tells nothing of a key that is a random UUID. It is zero without a key.
func (i Instance) KeyVersion() int64 {
	if i.Key.IsEmpty() {
		return 0
	}
	sum := sha256.Sum256([]byte("telematics instance key version: " + foldID(i.Key.Reveal())))
	return int64(binary.BigEndian.Uint32(sum[:4])>>1 | 1)
}

// wireInstance is an instance in an answer (PLATFORM-API.md §8.3).
type wireInstance struct {
	ID          string `json:"Id"`
	Key         *string
	Name        *string
	Description *string
	Status      *string
	InviteCode  *string
	AppID       *string `json:"AppId"`
	CompanyID   *string `json:"CompanyId"`
}

func (w wireInstance) read() Instance {
	return Instance{
		ID: w.ID, Key: secret.New(text(w.Key)), ApplicationID: text(w.AppID), CompanyID: text(w.CompanyID), InviteCode: text(w.InviteCode),
		InstanceTexts: InstanceTexts{Name: text(w.Name), Description: text(w.Description), Status: text(w.Status)},
	}
}

// CreateInstance makes an instance in an application. See [Created] for what it
// makes sure of.
func (c *Client) CreateInstance(ctx context.Context, applicationID string, texts InstanceTexts, options CreateOptions) (Created, error) {
	return c.create(ctx, creation{
		kind: "instance", parent: applicationID, name: texts.Name, description: texts.Description, options: options,
		siblings: func(ctx context.Context) ([]sibling, error) {
			all, err := c.Instances(ctx, applicationID, true)
			siblings := make([]sibling, len(all))
			for i, in := range all {
				siblings[i] = sibling{in.ID, in.Name, in.Description}
			}
			return siblings, err
		},
		post: func(ctx context.Context) (string, error) {
			return c.post(ctx, accountsService, platform.Request{
				Operation: "creating the instance", Path: "/v1/applications/" + url.PathEscape(applicationID) + "/instances",
				Body: struct {
					Name        string  `json:"name"`
					Description *string `json:"description,omitempty"`
					Status      int     `json:"status,omitempty"`
				}{texts.Name, written(texts.Description, ""), statusNumber(texts.Status)},
			}, "Id")
		},
	})
}

// Instances returns the instances of an application, in the platform's order.
func (c *Client) Instances(ctx context.Context, applicationID string, includeDeactivated bool) ([]Instance, error) {
	var found []wireInstance
	err := c.list(ctx, accountsService, platform.Request{
		Operation: "listing the instances", Path: "/v1/applications/" + url.PathEscape(applicationID) + "/instances",
		Query: url.Values{"includeDeactivated": {strconv.FormatBool(includeDeactivated)}},
	}, &found)
	all := make([]Instance, len(found))
	for i, each := range found {
		all[i] = each.read()
	}
	return all, err
}

// KnownInstances is Instances for an application that may not exist, which is
// [ErrNotFound]: a list may be null for it as for one without instances.
func (c *Client) KnownInstances(ctx context.Context, applicationID string, includeDeactivated bool) ([]Instance, error) {
	all, err := c.Instances(ctx, applicationID, includeDeactivated)
	if err != nil || len(all) > 0 {
		return all, err
	}
	if _, err := c.Application(ctx, applicationID); isNotFound(err) {
		return nil, ErrNotFound
	}
	return all, nil
}

// Instance returns an instance, or [ErrNotFound]. A 403 is that only where the
// application of the instance has gone (PLATFORM-API.md §8.3, ruling); an empty
// applicationID leaves it an error.
func (c *Client) Instance(ctx context.Context, id, applicationID string) (Instance, error) {
	var found wireInstance
	err := c.get(ctx, accountsService, platform.Request{
		Operation: "reading the instance", Path: "/v1/Instances/" + url.PathEscape(id),
	}, &found)
	if hasCode(err, http.StatusForbidden) && applicationID != "" {
		if _, lookup := c.Application(ctx, applicationID); isNotFound(lookup) {
			err = ErrNotFound
		}
	}
	return found.read(), err
}

// UpdateInstance writes all texts of an instance over those that it has. They go
// into the query. See [written].
func (c *Client) UpdateInstance(ctx context.Context, id string, have, texts InstanceTexts) error {
	query := url.Values{"Name": {texts.Name}}
	if description := written(texts.Description, have.Description); description != nil {
		query.Set("Description", *description)
	}
	if status := statusNumber(texts.Status); status != 0 {
		query.Set("Status", strconv.Itoa(status))
	}
	_, err := c.call(ctx, accountsService, platform.Request{
		Operation: "updating the instance", Method: http.MethodPatch, Path: "/v1/Instances/" + url.PathEscape(id), Query: query,
	})
	return err
}

// DeleteInstance deletes an instance. One that is not there any more is no error;
// one with users inside is a [*UsersError].
func (c *Client) DeleteInstance(ctx context.Context, id, applicationID string) error {
	_, err := c.call(ctx, accountsService, platform.Request{
		Operation: "deleting the instance", Method: http.MethodDelete, Path: "/v1/Instances/" + url.PathEscape(id),
	})
	if hasCode(err, http.StatusForbidden, http.StatusNotFound) {
		if _, lookup := c.Instance(ctx, id, applicationID); isNotFound(lookup) {
			return nil
		}
	}
	return c.usersInside(ctx, err, UserScope{InstanceID: id})
}

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
