# Keeps a fresh access token in Google Secret Manager, for consumers that read it
# there. Apply it on a schedule: see ../../scheduled.
#
# Credentials and project of Google come from the environment, those of the
# platform from TELEMATICS_EMAIL and TELEMATICS_PASSWORD.

terraform {
  # Write-only arguments. OpenTofu: 1.11 or later.
  required_version = ">= 1.11"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    google = {
      source  = "hashicorp/google"
      version = ">= 7.11"
    }
  }
}

variable "secret_id" {
  description = "The ID of the secret in the project."
  type        = string
  default     = "telematics-admin"
}

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

# The session is in the provider's own session store, so the first run is like
# every other run.
ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

resource "google_secret_manager_secret" "token" {
  secret_id = var.secret_id
  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "token" {
  secret = google_secret_manager_secret.token.id
  secret_data_wo = jsonencode({
    authorization = ephemeral.telematics_access_token.admin.authorization
    access_token  = ephemeral.telematics_access_token.admin.access_token
    expires_at    = ephemeral.telematics_access_token.admin.expires_at
  })
  secret_data_wo_version = data.telematics_session.admin.version

  # The next version exists before this one is destroyed, so consumers of the
  # latest version see no gap.
  lifecycle {
    create_before_destroy = true
  }
}

output "expires_at" {
  description = "When the stored token expires. Watch it."
  value       = data.telematics_session.admin.expires_at
}
