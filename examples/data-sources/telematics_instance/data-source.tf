terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "instance_id" {
  type = string
}

data "telematics_instance" "drivers" {
  id = var.instance_id
}

# The key is not in the data source: an ephemeral resource reads it, and key_version
# tells when it has changed.
ephemeral "telematics_instance_credentials" "drivers" {
  instance_id = data.telematics_instance.drivers.id
}

resource "terraform_data" "consumer" {
  triggers_replace = [data.telematics_instance.drivers.key_version]

  provisioner "local-exec" {
    command     = "./hand-over"
    environment = { INSTANCE_KEY = ephemeral.telematics_instance_credentials.drivers.instance_key }
  }
}
