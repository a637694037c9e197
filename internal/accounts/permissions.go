package accounts

import (
	"context"
	"net/http"

	"github.com/telematics-tools/terraform-provider-telematics/internal/platform"
)

// Permissions are where an admin has a role (PLATFORM-API.md §8.1). When all
// lists are empty, it has none.
type Permissions struct {
	Companies, Applications, Instances []Permission
}

// A Permission is a role in a company, in an application, or in an instance.
type Permission struct{ ID, RoleID string }

// Permissions returns where the admin has a role.
func (c *Client) Permissions(ctx context.Context) (Permissions, error) {
	type entry struct {
		CompanyID  string `json:"companyId"`
		AppID      string `json:"appId"`
		InstanceID string `json:"instanceId"`
		RoleID     string `json:"roleId"`
	}
	var found struct {
		CompaniesPermissions, AppsPermissions, InstancesPermissions []entry
	}
	answer, err := c.call(ctx, portalService, platform.Request{
		Operation: "reading the permissions", Method: http.MethodGet, Path: "/auth/permissions",
	})
	if err != nil {
		return Permissions{}, err
	}
	if err := answer.Decode(&found); err != nil {
		return Permissions{}, err
	}
	var p Permissions
	for _, e := range found.CompaniesPermissions {
		p.Companies = append(p.Companies, Permission{e.CompanyID, e.RoleID})
	}
	for _, e := range found.AppsPermissions {
		p.Applications = append(p.Applications, Permission{e.AppID, e.RoleID})
	}
	for _, e := range found.InstancesPermissions {
		p.Instances = append(p.Instances, Permission{e.InstanceID, e.RoleID})
	}
	return p, nil
}
