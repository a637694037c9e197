# An agent beside the run logs in to Vault, renews its token, and adds it to the
# requests of the run, which has none of its own: VAULT_ADDR=http://127.0.0.1:8100.
# It takes the address of Vault from VAULT_ADDR.

auto_auth {
  method "jwt" {
    mount_path = "auth/jwt"
    config = {
      role                     = "telematics"
      path                     = "/run/ci/id-token"
      remove_jwt_after_reading = false
    }
  }
}

api_proxy {
  use_auto_auth_token = "force"
}

listener "tcp" {
  address     = "127.0.0.1:8100"
  tls_disable = true
}
