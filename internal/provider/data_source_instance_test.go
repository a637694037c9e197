package provider_test

import (
	"testing"

	"github.com/telematics-tools/terraform-provider-telematics/internal/emulator"
)

func TestInstanceDataSource(t *testing.T) {
	t.Parallel()
	p := newPlatformWithObjects(t, emulator.Options{})
	c := configured(t, p, p.accountsEnvironment(t), nil)
	got := c.mustReadData("telematics_instance", config{"id": instanceB})
	version := got["key_version"]
	wantSame(t, "instance", got, map[string]any{
		"id": instanceB, "application_id": applicationB, "company_id": emulator.CompanyID, "name": "Drivers", "description": "", "status": "Active",
		"invite_code": "ABC123", "key_version": version,
	})
	if n, is := version.(number); !is || n == "0" {
		t.Errorf("key_version = %v, want a number", version)
	}

	// It changes with the key, and with nothing else.
	p.ChangeInstance(instanceB, func(i *emulator.Instance) { i.Name = "Other" })
	wantSame(t, "key_version of the same key", c.mustReadData("telematics_instance", config{"id": instanceB})["key_version"], version)
	p.ChangeInstance(instanceB, func(i *emulator.Instance) { i.Key = "5ec2e7ab-cccc-4000-8000-00000000c0de" })
	if again := c.mustReadData("telematics_instance", config{"id": instanceB})["key_version"]; again == version {
		t.Errorf("key_version %v of another key", again)
	}
}

func TestInstancesDataSource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		block config
		want  []string
	}{
		{"deactivated ones by default", config{"application_id": applicationB}, []string{instanceA, instanceB}},
		{"deactivated ones", config{"application_id": applicationB, "include_deactivated": true}, []string{instanceA, instanceB}},
		{"active ones", config{"application_id": applicationB, "include_deactivated": false}, []string{instanceB}},
		{"none", config{"application_id": applicationA}, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPlatformWithObjects(t, emulator.Options{})
			got := configured(t, p, p.accountsEnvironment(t), nil).mustReadData("telematics_instances", test.block)
			ids := []string{}
			list, _ := got["instances"].([]any)
			for _, each := range list {
				object, _ := each.(map[string]any)
				id, _ := object["id"].(string)
				ids = append(ids, id)
			}
			wantSame(t, "ids", ids, test.want)
		})
	}
}
