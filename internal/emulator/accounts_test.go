package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestAddTestAccounts_EachLogsIn(t *testing.T) {
	admin := func(email, password string) string {
		return `{"LoginFields":{"Email":"` + email + `"},"Password":"` + password + `"}`
	}
	user := func(device, key string) string {
		return `{"LoginFields":{"deviceToken":"` + device + `"},"Password":"` + key + `"}`
	}
	for _, test := range []struct {
		name, body string
		headers    []string
	}{
		{"admin", admin(emulator.AdminEmail, emulator.AdminPassword), nil},
		{"other admin", admin(emulator.OtherAdminEmail, emulator.OtherAdminPassword), nil},
		{"user", user(emulator.DeviceToken, emulator.InstanceKey), []string{"InstanceId", emulator.InstanceID}},
		{"other user", user(emulator.OtherDeviceToken, emulator.OtherInstanceKey), []string{"InstanceId", emulator.OtherInstanceID}},
		{
			"user, ids without dashes", user(strings.ReplaceAll(emulator.DeviceToken, "-", ""), emulator.InstanceKey),
			[]string{"InstanceId", strings.ReplaceAll(emulator.InstanceID, "-", "")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, emulator.Options{})
			s.mustGrant(s.ask(http.MethodPost, loginPath, test.body, test.headers...))
		})
	}
}
