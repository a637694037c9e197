# The second act of `make demo`: an environment is made in one apply, against an
# emulator of the platform, and the key goes into a secret store.

terraform {
  # OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "company_id" {
  description = "The id of the company; data \"telematics_permissions\" shows it."
  type        = string
}

variable "downstream_command" {
  description = "A command that calls the platform with the header in AUTHORIZATION and the InstanceID in INSTANCE_ID, and writes the answer to downstream.json."
  type        = string
  default     = <<-EOT
    printf 'header = "Authorization: %s"\nheader = "InstanceId: %s"\n' "$AUTHORIZATION" "$INSTANCE_ID" |
      curl --fail --silent --show-error --config - --output downstream.json https://user.telematicssdk.com/v1/Management/users
  EOT
}

resource "telematics_application" "fleet" {
  company_id = var.company_id
  name       = "Fleet EU"
}

resource "telematics_instance" "drivers" {
  application_id = telematics_application.fleet.id
  name           = "Drivers"
}

resource "telematics_user" "driver" {
  instance_id     = telematics_instance.drivers.id
  nickname        = "Driver of the demo"
  deletion_policy = "DELETE" # a real driver's trips would be deleted, too
}

# Read in the apply, when the id is known, and never written to state.
ephemeral "telematics_instance_credentials" "drivers" {
  instance_id = telematics_instance.drivers.id
}

# Stands for a secret store: it takes the key from its environment.
resource "terraform_data" "secret" {
  triggers_replace = telematics_instance.drivers.key_version

  provisioner "local-exec" {
    command = <<-EOT
      umask 077
      printf '{"InstanceId":"%s","InstanceKey":"%s"}' "$INSTANCE_ID" "$INSTANCE_KEY" >secret.json
    EOT
    environment = {
      INSTANCE_ID  = telematics_instance.drivers.id
      INSTANCE_KEY = ephemeral.telematics_instance_credentials.drivers.instance_key
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "rm -f secret.json"
  }
}

# The same key opens the session of a user.
ephemeral "telematics_access_token" "driver" {
  device_token = telematics_user.driver.device_token
  instance_id  = telematics_instance.drivers.id
  instance_key = ephemeral.telematics_instance_credentials.drivers.instance_key
}

resource "terraform_data" "downstream" {
  triggers_replace = telematics_user.driver.id

  provisioner "local-exec" {
    command = var.downstream_command
    environment = {
      AUTHORIZATION = ephemeral.telematics_access_token.driver.authorization
      INSTANCE_ID   = telematics_instance.drivers.id
    }
  }
}
