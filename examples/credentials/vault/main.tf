# The API login lives in Vault, and goes into the provider block by an ephemeral
# resource: it is in no state, in no plan file and in no variable of the run. Sessions
# are kept in Vault, too.
#
# The provider of Vault finds the address and the token of Vault in VAULT_ADDR and
# VAULT_TOKEN, and so does this one.

terraform {
  required_version = ">= 1.10"

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

ephemeral "vault_kv_secret_v2" "api" {
  mount = "secret"
  name  = "telematics/api"
}

provider "telematics" {
  email    = ephemeral.vault_kv_secret_v2.api.data.email
  password = ephemeral.vault_kv_secret_v2.api.data.password

  session = {
    vault = {}
  }
}

ephemeral "telematics_access_token" "admin" {}
