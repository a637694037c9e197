# A module that outputs the token. An output of a child module can be ephemeral, an
# output of the root module cannot.

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
  description = "How long the token lives at least."
  type        = string
  default     = "30m"
}

ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

output "authorization" {
  description = "The value of the header Authorization."
  value       = ephemeral.telematics_access_token.admin.authorization
  ephemeral   = true
}
