# For OpenTofu 1.12 or later, which makes values up for the ephemeral resources of
# a mocked provider. Terraform does not read this file, because of its name.

mock_provider "telematics" {
  mock_resource "telematics_application" {
    defaults = {
      id = "a9a9a9a9-0000-4000-8000-0000000000a9"
    }
  }

  mock_resource "telematics_instance" {
    defaults = {
      id          = "0a1b2c3d-0000-4000-8000-00000000f1ee"
      key_version = 7
    }
  }
}

variables {
  company_id = "c0c0c0c0-0000-4000-8000-0000000000c0"
  groups     = { drivers = "", riders = "on two wheels" }
}

run "each_group_has_a_secret" {
  assert {
    condition     = output.instances["riders"].secret == "secrets/riders.json"
    error_message = "The secret is elsewhere."
  }

  assert {
    condition     = keys(jsondecode(file(output.instances["riders"].secret))) == ["InstanceId", "InstanceKey"]
    error_message = "The secret does not hold what apps need."
  }
}

# A module can be left out: what it outputs is said here.
run "a_secret_names_the_group_of_the_module" {
  override_module {
    target = module.environment
    outputs = {
      instances = {
        drivers = { id = "1b2c3d4e-0000-4000-8000-00000000f1ee", key_version = 1 }
        riders  = { id = "2c3d4e5f-0000-4000-8000-00000000f1ee", key_version = 1 }
      }
    }
  }

  assert {
    condition     = jsondecode(file(output.instances["riders"].secret)).InstanceId == "2c3d4e5f-0000-4000-8000-00000000f1ee"
    error_message = "The secret is that of another group."
  }
}
