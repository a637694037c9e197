# A single HTTP request with the token. The data source of hashicorp/http cannot
# take the token: the headers of a data source are written into state, so Terraform
# refuses ephemeral values there. A provisioner takes them.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "url" {
  description = "The URL to request. The default tells what the credentials may manage."
  type        = string
  default     = "https://portal-apis.telematicssdk.com/auth/permissions"
}

ephemeral "telematics_access_token" "admin" {}

# curl reads the header from standard input, since other users of the machine can
# see the arguments of a command.
resource "terraform_data" "request" {
  triggers_replace = [var.url]

  provisioner "local-exec" {
    command = <<-EOT
      printf 'header = "Authorization: %s"\n' "$AUTHORIZATION" |
        curl --fail --silent --show-error --config - --output answer.json "$URL"
    EOT
    environment = {
      AUTHORIZATION = ephemeral.telematics_access_token.admin.authorization
      URL           = var.url
    }
  }
}
