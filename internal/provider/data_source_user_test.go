package provider_test

import (
	"testing"
	"time"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestUserDataSource(t *testing.T) {
	t.Parallel()
	const person = "d0e1f2a3-2222-4000-8000-00000000cafe"
	p := newPlatformWithObjects(t, emulator.Options{})
	p.AddUser(emulator.User{
		DeviceToken: person, InstanceID: instanceB, FirstName: "Ada", Email: "ada@example.com", ClientID: "A-1", Inactive: true, EnableTracking: true,
		Created: time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC),
	})
	got := configured(t, p, p.accountsEnvironment(t), nil).mustReadData("telematics_user", config{"device_token": person})
	wantSame(t, "user", got, map[string]any{
		"device_token": person, "instance_id": instanceB, "application_id": applicationB, "company_id": emulator.CompanyID,
		"first_name": "Ada", "last_name": nil, "nickname": nil, "phone": nil, "email": "ada@example.com", "client_id": "A-1",
		"enabled": false, "enable_tracking": true, "enable_logging": false, "enable_real_time_location": false,
		"created_at": "2026-01-02T03:04:05Z",
	})
}
