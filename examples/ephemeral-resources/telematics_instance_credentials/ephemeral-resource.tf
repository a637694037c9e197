terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "application_id" {
  description = "The id of the application."
  type        = string
}

resource "telematics_instance" "drivers" {
  application_id = var.application_id
  name           = "Drivers"
}

resource "telematics_user" "driver" {
  instance_id = telematics_instance.drivers.id
}

# The id is not known in the plan that makes the instance, so the key is read in
# the apply.
ephemeral "telematics_instance_credentials" "drivers" {
  instance_id = telematics_instance.drivers.id
}

# The key for a secret store: a write-only argument of any store's resource takes
# it, with key_version as its version. This program gets it when there is a new one.
resource "terraform_data" "secret" {
  triggers_replace = [telematics_instance.drivers.key_version]

  provisioner "local-exec" {
    command = "./store-secret"
    environment = {
      INSTANCE_ID  = telematics_instance.drivers.id
      INSTANCE_KEY = ephemeral.telematics_instance_credentials.drivers.instance_key
    }
  }
}

# The key as the password of a user.
ephemeral "telematics_access_token" "driver" {
  device_token = telematics_user.driver.device_token
  instance_id  = telematics_instance.drivers.id
  instance_key = ephemeral.telematics_instance_credentials.drivers.instance_key
}
