package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestUserList(t *testing.T) {
	t.Parallel()
	const ada, grace = "d0e1f2a3-2222-4000-8000-00000000cafe", "d0e1f2a3-3333-4000-8000-00000000cafe"
	p := newPlatformWithObjects(t, emulator.Options{})
	p.AddUser(emulator.User{DeviceToken: ada, InstanceID: instanceB, FirstName: "Ada", LastName: "L", Created: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)})
	p.AddUser(emulator.User{DeviceToken: grace, InstanceID: instanceA, Nickname: "G", Inactive: true})
	c := configured(t, p, p.accountsEnvironment(t), nil)
	tests := []struct {
		name  string
		block config
		want  []string
	}{
		{"of an instance", config{"instance_id": instanceB}, []string{ada}},
		{"of an application", config{"application_id": applicationB}, []string{ada, grace}},
		{"of a company", config{"company_id": emulator.CompanyID}, []string{deviceToken, otherDevice, ada, grace}},
		{"only active ones", config{"application_id": applicationB, "include_deactivated": false}, []string{ada}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, said := c.list("telematics_user", test.block, false, 100)
			wantSaid(t, said)
			wantSame(t, "users", ids(got, "device_token"), test.want)
		})
	}

	got, said := c.list("telematics_user", config{"application_id": applicationB}, true, 100)
	wantSaid(t, said)
	wantSame(t, "resource", got[0].resource, map[string]any{
		"id": ada, "device_token": ada, "instance_id": instanceB, "first_name": "Ada", "last_name": "L", "nickname": nil, "phone": nil, "email": nil, "client_id": nil,
		"enabled": true, "enable_tracking": false, "enable_logging": false, "enable_real_time_location": false, "deletion_policy": "DEACTIVATE",
		"created_at": "2026-01-02T03:04:05Z", "timeouts": nil,
	})
	wantSame(t, "names", []string{got[0].name, got[1].name}, []string{"Ada L", "G"})
}

// Pages are read until there are as many as are asked for.
func TestUserList_ReadsPagesAsNeeded(t *testing.T) {
	t.Parallel()
	p := newPlatformWithObjects(t, emulator.Options{})
	for i := range 250 {
		p.AddUser(emulator.User{DeviceToken: fmt.Sprintf("d0e1f2a3-0000-4000-8000-%012d", i), InstanceID: instanceB})
	}
	c := configured(t, p, p.accountsEnvironment(t), nil)
	tests := []struct {
		name         string
		limit        int64
		users, pages int
	}{
		{"all", 1000, 250, 3},
		{"the first page has enough", 50, 50, 1},
		{"a full page", 200, 200, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p.ResetCounts()
			got, said := c.list("telematics_user", config{"instance_id": instanceB}, false, test.limit)
			wantSaid(t, said)
			if pages := p.Requests(emulator.UserPage); len(got) != test.users || pages != test.pages {
				t.Errorf("%d users with %d requests, want %d with %d", len(got), pages, test.users, test.pages)
			}
		})
	}
}

func TestUserList_TakesOneScope(t *testing.T) {
	t.Parallel()
	c := start(t, environment{}, nil)
	for _, block := range []config{{}, {"instance_id": instanceB, "company_id": emulator.CompanyID}} {
		if got := c.validateList("telematics_user", block); len(got.errors()) != 1 {
			t.Errorf("%v: %v, want one error", block, got)
		}
	}
}
