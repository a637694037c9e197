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
  base_url = "https://portal-apis.telematicssdk.com"
  header = {
    Authorization = ephemeral.telematics_access_token.admin.authorization
  }
}

# What the credentials may manage. The result is written into state, as with every
# data source.
data "restful_resource" "permissions" {
  id = "/auth/permissions"
}

# The result of an ephemeral resource is in no state.
ephemeral "restful_resource" "permissions" {
  path   = "/auth/permissions"
  method = "GET"
}

output "roles" {
  value = data.restful_resource.permissions.output.result.companiesPermissions[*].roleId
}
