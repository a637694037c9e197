package emulator

import (
	"net/http"
	"strings"
)

// user is a user as the User-service shows it (PLATFORM-API.md §7).
type user struct {
	DeviceToken string       `json:"DeviceToken"`
	Status      string       `json:"Status"`
	UserProfile userProfile  `json:"UserProfile"`
	UserFields  []userFields `json:"UserFields"`
}

type userProfile struct {
	FirstName *string `json:"FirstName"`
	LastName  *string `json:"LastName"`
	Nickname  *string `json:"Nickname"`
	Phone     *string `json:"Phone"`
	Email     *string `json:"Email"`
}

type userFields struct {
	ClientID               *string `json:"ClientId"`
	Enabled                bool    `json:"Enabled"`
	EnableTracking         bool    `json:"EnableTracking"`
	EnableLogging          bool    `json:"EnableLogging"`
	EnableRealTimeLocation bool    `json:"EnableRealTimeLocation"`
}

// show is the user as answers show it.
func (u User) show() user {
	status := "Active"
	if u.Inactive {
		status = "Inactive"
	}
	return user{
		DeviceToken: u.DeviceToken,
		Status:      status,
		UserProfile: userProfile{
			FirstName: orNull(u.FirstName), LastName: orNull(u.LastName), Nickname: orNull(u.Nickname), Phone: orNull(u.Phone), Email: orNull(u.Email),
		},
		UserFields: []userFields{{
			ClientID: orNull(u.ClientID), Enabled: !u.Inactive, EnableTracking: u.EnableTracking, EnableLogging: u.EnableLogging,
			EnableRealTimeLocation: u.EnableRealTimeLocation,
		}},
	}
}

// orNull returns nil for an empty text, which JSON writes as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// profile answers GET /v1/Management/users, the profile of the user that is
// authorized, which is the cheap check of a user's token (PLATFORM-API.md §7).
// The status for a missing or another InstanceId is not known; here it is one that
// tells nothing of the token. The platform's lock is held.
func (p *Platform) profile(r *http.Request, _ []byte) reply {
	g, refused := p.authorize(r, false)
	if refused != nil {
		return *refused
	}
	of, _ := p.users.get(foldID(g.deviceToken))
	switch id := r.Header.Get("InstanceId"); {
	case id == "":
		return refusal(http.StatusBadRequest, "Bad request", "InstanceId", "The header InstanceId is required.")
	case foldID(id) != foldID(of.InstanceID):
		return refusal(http.StatusForbidden, "Forbidden", "InstanceId", "The user is not in this instance.")
	}
	return granted(of.show())
}

// permissions is the Result of GET /auth/permissions (PLATFORM-API.md §8.1).
type permissions struct {
	UserID               string       `json:"userId"`
	IsGod                bool         `json:"isGod"`
	CompaniesPermissions []permission `json:"companiesPermissions"`
	AppsPermissions      []permission `json:"appsPermissions"`
	InstancesPermissions []permission `json:"instancesPermissions"`
}

type permission struct {
	CompanyID     string `json:"companyId"`
	CompanyIntID  int    `json:"companyIntId"`
	AppID         string `json:"appId,omitempty"`
	AppIntID      int    `json:"appIntId,omitempty"`
	InstanceID    string `json:"instanceId,omitempty"`
	InstanceIntID int    `json:"instanceIntId,omitempty"`
	RoleID        string `json:"roleId"`
}

// permissions answers GET /auth/permissions, the cheap check of an admin's
// token: a role in the company, in an application, in an instance, or none. The
// platform's lock is held.
func (p *Platform) permissions(r *http.Request, _ []byte) reply {
	g, refused := p.authorize(r, true)
	if refused != nil {
		return *refused
	}
	admin := p.admins[strings.TrimPrefix(g.identity, adminPrefix)]
	result := permissions{
		UserID: admin.deviceToken(), CompaniesPermissions: []permission{}, AppsPermissions: []permission{}, InstancesPermissions: []permission{},
	}
	switch role := (permission{CompanyID: CompanyID, CompanyIntID: 1, RoleID: RoleID}); {
	case admin.NoRole:
	case admin.OnlyInstanceID != "":
		in, _ := p.instances.get(foldID(admin.OnlyInstanceID))
		role.AppID, role.AppIntID, role.InstanceID, role.InstanceIntID = in.ApplicationID, 11, in.ID, 111
		result.InstancesPermissions = append(result.InstancesPermissions, role)
	case admin.OnlyApplicationID != "":
		role.AppID, role.AppIntID = admin.OnlyApplicationID, 11
		result.AppsPermissions = append(result.AppsPermissions, role)
	default:
		result.CompaniesPermissions = append(result.CompaniesPermissions, role)
	}
	return granted(result)
}
