package accounts

import (
	"context"
	"crypto/rand"
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

// Changes returns those of the fields that are not nil, and other than in have. A
// text that is empty is the same as one that is nil there.
func (f UserFields) Changes(have UserFields) UserFields {
	text := func(want, have *string) *string {
		if want == nil || have == nil && *want == "" || have != nil && *have == *want {
			return nil
		}
		return want
	}
	flag := func(want, have *bool) *bool {
		if want == nil || have != nil && *have == *want {
			return nil
		}
		return want
	}
	return UserFields{
		FirstName: text(f.FirstName, have.FirstName), LastName: text(f.LastName, have.LastName), Nickname: text(f.Nickname, have.Nickname),
		Phone: text(f.Phone, have.Phone), Email: text(f.Email, have.Email), ClientID: text(f.ClientID, have.ClientID),
		Enabled: flag(f.Enabled, have.Enabled), EnableTracking: flag(f.EnableTracking, have.EnableTracking),
		EnableLogging: flag(f.EnableLogging, have.EnableLogging), EnableRealTimeLocation: flag(f.EnableRealTimeLocation, have.EnableRealTimeLocation),
	}
}

// NewDeviceToken makes a device token up: a random UUID (RFC 9562, version 4).
func NewDeviceToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
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

// secrets are those of the fields by which a person is found, which no error repeats.
func (f UserFields) secrets() []secret.String {
	var all []secret.String
	for _, field := range []*string{f.Email, f.Phone} {
		if field != nil {
			all = append(all, secret.New(*field))
		}
	}
	return all
}

// An ExistsError is a user that is not made, because there is one with the
// device token already.
type ExistsError struct {
	InstanceID string
	// Inactive means that it was deactivated.
	Inactive bool
}

// Error says where the user is. It does not tell the device token.
func (e *ExistsError) Error() string {
	kind := "user"
	if e.Inactive {
		kind = "deactivated user"
	}
	return "a " + kind + " with this device token exists already, in the instance " + e.InstanceID
}

// A KeyError is an InstanceKey that the platform does not take, though it has
// just told it.
type KeyError struct{ Err error }

// Error tells the platform's answer.
func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap returns the platform's answer.
func (e *KeyError) Unwrap() error { return e.Err }

// RegisterUser makes a user in an instance, without tokens. The device token is
// the caller's, so that a user whose answer was lost is found by it; one that
// exists before is an [*ExistsError]. A [*UserDoubtError] means that the user may
// have been made.
func (c *Client) RegisterUser(ctx context.Context, in Instance, deviceToken string, fields UserFields) error {
	// Two of the same device token in one process: the second is to find the first.
	unlock, err := c.creates.lock(ctx, "user\x00"+foldID(deviceToken))
	if err != nil {
		return err
	}
	defer unlock()
	// What a device token that exists does is not known: it may be answered as
	// if the user had just been made (PLATFORM-API.md §8.4).
	switch before, err := c.User(ctx, deviceToken); {
	case err == nil:
		return &ExistsError{InstanceID: before.InstanceID, Inactive: before.Enabled != nil && !*before.Enabled}
	case !isNotFound(err):
		return err
	}
	body := fields.body()
	// A new id is written as all of the platform's are.
	body.CustomToken, body.CreateAccessToken = CanonicalID(deviceToken), new(bool)
	r := platform.Request{
		Operation: "registering the user", Method: http.MethodPost, Path: "/v1/Registration/create", Body: body,
		Header:  http.Header{"InstanceId": {in.ID}, "InstanceKey": {in.Key.Reveal()}},
		Secrets: append(fields.secrets(), in.Key, secret.New(deviceToken), secret.New(body.CustomToken)),
	}
	return c.onceInDoubt(ctx, func() error {
		_, err := c.send(ctx, userService, r, false)
		if hasCode(err, http.StatusUnauthorized) {
			// A registration has no Bearer token: its 401 speaks of the key.
			return &KeyError{err}
		}
		return err
	}, func(ctx context.Context) (bool, error) {
		_, err := c.User(ctx, deviceToken)
		return err == nil, ignoreNotFound(err)
	})
}

// A UserDoubtError is a request of which it is not known whether it was acted on.
type UserDoubtError struct {
	// Err is the platform's answer, or the lack of one.
	Err error
}

// Error tells the answer.
func (e *UserDoubtError) Error() string {
	return e.Err.Error() + "; whether it was acted on is not known"
}

// Unwrap returns Err.
func (e *UserDoubtError) Unwrap() error { return e.Err }

// onceInDoubt sends a request that is not to be repeated blindly. After a failure
// that leaves open whether it was acted on, it is looked whether it was; if not,
// it is sent again, once. It is looked for even when the caller has gone: what was
// made must not be lost.
func (c *Client) onceInDoubt(ctx context.Context, send func() error, acted func(context.Context) (bool, error)) error {
	err := send()
	if !maybeActed(err) {
		return err
	}
	switch done, lookup := acted(context.WithoutCancel(ctx)); {
	case lookup != nil:
		return &UserDoubtError{err}
	case done:
		return nil
	case ctx.Err() != nil:
		return &UserDoubtError{err} // it may still be under way
	}
	if err = send(); err == nil {
		return nil
	}
	// Also after a refusal: the first request may have been carried out late, and
	// the second is refused for it.
	done, lookup := acted(context.WithoutCancel(ctx))
	switch {
	case lookup == nil && done:
		return nil
	case lookup != nil || maybeActed(err):
		return &UserDoubtError{err}
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
	found, err := c.find(ctx, "DeviceToken", deviceToken)
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

// UsersOfClient returns the active users of an instance with a client id, of which
// there may be several.
func (c *Client) UsersOfClient(ctx context.Context, clientID, instanceID string) ([]User, error) {
	found, err := c.find(ctx, "ClientId", clientID)
	if err != nil && !hasCode(err, http.StatusNotFound) {
		return nil, err
	}
	var users []User
	for _, each := range found {
		u := each.read()
		if SameID(u.InstanceID, instanceID) && text(u.ClientID) == clientID && (u.Enabled == nil || *u.Enabled) {
			users = append(users, u)
		}
	}
	return users, nil
}

// find returns the users, active or not, that have a value in a field.
func (c *Client) find(ctx context.Context, field, value string) (found []wireUser, err error) {
	err = c.list(ctx, userService, platform.Request{
		Operation: "finding the user", Path: "/v1/Management/users/find",
		// Without these the names are null, and a deactivated user looks
		// deleted.
		Query:   url.Values{field: {value}, "IncludeAccountInfo": {"true"}, "ShowInactiveUsers": {"true"}},
		Secrets: []secret.String{secret.New(value)},
	}, &found)
	return found, err
}

// UpdateUser writes those fields of a user that are not nil.
func (c *Client) UpdateUser(ctx context.Context, deviceToken string, fields UserFields) error {
	_, err := c.call(ctx, userService, platform.Request{
		Operation: "updating the user", Method: http.MethodPut, Path: "/v1/Management/users", Body: fields.body(),
		Header:  http.Header{"UserDeviceToken": {deviceToken}},
		Secrets: append(fields.secrets(), secret.New(deviceToken)),
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
	return c.onceInDoubt(ctx, func() error {
		_, err := c.call(ctx, userService, r)
		return err
	}, func(ctx context.Context) (bool, error) {
		now, err := c.User(ctx, deviceToken)
		return err == nil && SameID(now.InstanceID, to.ID), err
	})
}

// UserOf is [Client.User] for a user that was in an instance of an application.
// The platform finds users only where the admin has a role. So one that it does
// not find is [ErrNotFound] only if the instance can be read, or has gone.
func (c *Client) UserOf(ctx context.Context, deviceToken, instanceID, applicationID string) (User, error) {
	found, err := c.User(ctx, deviceToken)
	if !isNotFound(err) {
		return found, err
	}
	if _, lookup := c.Instance(ctx, instanceID, applicationID); lookup != nil && !isNotFound(lookup) {
		return User{}, fmt.Errorf("the user is not found, and its instance cannot be read, so it is not known whether the user exists: %w", lookup)
	}
	return User{}, ErrNotFound
}

// DeactivateUser deactivates a user, and keeps what the platform knows of it. One
// that is not there any more is no error; its instance and application are asked
// for as [Client.UserOf] does.
func (c *Client) DeactivateUser(ctx context.Context, deviceToken, instanceID, applicationID string) error {
	return c.unlessGone(ctx, c.UpdateUser(ctx, deviceToken, UserFields{Enabled: new(bool)}), deviceToken, instanceID, applicationID)
}

// DeleteUser deletes a user and all that the platform knows of it, which cannot be
// undone. One that is not there any more is no error; its instance and application
// are asked for as [Client.UserOf] does.
func (c *Client) DeleteUser(ctx context.Context, deviceToken, instanceID, applicationID string) error {
	_, err := c.call(ctx, userService, platform.Request{
		Operation: "deleting the user", Method: http.MethodDelete, Path: "/v1/Management/users/" + url.PathEscape(deviceToken),
		ShownPath: "/v1/Management/users/{DeviceToken}", Secrets: []secret.String{secret.New(deviceToken)},
	})
	return c.unlessGone(ctx, err, deviceToken, instanceID, applicationID)
}

// unlessGone is err, or nil where it is the answer to a request about a user that
// has gone.
func (c *Client) unlessGone(ctx context.Context, err error, deviceToken, instanceID, applicationID string) error {
	if hasCode(err, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity) {
		if _, lookup := c.UserOf(ctx, deviceToken, instanceID, applicationID); isNotFound(lookup) {
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
	if errors.Join(errAll, errActive) == nil && all.TotalUsers > 0 { // else the platform does not tell
		failed.Counted, failed.Active, failed.Inactive = true, active.TotalUsers, max(0, all.TotalUsers-active.TotalUsers)
	}
	return failed
}
