# Keeps a fresh access token in Azure Key Vault, for consumers that read it
# there. Apply it on a schedule: see ../../scheduled.
#
# Credentials and subscription of Azure come from the environment, those of the
# platform from TELEMATICS_EMAIL and TELEMATICS_PASSWORD.

terraform {
  # Write-only arguments. OpenTofu: 1.11 or later.
  required_version = ">= 1.11"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.23"
    }
  }
}

provider "azurerm" {
  features {}
}

variable "key_vault_id" {
  description = "The resource ID of the key vault."
  type        = string
}

variable "name" {
  description = "The name of the secret."
  type        = string
  default     = "telematics-admin"
}

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

# The session is in the provider's own session store, so the first run is like
# every other run.
ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

resource "azurerm_key_vault_secret" "token" {
  key_vault_id     = var.key_vault_id
  name             = var.name
  value_wo         = ephemeral.telematics_access_token.admin.authorization
  value_wo_version = data.telematics_session.admin.version

  # Key Vault shows it, and can notify you before a secret expires.
  expiration_date = data.telematics_session.admin.expires_at
}

output "expires_at" {
  description = "When the stored token expires. Watch it."
  value       = data.telematics_session.admin.expires_at
}
