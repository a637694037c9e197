# The token as the ephemeral output of a module.

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

# A provider block or a write-only argument takes it in the same way.
resource "terraform_data" "consumer" {
  provisioner "local-exec" {
    command = "./consumer.sh"
    environment = {
      AUTHORIZATION = module.token.authorization
    }
  }
}
