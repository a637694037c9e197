# What a run may do in Vault.

# Keep the session.
path "secret/data/telematics/sessions/*" {
  capabilities = ["create", "read", "update"]
}

path "secret/metadata/telematics/sessions/*" {
  capabilities = ["create", "update", "delete"]
}

# Read the API login, with the fields email and password.
path "secret/data/telematics/api" {
  capabilities = ["read"]
}
