# For Terraform 1.7 or OpenTofu 1.8, or later: no platform, the provider is mocked.
# What is not given is made up, and a list is empty: Terraform takes no elements for
# the lists of a mocked data source, such as those of telematics_instances.

mock_provider "telematics" {
  # What all runs find, unless they say otherwise.
  mock_data "telematics_instance" {
    defaults = {
      application_id = "a9a9a9a9-0000-4000-8000-0000000000a9"
      status         = "Active"
    }
  }
}

variables {
  instance_id = "0a1b2c3d-0000-4000-8000-00000000f1ee"
}

run "a_group_tells_its_application" {
  assert {
    condition     = output.application_id == "a9a9a9a9-0000-4000-8000-0000000000a9"
    error_message = "It is in another application."
  }
}

run "a_deactivated_group_is_an_error" {
  command = plan

  override_data {
    target = data.telematics_instance.group
    values = { status = "Deactivated" }
  }

  expect_failures = [output.application_id]
}
