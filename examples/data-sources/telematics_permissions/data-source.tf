terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

data "telematics_permissions" "mine" {}

check "role" {
  assert {
    condition     = length(data.telematics_permissions.mine.companies) > 0
    error_message = "The API authorization credentials have no role in a company."
  }
}

output "instances" {
  value = data.telematics_permissions.mine.instances[*].id
}
