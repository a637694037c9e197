package emulator

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// The accounts of [Platform.AddTestAccounts]. They are made up. All tests have the
// same ones, so that their configurations can be compared.
const (
	// AdminEmail and AdminPassword are API authorization credentials.
	AdminEmail    = "api-login@example.com"
	AdminPassword = "P@ssw0rd-of-the-api-login"
	// OtherAdminEmail and OtherAdminPassword are those of another admin of
	// the same company.
	OtherAdminEmail    = "other-login@example.com"
	OtherAdminPassword = "P@ssw0rd-of-the-other-login"

	// CompanyID and ApplicationID are what an [Instance] belongs to by default.
	CompanyID     = "c0c0c0c0-0000-4000-8000-0000000000c0"
	ApplicationID = "a9a9a9a9-0000-4000-8000-0000000000a9"
	// RoleID is the role that an admin has in the company.
	RoleID = "rol_0123456789abcdef"

	// InstanceID and InstanceKey are a user group, DeviceToken is a user in
	// it.
	InstanceID  = "0a1b2c3d-0000-4000-8000-00000000f1ee"
	InstanceKey = "5ec2e7ab-0000-4000-8000-00000000c0de"
	DeviceToken = "d0e1f2a3-0000-4000-8000-00000000cafe" //nolint:gosec // It opens nothing but an emulator.
	// OtherInstanceID, OtherInstanceKey and OtherDeviceToken are another
	// group and the user in it.
	OtherInstanceID  = "0a1b2c3d-1111-4000-8000-00000000f1ee"
	OtherInstanceKey = "5ec2e7ab-1111-4000-8000-00000000c0de"
	OtherDeviceToken = "d0e1f2a3-1111-4000-8000-00000000cafe" //nolint:gosec // It opens nothing but an emulator.
)

// AddTestAccounts adds the accounts whose credentials this package exports as
// constants: two admins, two instances, and a user in each.
func (p *Platform) AddTestAccounts() {
	p.AddAdmin(Admin{Email: AdminEmail, Password: AdminPassword})
	p.AddAdmin(Admin{Email: OtherAdminEmail, Password: OtherAdminPassword})
	p.AddInstance(Instance{ID: InstanceID, Key: InstanceKey})
	p.AddInstance(Instance{ID: OtherInstanceID, Key: OtherInstanceKey})
	p.AddUser(User{DeviceToken: DeviceToken, InstanceID: InstanceID})
	p.AddUser(User{DeviceToken: OtherDeviceToken, InstanceID: OtherInstanceID})
}

// Admin is an account with API authorization credentials (PLATFORM-API.md §1).
type Admin struct {
	Email    string
	Password string
	// InstanceID is the API InstanceID. If it is set, a login with another one
	// is refused. A login without one is accepted.
	InstanceID string
	// An admin has a role in the company [CompanyID], or only in an application
	// or in an instance, or nowhere: then all lists of GET /auth/permissions
	// are empty (PLATFORM-API.md §8.1).
	OnlyApplicationID string
	OnlyInstanceID    string
	NoRole            bool
}

// AddAdmin adds an admin, or replaces the one with this email.
func (p *Platform) AddAdmin(a Admin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.admins[fold(a.Email)] = a
	p.secrets = append(p.secrets, a.Password)
}

// deviceToken is the device token of an admin, which is the same for the same
// email: an admin's token has one, too (PLATFORM-API.md §5).
func (a Admin) deviceToken() string {
	sum := sha256.Sum256([]byte(fold(a.Email)))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// fold makes emails comparable.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// foldID makes ids comparable. A token's claims write them in this way, without
// dashes (PLATFORM-API.md §5, §8).
func foldID(id string) string { return strings.ReplaceAll(fold(id), "-", "") }
