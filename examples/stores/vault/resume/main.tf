# Keeps the pair of tokens in Vault itself and resumes it from there, for runs
# that share no session store. Where the provider may keep its sessions in Vault
# (session = { vault = {} }), prefer that, with the module in the folder above:
# it locks, and writes nothing while the token is good.
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

variable "min_lifetime" {
  description = "How long the stored token lives at the least when a run ends: twice the time between two runs or more, and less than the platform's tokens live."
  type        = string
  default     = "75m"
}

# To read a secret that is not there fails the plan. This first version says
# that nothing is kept, and is no secret.
resource "vault_kv_secret_v2" "nothing" {
  mount                = var.mount
  name                 = var.name
  data_json_wo         = jsonencode({})
  data_json_wo_version = 1
}

# mount_id is known only when the first version is there, so the read waits for
# it in the first run, and after somebody has deleted the secret.
ephemeral "vault_kv_secret_v2" "kept" {
  mount    = var.mount
  mount_id = vault_kv_secret_v2.nothing.id
  name     = var.name
}

# Null means that nothing is kept: a login is made then.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(ephemeral.vault_kv_secret_v2.kept.data.access_token, null)
    refresh_token = try(ephemeral.vault_kv_secret_v2.kept.data.refresh_token, null)
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
