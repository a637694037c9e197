# The token in the block of the provider magodo/restful, which calls the platform.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    restful = {
      source  = "magodo/restful"
      version = ">= 0.20"
    }
  }
}

ephemeral "telematics_access_token" "admin" {}

provider "restful" {
  base_url = "https://user.telematicssdk.com"
  header = {
    Authorization = ephemeral.telematics_access_token.admin.authorization
  }
}

# The result is written into state, as with every data source.
data "restful_resource" "profile" {
  id = "/v1/Management/users"
}

# The result of an ephemeral resource is in no state.
ephemeral "restful_resource" "profile" {
  path   = "/v1/Management/users"
  method = "GET"
}

output "profile" {
  value     = data.restful_resource.profile.output
  sensitive = true
}
