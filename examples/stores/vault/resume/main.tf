# Keeps the pair of tokens in Vault itself and resumes it from there, for runs
# that share no session store. If the provider can keep its sessions in Vault
# (session = { vault = {} }), prefer that, with the module in the folder above:
# it locks, and writes nothing while the token is good.
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
  default     = "telematics/admin-pair"
}

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

# The plan fails if it reads a secret that does not exist. This first version says
# that nothing is kept; it holds no secret.
resource "vault_kv_secret_v2" "nothing" {
  mount                = var.mount
  name                 = var.name
  data_json_wo         = jsonencode({})
  data_json_wo_version = 1
}

# mount_id is known only when the first version exists, so the read waits for it
# in the first run, and after the secret was deleted.
ephemeral "vault_kv_secret_v2" "kept" {
  mount    = var.mount
  mount_id = vault_kv_secret_v2.nothing.id
  name     = var.name
}

# Null means that nothing is kept. Then the provider logs in.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(ephemeral.vault_kv_secret_v2.kept.data.access_token, null)
    refresh_token = try(ephemeral.vault_kv_secret_v2.kept.data.refresh_token, null)
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
resource "vault_kv_secret_v2" "pair" {
  mount = var.mount
  name  = var.name
  data_json_wo = jsonencode({
    access_token  = ephemeral.telematics_access_token.admin.access_token
    refresh_token = ephemeral.telematics_access_token.admin.refresh_token
  })
  data_json_wo_version = data.telematics_session.admin.version

  custom_metadata {
    max_versions = 1
  }
}
