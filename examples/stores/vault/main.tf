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

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

# The session is in the provider's own session store (the user's cache directory,
# or Vault with session = { vault = {} }), so the first run is like every other run.
ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

# Do not add or change arguments here. If one of them changes and the version does
# not, the Vault provider tries to write the secret and fails ('data_json ""
# syntax error'). Set how many versions Vault keeps once, outside of Terraform:
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
  description = "When the stored token expires. Watch it."
  value       = data.telematics_session.admin.expires_at
}
