# Keeps a fresh access token in a Kubernetes secret, for pods that mount it.
# Apply it on a schedule: see ../../scheduled.
#
# The cluster comes from KUBE_CONFIG_PATH, or from within the cluster. The
# credentials of the platform come from TELEMATICS_EMAIL and TELEMATICS_PASSWORD.
#
# The pair of tokens cannot be resumed from here: the Kubernetes provider has no
# ephemeral resource that reads a secret, and its data source would write the pair into
# state. Runs that share no disk keep their sessions in a CI cache or in Vault.

terraform {
  # Write-only arguments. OpenTofu: 1.11 or later.
  required_version = ">= 1.11"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = ">= 3.2.1"
    }
  }
}

variable "namespace" {
  description = "The namespace of the secret."
  type        = string
  default     = "default"
}

variable "name" {
  description = "The name of the secret."
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

# A pod that mounts the secret sees the new token after a while. A pod that has
# the token in an environment variable keeps the old one.
resource "kubernetes_secret_v1" "token" {
  metadata {
    namespace = var.namespace
    name      = var.name
    annotations = {
      "telematics/expires-at" = data.telematics_session.admin.expires_at
    }
  }
  data_wo = {
    authorization = ephemeral.telematics_access_token.admin.authorization
    access_token  = ephemeral.telematics_access_token.admin.access_token
  }
  data_wo_revision = data.telematics_session.admin.version
}

output "expires_at" {
  description = "When the stored token expires. Watch it."
  value       = data.telematics_session.admin.expires_at
}
