# Runs a program once for each new token: the version of the session is the same as
# long as the token is.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

ephemeral "telematics_access_token" "admin" {}

data "telematics_session" "admin" {}

resource "terraform_data" "service" {
  triggers_replace = [data.telematics_session.admin.version]

  provisioner "local-exec" {
    command = "./restart.sh"
    environment = {
      AUTHORIZATION = ephemeral.telematics_access_token.admin.authorization
    }
  }
}
