# A module whose tests, in tests/, run with a token of the platform.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "min_lifetime" {
  description = "How long a nightly job needs its token."
  type        = string
  default     = "30m"
}

ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime

  lifecycle {
    postcondition {
      condition     = startswith(self.authorization, "Bearer ")
      error_message = "The token is not one for the header Authorization."
    }
  }
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

output "expires_at" {
  value = data.telematics_session.admin.expires_at
}
