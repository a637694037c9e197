# "Keep a fresh token in the vault": what a schedule applies. Beside it are a
# workflow for GitHub Actions (.github/workflows/fresh-token.yml) and a pipeline for GitLab
# (.gitlab-ci.yml).
#
# A run that finds a token with min_lifetime or more to live asks nothing of the
# platform and writes nothing. One that does not makes one refresh and one write.

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

  # State holds no secret, and has to be kept all the same: it is how a run knows
  # which version is stored. Add the backend of your other stacks here.
}

# The login is in TELEMATICS_EMAIL and TELEMATICS_PASSWORD, and Vault in VAULT_ADDR and
# VAULT_TOKEN.
provider "telematics" {
  # Runners that share neither a disk nor a cache keep the session in Vault:
  # session = { vault = {} }
}

# Copy that folder, or name the module of your own registry.
module "token" {
  source = "../stores/vault"

  name         = "telematics/admin"
  min_lifetime = "75m" # for a run every 30 minutes
}

output "expires_at" {
  value = module.token.expires_at
}
