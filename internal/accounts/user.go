package accounts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
	"github.com/telematics-tools/terraform-provider-telematics/internal/secret"
)

// A User is an end user, whose device token is its name. It is a person's data.
type User struct {
	DeviceToken   string
	InstanceID    string
	ApplicationID string
	CompanyID     string
	// CreatedAt is the platform's DateCreated: RFC 3339 in UTC where it can be
	// read, else as it came.
	CreatedAt string
	UserFields
}

// UserFields are what can be changed of a user. In a request, what is nil is left
// alone. In an answer, texts and switches that are null are nil.
type UserFields struct {
	FirstName, LastName, Nickname, Phone, Email, ClientID          *string
	Enabled, EnableTracking, EnableLogging, EnableRealTimeLocation *bool
}

// wireUser is a user in an answer (PLATFORM-API.md §8.4).
type wireUser struct {
	DeviceToken string
	DateCreated *string
	Status      *string
	UserProfile *struct {
		FirstName, LastName, Nickname, Phone, Email, ClientID *string
	}
	AccountInfo *struct {
		CompanyID     *string `json:"CompanyId"`
		ApplicationID *string `json:"ApplicationId"`
		InstanceID    *string `json:"InstanceId"`
	}
	UserFields []struct {
		ClientID                                                       *string `json:"ClientId"`
		Enabled, EnableTracking, EnableLogging, EnableRealTimeLocation *bool
	}
}

func (w wireUser) read() User {
	u := User{DeviceToken: w.DeviceToken, CreatedAt: readTime(text(w.DateCreated))}
	if p := w.UserProfile; p != nil {
		u.FirstName, u.LastName, u.Nickname, u.Phone, u.Email, u.ClientID = p.FirstName, p.LastName, p.Nickname, p.Phone, p.Email, p.ClientID
	}
	if a := w.AccountInfo; a != nil {
		u.CompanyID, u.ApplicationID, u.InstanceID = text(a.CompanyID), text(a.ApplicationID), text(a.InstanceID)
	}
	if len(w.UserFields) > 0 {
		f := w.UserFields[0]
		u.Enabled, u.EnableTracking, u.EnableLogging, u.EnableRealTimeLocation = f.Enabled, f.EnableTracking, f.EnableLogging, f.EnableRealTimeLocation
		if f.ClientID != nil {
			u.ClientID = f.ClientID
		}
	}
	if u.Enabled == nil && w.Status != nil {
		enabled := *w.Status != "Inactive"
		u.Enabled = &enabled
	}
	return u
}

// readTime writes a time of the platform's in one way. Without a zone it is UTC.
func readTime(value string) string {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return value
}

// userBody is the body of a registration and of an update. Its UserFields are an
// object, where those of an answer are an array.
type userBody struct {
	CustomToken       string `json:",omitempty"`
	CreateAccessToken *bool  `json:",omitempty"`

	FirstName  *string       `json:",omitempty"`
	LastName   *string       `json:",omitempty"`
	Nickname   *string       `json:",omitempty"`
	Phone      *string       `json:",omitempty"`
	Email      *string       `json:",omitempty"`
	UserFields *userSwitches `json:",omitempty"`
}

type userSwitches struct {
	ClientID               *string `json:"ClientId,omitempty"`
	Enabled                *bool   `json:",omitempty"`
	EnableTracking         *bool   `json:",omitempty"`
	EnableLogging          *bool   `json:",omitempty"`
	EnableRealTimeLocation *bool   `json:",omitempty"`
}

func (f UserFields) body() userBody {
	body := userBody{FirstName: f.FirstName, LastName: f.LastName, Nickname: f.Nickname, Phone: f.Phone, Email: f.Email}
	switches := userSwitches{f.ClientID, f.Enabled, f.EnableTracking, f.EnableLogging, f.EnableRealTimeLocation}
	if switches != (userSwitches{}) {
		body.UserFields = &switches
	}
	return body
}

// An ExistsError is a user that is not made, because there is one with the
// device token already.
type ExistsError struct{ InstanceID string }

// Error says where the user is. It does not tell the device token.
func (e *ExistsError) Error() string {
	return "a user with this device token exists already, in the instance " + e.InstanceID
}

// RegisterUser makes a user in an instance, without tokens. The device token is
// the caller's, so that a user whose answer was lost is found by it; one that
// exists before is an [*ExistsError].
func (c *Client) RegisterUser(ctx context.Context, in Instance, deviceToken string, fields UserFields) error {
	// What a device token that exists does is not known: it may be answered as
	// if the user had just been made (PLATFORM-API.md §8.4).
	switch before, err := c.User(ctx, deviceToken); {
	case err == nil:
		return &ExistsError{InstanceID: before.InstanceID}
	case !isNotFound(err):
		return err
	}
	body := fields.body()
	body.CustomToken, body.CreateAccessToken = deviceToken, new(bool)
	r := platform.Request{
		Operation: "registering the user", Method: http.MethodPost, Path: "/v1/Registration/create", Body: body,
		Header:  http.Header{"InstanceId": {in.ID}, "InstanceKey": {in.Key.Reveal()}},
		Secrets: []secret.String{in.Key, secret.New(deviceToken)},
	}
	// A registration has no Bearer token: its 401 speaks of the key.
	return c.onceInDoubt(func() error {
		_, err := c.send(ctx, userService, r, false)
		return err
	}, func() (bool, error) {
		_, err := c.User(ctx, deviceToken)
		return err == nil, ignoreNotFound(err)
	})
}

// onceInDoubt sends a request that is not to be repeated blindly. After a failure
// that leaves open whether it was acted on, it is looked whether it was; if not,
// it is sent again, once.
func (c *Client) onceInDoubt(send func() error, acted func() (bool, error)) error {
	err := send()
	if !maybeActed(err) {
		return err
	}
	switch done, lookup := acted(); {
	case lookup != nil:
		return fmt.Errorf("%w; whether it was acted on is not known: %w", err, lookup)
	case done:
		return nil
	}
	err = send()
	if !maybeActed(err) {
		return err
	}
	if done, lookup := acted(); lookup == nil && done {
		return nil
	}
	return err
}

func ignoreNotFound(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

// User returns the user with a device token, active or not, or [ErrNotFound].
func (c *Client) User(ctx context.Context, deviceToken string) (User, error) {
	var found []wireUser
	err := c.list(ctx, userService, platform.Request{
		Operation: "finding the user", Path: "/v1/Management/users/find",
		// Without these the names are null, and a deactivated user looks
		// deleted.
		Query:   url.Values{"DeviceToken": {deviceToken}, "IncludeAccountInfo": {"true"}, "ShowInactiveUsers": {"true"}},
		Secrets: []secret.String{secret.New(deviceToken)},
	}, &found)
	if hasCode(err, http.StatusNotFound) {
		return User{}, ErrNotFound
	}
	if err != nil {
		return User{}, err
	}
	for _, each := range found {
		if SameID(each.DeviceToken, deviceToken) {
			return each.read(), nil
		}
	}
	return User{}, ErrNotFound
}

// UpdateUser writes those fields of a user that are not nil.
func (c *Client) UpdateUser(ctx context.Context, deviceToken string, fields UserFields) error {
	_, err := c.call(ctx, userService, platform.Request{
		Operation: "updating the user", Method: http.MethodPut, Path: "/v1/Management/users", Body: fields.body(),
		Header:  http.Header{"UserDeviceToken": {deviceToken}},
		Secrets: []secret.String{secret.New(deviceToken)},
	})
	return err
}

// MoveUser moves a user to another instance. Whether a lost answer was acted on
// is looked up.
func (c *Client) MoveUser(ctx context.Context, deviceToken string, to Instance) error {
	r := platform.Request{
		Operation: "moving the user", Method: http.MethodPost, Path: "/v1/Management/users/instances/change",
		Body: struct {
			DeviceToken   string
			ToInstanceID  string `json:"ToInstanceId"`
			ToInstanceKey string
		}{deviceToken, to.ID, to.Key.Reveal()},
		Secrets: []secret.String{to.Key, secret.New(deviceToken)},
	}
	return c.onceInDoubt(func() error {
		_, err := c.call(ctx, userService, r)
		return err
	}, func() (bool, error) {
		now, err := c.User(ctx, deviceToken)
		return err == nil && SameID(now.InstanceID, to.ID), err
	})
}

// DeleteUser deletes a user and all that the platform knows of it, which cannot be
// undone. One that is not there any more is no error.
func (c *Client) DeleteUser(ctx context.Context, deviceToken string) error {
	_, err := c.call(ctx, userService, platform.Request{
		Operation: "deleting the user", Method: http.MethodDelete, Path: "/v1/Management/users/" + url.PathEscape(deviceToken),
		Secrets: []secret.String{secret.New(deviceToken)},
	})
	if hasCode(err, http.StatusForbidden, http.StatusNotFound) {
		if _, lookup := c.User(ctx, deviceToken); isNotFound(lookup) {
			return nil
		}
	}
	return err
}

// A UserScope says whose users: those of one instance, of one application, or of
// one company. One of its fields is set.
type UserScope struct{ CompanyID, ApplicationID, InstanceID string }

// userPage is the answer with a page of users.
type userPage struct {
	Users       []wireUser
	HasNextPage bool
	TotalUsers  int
}

const usersOnAPage = 100

// page reads a page of users. It is a POST that changes nothing, so that it may be
// repeated.
func (c *Client) page(ctx context.Context, scope UserScope, includeInactive bool, number, size int) (userPage, error) {
	ids := func(id string) []string {
		if id == "" {
			return nil
		}
		return []string{id}
	}
	var page userPage
	answer, err := c.callAs(ctx, userService, platform.Request{
		Operation: "listing the users", Method: http.MethodPost, Path: "/v1/Management/users/GetFilteredPage",
		Body: struct {
			InstanceIDs       []string `json:"InstanceIds,omitempty"`
			ApplicationIDs    []string `json:"ApplicationIds,omitempty"`
			CompanyIDs        []string `json:"CompanyIds,omitempty"`
			PageNumber        int
			PageSize          int
			ShowInactiveUsers bool
		}{ids(scope.InstanceID), ids(scope.ApplicationID), ids(scope.CompanyID), number, size, includeInactive},
	}, true)
	if err != nil {
		return userPage{}, err
	}
	return page, answer.Decode(&page)
}

// Users returns the users of a scope, page by page. The error, if there is one,
// comes last.
func (c *Client) Users(ctx context.Context, scope UserScope, includeInactive bool) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for number := 1; ; number++ {
			page, err := c.page(ctx, scope, includeInactive, number, usersOnAPage)
			if err != nil {
				yield(User{}, err)
				return
			}
			for _, each := range page.Users {
				if !yield(each.read(), nil) {
					return
				}
			}
			if !page.HasNextPage || len(page.Users) == 0 {
				return
			}
		}
	}
}

// A UsersError is an application or an instance that is not deleted, because there
// are users in it.
type UsersError struct {
	// Counted means that Active and Inactive are known.
	Counted          bool
	Active, Inactive int
	// Err is the platform's answer.
	Err error
}

// Error tells the platform's answer and how many users there are.
func (e *UsersError) Error() string {
	if !e.Counted {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v (users inside: %d active, %d deactivated)", e.Err, e.Active, e.Inactive)
}

// Unwrap returns the platform's answer.
func (e *UsersError) Unwrap() error { return e.Err }

// usersInside makes a [*UsersError] of the answer 422 to a delete.
func (c *Client) usersInside(ctx context.Context, err error, scope UserScope) error {
	if !hasCode(err, http.StatusUnprocessableEntity) {
		return err
	}
	failed := &UsersError{Err: err}
	all, errAll := c.page(ctx, scope, true, 1, 1)
	active, errActive := c.page(ctx, scope, false, 1, 1)
	if errors.Join(errAll, errActive) == nil {
		failed.Counted, failed.Active, failed.Inactive = true, active.TotalUsers, max(0, all.TotalUsers-active.TotalUsers)
	}
	return failed
}
