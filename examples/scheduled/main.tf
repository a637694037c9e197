# Keeps a fresh token in Vault when it is applied on a schedule: by the workflow for
# GitHub Actions (.github/workflows/fresh-token.yml) or the pipeline for GitLab
# (.gitlab-ci.yml) in this folder.
#
# If the token lives for at least min_lifetime, a run sends the platform one check
# at most and writes nothing. Otherwise it makes one refresh and one write.

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

  # State holds no secret, but it has to be kept: it records which version is
  # stored. Add the backend of your other stacks here.
}

# The credentials are in TELEMATICS_EMAIL and TELEMATICS_PASSWORD, and those of Vault
# in VAULT_ADDR and VAULT_TOKEN.
provider "telematics" {
  # Runners that share neither a disk nor a cache keep the session in Vault:
  # session = { vault = {} }
}

# Copy that folder, or use a module from your own registry.
module "token" {
  source = "../stores/vault"

  name         = "telematics/admin"
  min_lifetime = "75m" # for a run every 30 minutes
}

output "expires_at" {
  value = module.token.expires_at
}
