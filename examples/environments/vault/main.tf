# Makes an application with a user group, and puts the group's key into Vault or
# OpenBao: one apply, and no key in state or in a plan file.
#
# Vault is found by VAULT_ADDR and VAULT_TOKEN, the platform by TELEMATICS_EMAIL and
# TELEMATICS_PASSWORD.

terraform {
  # Write-only arguments. OpenTofu: 1.11 or later.
  required_version = ">= 1.11"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    vault = {
      source  = "hashicorp/vault"
      version = ">= 5.0"
    }
  }
}

variable "company_id" {
  description = "The id of the company; data \"telematics_permissions\" shows it."
  type        = string
}

resource "telematics_application" "fleet" {
  company_id = var.company_id
  name       = "Fleet EU"
}

resource "telematics_instance" "drivers" {
  application_id = telematics_application.fleet.id
  name           = "Drivers"
}

# The id is not known in the first plan, so the key is read in the apply.
ephemeral "telematics_instance_credentials" "drivers" {
  instance_id = telematics_instance.drivers.id
}

# Do not add or change arguments here. If one of them changes and the version does
# not, the Vault provider tries to write the secret and fails.
resource "vault_kv_secret_v2" "drivers" {
  mount = "secret"
  name  = "telematics/drivers"
  data_json_wo = jsonencode({
    id  = telematics_instance.drivers.id
    key = ephemeral.telematics_instance_credentials.drivers.instance_key
  })
  data_json_wo_version = telematics_instance.drivers.key_version
}
