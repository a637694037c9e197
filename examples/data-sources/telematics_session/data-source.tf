terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# The token, and the number that changes exactly when the token does. Both
# objects are about the same session, so give both the same arguments.
ephemeral "telematics_access_token" "admin" {}

data "telematics_session" "admin" {}

# Run once for each new token, and not while the token is good. The argument
# that goes with a write-only one, such as data_json_wo_version, takes the
# version in the same way; the guide on secret stores has examples.
resource "terraform_data" "consumer" {
  triggers_replace = [data.telematics_session.admin.version]

  provisioner "local-exec" {
    command     = "./hand-over"
    environment = { AUTHORIZATION = ephemeral.telematics_access_token.admin.authorization }
  }
}

output "expires_at" {
  value = data.telematics_session.admin.expires_at
}
