terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# Admin: the credentials are in TELEMATICS_EMAIL and TELEMATICS_PASSWORD.
ephemeral "telematics_access_token" "admin" {}

# The token as a header, for a program that a run starts: here a method that tells
# what an admin may manage. A provider block takes the header in the same way.
resource "terraform_data" "sync" {
  provisioner "local-exec" {
    # curl reads the header from standard input, since other users of the machine
    # can see the arguments of a command.
    command = <<-EOT
      printf 'header = "Authorization: %s"\n' "$AUTHORIZATION" |
        curl --fail --silent --show-error --config - https://portal-apis.telematicssdk.com/auth/permissions
    EOT
    environment = {
      AUTHORIZATION = ephemeral.telematics_access_token.admin.authorization
    }
  }
}

variable "device_token" {
  description = "The user to authorize as."
  type        = string
  sensitive   = true
}

variable "instance_key" {
  description = "The key of the user's group."
  type        = string
  ephemeral   = true
}

# User: the login is the device token, the password the key of the user group.
ephemeral "telematics_access_token" "driver" {
  device_token = var.device_token
  instance_id  = "3f0c2d4e-5b6a-4c7d-8e9f-0a1b2c3d4e5f"
  instance_key = var.instance_key

  # For a run that takes up to 45 minutes.
  min_lifetime = "45m"
}
