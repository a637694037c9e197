package provider_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

// The ids of the objects that the tests of data sources add. Their order is not
// that in which they are added.
const (
	applicationB = "b0b0b0b0-0000-4000-8000-0000000000b0"
	applicationA = "a0a0a0a0-0000-4000-8000-0000000000a0"
	instanceB    = "b1b1b1b1-0000-4000-8000-0000000000b1"
	instanceA    = "a1a1a1a1-0000-4000-8000-0000000000a1"
	missingID    = "ffffffff-0000-4000-8000-0000000000ff"
)

// accountsEnvironment is that of an admin who manages objects.
func (p *platform) accountsEnvironment(t testing.TB) environment {
	return p.environment(t).admin().with("TELEMATICS_ACCOUNTS_URL", p.url).with("TELEMATICS_PORTAL_URL", p.url)
}

// newPlatformWithObjects serves a platform with two applications more, and two
// instances in the first of them.
func newPlatformWithObjects(t testing.TB, options emulator.Options) *platform {
	t.Helper()
	p := newPlatformWith(t, options)
	p.AddApplication(emulator.Application{
		ID: applicationB, Name: "Fleet B", Description: "two\nlines", GooglePlayLink: "https://play.example/b", AppleStoreLink: "https://apps.example/b", Environment: "UAT",
	})
	p.AddApplication(emulator.Application{ID: applicationA, Name: "Fleet A", Deactivated: true})
	p.AddInstance(emulator.Instance{ID: instanceB, Key: "5ec2e7ab-bbbb-4000-8000-00000000c0de", ApplicationID: applicationB, Name: "Drivers", InviteCode: "ABC123"})
	p.AddInstance(emulator.Instance{ID: instanceA, Key: "5ec2e7ab-aaaa-4000-8000-00000000c0de", ApplicationID: applicationB, Name: "Pilots", Description: "ü & +", Deactivated: true})
	return p
}

var (
	dataOfB = map[string]any{
		"id": applicationB, "name": "Fleet B", "description": "two\nlines", "status": "Active", "google_play_link": "https://play.example/b",
		"apple_store_link": "https://apps.example/b", "environment": "UAT",
	}
	dataOfA = map[string]any{
		"id": applicationA, "name": "Fleet A", "description": "", "status": "Deactivated", "google_play_link": "", "apple_store_link": "", "environment": "",
	}
)

// wantSame compares results.
func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestApplicationDataSource(t *testing.T) {
	t.Parallel()
	p := newPlatformWithObjects(t, emulator.Options{})
	c := configured(t, p, p.accountsEnvironment(t), nil)
	wantSame(t, "application", c.mustReadData("telematics_application", config{"id": applicationB}), dataOfB)

	// The id stays as it is written.
	upper := strings.ToUpper(applicationB)
	wantSame(t, "id", c.mustReadData("telematics_application", config{"id": upper})["id"], upper)
}

func TestApplicationsDataSource_SortedById(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options emulator.Options
	}{
		{"a list in Result, unset texts null", emulator.Options{}},
		{"a list without an envelope, unset texts empty", emulator.Options{BareLists: true, EmptyTexts: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatformWithObjects(t, test.options)
			got := configured(t, p, p.accountsEnvironment(t), nil).mustReadData("telematics_applications", config{"company_id": emulator.CompanyID})
			list, _ := got["applications"].([]any)
			if len(list) != 3 {
				t.Fatalf("applications = %v, want three", list)
			}
			wantSame(t, "first", list[0], dataOfA)
			wantSame(t, "last", list[2], dataOfB)
		})
	}
}

// What is missing, and what belongs to somebody else, is an error that says where
// the credentials have a role.
func TestAccountsDataSources_MissingAndForeign(t *testing.T) {
	t.Parallel()
	const where = `data "telematics_permissions" shows where they have`
	missing := []struct {
		name      string
		options   emulator.Options
		object    string
		block     config
		attribute string
		summary   string
		words     []string
	}{
		{"application", emulator.Options{}, "telematics_application", config{"id": missingID}, "id", "Application not found", []string{"no application with this id", where}},
		{"instance", emulator.Options{}, "telematics_instance", config{"id": missingID}, "id", "Instance not found", []string{"no instance with this id", where}},
		{"user", emulator.Options{}, "telematics_user", config{"device_token": missingID}, "device_token", "User not found", []string{"no user with this device token", where}},
		{"company", emulator.Options{}, "telematics_applications", config{"company_id": missingID}, "", "Company not read", []string{"403", where}},
		{"application of instances, gone by 403", emulator.Options{}, "telematics_instances", config{"application_id": missingID}, "", "Application not read", []string{"403", where}},
		{"the same, gone by 404", emulator.Options{GoneBy: 404}, "telematics_instances", config{"application_id": missingID}, "application_id", "Application not found", []string{"no application with this id", where}},
		{"the same, gone by a null", emulator.Options{GoneBy: 200}, "telematics_instances", config{"application_id": missingID}, "application_id", "Application not found", []string{"no application with this id", where}},
	}
	for _, test := range missing {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatformWithObjects(t, test.options)
			c := configured(t, p, p.accountsEnvironment(t), nil)
			_, got := c.readData(test.object, test.block)
			wantSaid(t, got, failure(test.attribute, test.summary, test.words...))
			p.wantNoSecret(t, "error", got.String())
		})
	}
	foreign := []struct {
		object  string
		block   config
		summary string
	}{
		{"telematics_application", config{"id": applicationB}, "Application not read"},
		{"telematics_instance", config{"id": instanceB}, "Instance not read"},
		{"telematics_instances", config{"application_id": applicationB}, "Application not read"},
	}
	for _, test := range foreign {
		t.Run("no role in "+test.object, func(t *testing.T) {
			t.Parallel()
			p := newPlatformWithObjects(t, emulator.Options{})
			p.AddAdmin(emulator.Admin{Email: adminEmail, Password: adminPassword, OnlyInstanceID: instanceID})
			_, got := configured(t, p, p.accountsEnvironment(t), nil).readData(test.object, test.block)
			wantSaid(t, got, failure("", test.summary, "have no role there", where))
		})
	}
}

func TestPermissionsDataSource(t *testing.T) {
	t.Parallel()
	role := func(id string) []any { return []any{map[string]any{"id": id, "role_id": emulator.RoleID}} }
	tests := []struct {
		name  string
		admin emulator.Admin
		want  map[string]any
	}{
		{"company", emulator.Admin{}, map[string]any{"companies": role(emulator.CompanyID), "applications": []any{}, "instances": []any{}}},
		{"application", emulator.Admin{OnlyApplicationID: applicationB}, map[string]any{"companies": []any{}, "applications": role(applicationB), "instances": []any{}}},
		{"instance", emulator.Admin{OnlyInstanceID: instanceB}, map[string]any{"companies": []any{}, "applications": []any{}, "instances": role(instanceB)}},
		{"none", emulator.Admin{NoRole: true}, map[string]any{"companies": []any{}, "applications": []any{}, "instances": []any{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatformWithObjects(t, emulator.Options{})
			test.admin.Email, test.admin.Password = adminEmail, adminPassword
			p.AddAdmin(test.admin)
			wantSame(t, "permissions", configured(t, p, p.accountsEnvironment(t), nil).mustReadData("telematics_permissions", nil), test.want)
		})
	}
}

func TestPermissionsDataSource_RefusedSaysWhatHelps(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.Inject(emulator.Permissions, emulator.Status(403))
	_, got := configured(t, p, p.accountsEnvironment(t), nil).readData("telematics_permissions", nil)
	wantSaid(t, got, failure("", "Permissions not read", "403", "API authorization credentials"))
	wantNotSaid(t, got, "telematics_permissions")
}

// With a user-service of one's own the others have no default.
func TestAccountsDataSources_WithoutURL(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	c := configured(t, p, p.environment(t).admin(), nil)
	_, got := c.readData("telematics_application", config{"id": applicationB})
	wantSaid(t, got, failure("", "Application not read", "accounts_url", "TELEMATICS_ACCOUNTS_URL"))
	_, got = c.readData("telematics_permissions", nil)
	wantSaid(t, got, failure("", "Permissions not read", "portal_url", "TELEMATICS_PORTAL_URL"))
	p.wantIssued(t, 0, 0)
}
