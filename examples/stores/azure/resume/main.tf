# Keeps the pair of tokens in Azure Key Vault and resumes it from there, for runs
# that share no session store. Where they share a folder, a CI cache or a Vault,
# prefer the module in the folder above: it writes nothing while the token is
# good.
#
# Whoever can read this secret has the session. Let consumers read another one,
# written as in ../main.tf with the version that is used here.

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

variable "min_lifetime" {
  description = "How long the stored token lives at the least when a run ends: twice the time between two runs or more, and less than the platform's tokens live."
  type        = string
  default     = "75m"
}

# To read a secret that is not there fails the plan, so look first. This takes
# the permission to list secrets.
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

# Null means that nothing is kept, in the first run and after somebody has
# deleted the secret: a login is made then.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(local.kept.access_token, null)
    refresh_token = try(local.kept.refresh_token, null)
  }

  # Less than the data source below asks for: an apply must not replace what its
  # plan has found good, as the new pair would not be written.
  min_lifetime = "5m"
}

# Decides in the plan whether the pair is to be replaced. It takes no ephemeral
# values, as it would keep them in state; what the token above resumes is known to it,
# since it comes after that.
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
