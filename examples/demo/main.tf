# What `make demo` applies, against an emulator of the platform. To apply it
# yourself, set TELEMATICS_EMAIL and TELEMATICS_PASSWORD to your API
# authorization credentials.

terraform {
  # OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# All settings come from the environment: TELEMATICS_EMAIL, TELEMATICS_PASSWORD,
# TELEMATICS_USER_SERVICE_URL.
provider "telematics" {}

# Opened in each plan and in each apply, and never written to state.
ephemeral "telematics_access_token" "admin" {}

variable "downstream_command" {
  description = "A command that calls the platform with the header in AUTHORIZATION, and writes the answer to downstream.json."
  type        = string
  default     = <<-EOT
    printf 'header = "Authorization: %s"\n' "$AUTHORIZATION" |
      curl --fail --silent --show-error --config - --output downstream.json https://portal-apis.telematicssdk.com/auth/permissions
  EOT
}

# Stands for anything that needs the token: it calls a method of the platform that
# needs one.
resource "terraform_data" "downstream" {
  provisioner "local-exec" {
    command = var.downstream_command
    environment = {
      AUTHORIZATION = ephemeral.telematics_access_token.admin.authorization
    }
  }
}
