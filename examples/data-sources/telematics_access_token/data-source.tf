terraform {
  required_version = ">= 1.0"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# Writes the token into state. Use the ephemeral resource of the same name,
# unless your Terraform is older than 1.10 or your OpenTofu older than 1.11.
data "telematics_access_token" "admin" {}

output "authorization" {
  value     = data.telematics_access_token.admin.authorization
  sensitive = true
}
