# For Terraform 1.7 or OpenTofu 1.8, or later: no platform, the provider is mocked.
# No CLI has a block mock_ephemeral, and Terraform (up to 1.16 at the least) refuses
# a configuration with an ephemeral resource of a mocked provider. So this tests the
# module that has none.

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
  name       = "Fleet"
  groups     = { drivers = "", riders = "on two wheels" }
}

run "each_group_is_an_instance_of_the_application" {
  module {
    source = "./groups"
  }

  assert {
    condition     = alltrue([for i in telematics_instance.group : i.application_id == telematics_application.fleet.id])
    error_message = "An instance is in another application."
  }

  assert {
    condition     = telematics_instance.group["riders"].description == "on two wheels"
    error_message = "The description is lost."
  }

  assert {
    condition     = output.instances["drivers"] == { id = "0a1b2c3d-0000-4000-8000-00000000f1ee", key_version = 7 }
    error_message = "The output is not what a consumer needs."
  }
}

# What a run makes can be another thing than the mocks say.
run "a_group_that_is_added_has_its_own_id" {
  module {
    source = "./groups"
  }

  variables {
    groups = { walkers = "" }
  }

  override_resource {
    target = telematics_instance.group
    values = { id = "1b2c3d4e-0000-4000-8000-00000000f1ee" }
  }

  assert {
    condition     = output.instances["walkers"].id == "1b2c3d4e-0000-4000-8000-00000000f1ee"
    error_message = "The walkers have the id of another group."
  }
}
