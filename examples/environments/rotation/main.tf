# Rotates the key of a user group. The platform has no method for that, so there is
# a new instance with a key of its own, the users move to it, and the old one is
# deleted. Each step is one apply:
#
#   1. Where it begins:
#      terraform apply -var 'generations=["a"]'
#   2. The new key is in the store, and the users move:
#      terraform apply -var 'generations=["a","b"]' -var current=b
#   3. Update the apps that have the old key.
#   4. The old key ends:
#      terraform apply -var 'generations=["b"]' -var current=b
#
# Step 4 fails while there are users left in the old instance: those that apps have
# registered with the old key. The error says how many there are, and nothing is lost.

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

variable "generations" {
  description = "The generations of the instance that there are."
  type        = set(string)
  default     = ["a"]
}

variable "current" {
  description = "The generation whose key is in the store, and whose users there are."
  type        = string
  default     = "a"

  validation {
    condition     = contains(var.generations, var.current)
    error_message = "The current generation must be one of the generations."
  }
}

resource "telematics_instance" "drivers" {
  for_each       = var.generations
  application_id = var.application_id
  name           = "Drivers (${each.key})"
}

# Moves in place: no trips are lost, and the DeviceToken stays the same.
resource "telematics_user" "driver" {
  for_each    = toset(["driver-1", "driver-2"])
  instance_id = telematics_instance.drivers[var.current].id
  client_id   = each.key
}

ephemeral "telematics_instance_credentials" "drivers" {
  instance_id = telematics_instance.drivers[var.current].id
}

# Stands for the secret store: see ../bootstrap and ../vault.
resource "terraform_data" "secret" {
  triggers_replace = [
    telematics_instance.drivers[var.current].id,
    telematics_instance.drivers[var.current].key_version,
  ]

  provisioner "local-exec" {
    command = <<-EOT
      umask 077
      printf '{"InstanceId":"%s","InstanceKey":"%s"}' "$INSTANCE_ID" "$INSTANCE_KEY" >secret.json
    EOT
    environment = {
      INSTANCE_ID  = telematics_instance.drivers[var.current].id
      INSTANCE_KEY = ephemeral.telematics_instance_credentials.drivers.instance_key
    }
  }
}
