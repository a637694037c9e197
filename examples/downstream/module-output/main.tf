# The token by way of a module's ephemeral output.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

module "token" {
  source = "./token"
}

# In a provider block or a write-only argument it is used in the same way.
resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command = "./consumer.sh"
    environment = {
      AUTHORIZATION = module.token.authorization
    }
  }
}
