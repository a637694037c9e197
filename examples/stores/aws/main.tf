# Keeps a fresh access token in AWS Secrets Manager, for consumers that read it
# there. Apply it on a schedule: see ../../scheduled.
#
# Credentials and region of AWS come from the environment, those of the platform
# from TELEMATICS_EMAIL and TELEMATICS_PASSWORD.

terraform {
  # Write-only arguments. OpenTofu: 1.11 or later.
  required_version = ">= 1.11"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "name" {
  description = "The name of the secret."
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

# The session is in the provider's own session store, so the first run is like
# every other run.
ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

resource "aws_secretsmanager_secret" "token" {
  name        = var.name
  description = "Access token of the telematics platform, kept fresh by Terraform."

  # By default a destroyed secret keeps its name for 30 days, in which no other
  # secret can have the name. A token is not worth it.
  recovery_window_in_days = 0
}

# A new version of the session is a new version of the secret. AWSCURRENT stays
# on the old version until the new one exists, so consumers see no gap.
resource "aws_secretsmanager_secret_version" "token" {
  secret_id = aws_secretsmanager_secret.token.id
  secret_string_wo = jsonencode({
    authorization = ephemeral.telematics_access_token.admin.authorization
    access_token  = ephemeral.telematics_access_token.admin.access_token
    expires_at    = ephemeral.telematics_access_token.admin.expires_at
  })
  secret_string_wo_version = data.telematics_session.admin.version
}

output "expires_at" {
  description = "When the stored token expires. Watch it."
  value       = data.telematics_session.admin.expires_at
}
