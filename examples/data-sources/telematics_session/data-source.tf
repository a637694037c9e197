terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# The token, and a version that is the same as long as the token is. Both objects
# share a session, so give them the same arguments.
ephemeral "telematics_access_token" "admin" {}

data "telematics_session" "admin" {}

# Runs once for each new token, and not while the token is good. The version of a
# write-only argument, such as data_json_wo_version, takes the version in the same
# way; the guide on secret stores has examples.
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
