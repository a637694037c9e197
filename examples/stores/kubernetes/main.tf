# Keeps a fresh access token in a Kubernetes secret, for pods that mount it.
# Apply it on a schedule: see ../../scheduled.
#
# The cluster comes from KUBE_CONFIG_PATH, or from within the cluster; the
# credentials of the platform from TELEMATICS_EMAIL and TELEMATICS_PASSWORD.
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

variable "min_lifetime" {
  description = "How long the stored token lives at the least when a run ends: twice the time between two runs or more, and less than the platform's tokens live."
  type        = string
  default     = "75m"
}

# The session is kept where the provider keeps it, so the first run is like any
# other.
ephemeral "telematics_access_token" "admin" {
  min_lifetime = var.min_lifetime
}

data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
}

# A pod that mounts the secret sees the new token after a while. One that has it
# in an environment variable keeps the old one.
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
  description = "When the stored token ends: what to watch."
  value       = data.telematics_session.admin.expires_at
}
