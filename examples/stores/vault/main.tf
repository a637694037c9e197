# Keeps a fresh access token in Vault or OpenBao, for consumers that read it
# there. Apply it on a schedule: see ../../scheduled.
#
# Vault is found by VAULT_ADDR and VAULT_TOKEN, the platform by
# TELEMATICS_EMAIL and TELEMATICS_PASSWORD.

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

variable "mount" {
  description = "The path of a KV v2 secrets engine."
  type        = string
  default     = "secret"
}

variable "name" {
  description = "The path of the secret below the mount."
  type        = string
  default     = "telematics/admin"
}

variable "min_lifetime" {
  description = "How long the stored token lives at the least when a run ends: twice the time between two runs or more, and less than the platform's tokens live."
  type        = string
  default     = "75m"
}

# The session is kept where the provider keeps it (the user's cache directory,
# or Vault with session = { vault = {} }), so the first run is like any other.
ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

# Leave it at these arguments. The Vault provider writes the secret anew when any
# of them changes, and fails to where the version stays as it is ('data_json ""
# syntax error'). How many versions Vault keeps is said once, beside Terraform:
#   vault kv metadata put -max-versions=1 secret/telematics/admin
resource "vault_kv_secret_v2" "token" {
  mount = var.mount
  name  = var.name
  data_json_wo = jsonencode({
    authorization = ephemeral.telematics_access_token.admin.authorization
    access_token  = ephemeral.telematics_access_token.admin.access_token
    expires_at    = ephemeral.telematics_access_token.admin.expires_at
  })
  data_json_wo_version = data.telematics_session.admin.version
}

output "expires_at" {
  description = "When the stored token ends: what to watch."
  value       = data.telematics_session.admin.expires_at
}
