# For Terraform 1.11 or OpenTofu 1.11, or later: the provider is not mocked, and the
# platform is one that may be changed. The emulator is one; it prints what to set:
#
#   go run github.com/telematics-tools/terraform-provider-telematics/internal/emulator/cmd/telematics-emulator@latest
#
# The last step of a test destroys what it has made.

variables {
  company_id = "c0c0c0c0-0000-4000-8000-0000000000c0" # the emulator's
  name       = "Made by a test"
}

run "each_key_is_in_the_store" {
  assert {
    condition     = jsondecode(file(output.instances["drivers"].secret)).InstanceId == output.instances["drivers"].id
    error_message = "The secret is that of another instance."
  }
}

run "a_group_that_goes_takes_its_secret_along" {
  variables {
    groups = { riders = "on two wheels" }
  }

  assert {
    condition     = fileexists(output.instances["riders"].secret) && !fileexists("secrets/drivers.json")
    error_message = "The store holds other secrets than those of the groups."
  }
}
