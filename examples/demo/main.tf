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

# Opened anew in each plan and apply, and written nowhere.
ephemeral "telematics_access_token" "admin" {}

variable "downstream_command" {
  description = "A command that finds a header's value, \"Bearer ...\", in the environment variable AUTHORIZATION, and writes what the platform answers to downstream.json."
  type        = string
  default     = "curl --fail --silent --show-error --output downstream.json --header \"Authorization: $AUTHORIZATION\" https://user.telematicssdk.com/v1/Management/users"
}

# Stands for anything that needs the token: it calls one of the platform's
# methods that ask for it.
resource "terraform_data" "downstream" {
  provisioner "local-exec" {
    command = var.downstream_command
    environment = {
      AUTHORIZATION = ephemeral.telematics_access_token.admin.authorization
    }
  }
}
