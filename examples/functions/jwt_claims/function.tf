terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

ephemeral "telematics_access_token" "admin" {}

# Evaluated in each plan and apply. A missing claim is an error.
locals {
  claims = provider::telematics::jwt_claims(ephemeral.telematics_access_token.admin.access_token)
}

resource "terraform_data" "nightly" {
  lifecycle {
    precondition {
      condition     = local.claims.exp - local.claims.iat >= 3600
      error_message = "The platform issues tokens that live for less than an hour."
    }
  }
}
