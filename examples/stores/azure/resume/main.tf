# Keeps the pair of tokens in Azure Key Vault and resumes it from there, for runs
# that share no session store. If they share a folder, a CI cache or a Vault,
# prefer the module in the folder above: it writes nothing while the token is
# good.
#
# This secret holds the whole session: let only Terraform read it. Consumers read
# another secret, written as in ../main.tf with the version that is used here.

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
  default     = "telematics-admin-pair"
}

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

# The plan fails if it reads a secret that does not exist, so look first. This
# needs the permission to list secrets.
data "azurerm_key_vault_secrets" "kept" {
  key_vault_id = var.key_vault_id
}

ephemeral "azurerm_key_vault_secret" "kept" {
  count        = contains(data.azurerm_key_vault_secrets.kept.names, var.name) ? 1 : 0
  key_vault_id = var.key_vault_id
  name         = var.name
}

locals {
  kept = try(jsondecode(ephemeral.azurerm_key_vault_secret.kept[0].value), null)
}

# Null means that nothing is kept: in the first run, and after the secret was
# deleted. Then the provider logs in.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(local.kept.access_token, null)
    refresh_token = try(local.kept.refresh_token, null)
  }

  # Less than the data source below asks for: an apply must not replace a pair
  # that its plan keeps, since the new pair would not be written.
  min_lifetime = "5m"
}

# Decides in the plan whether the pair is replaced. It takes no ephemeral values,
# since they would be in state. It knows the pair that the token above resumes,
# because it comes after it.
data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
  depends_on   = [ephemeral.telematics_access_token.admin]
}

# Written when the pair is a new one.
resource "azurerm_key_vault_secret" "pair" {
  key_vault_id = var.key_vault_id
  name         = var.name
  value_wo = jsonencode({
    access_token  = ephemeral.telematics_access_token.admin.access_token
    refresh_token = ephemeral.telematics_access_token.admin.refresh_token
  })
  value_wo_version = data.telematics_session.admin.version
}
