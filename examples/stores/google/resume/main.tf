# Keeps the pair of tokens in Google Secret Manager and resumes it from there,
# for runs that share no session store. If they share a folder, a CI cache
# or a Vault, prefer the module in the folder above: it writes nothing while the
# token is good.
#
# This secret holds the whole session: let only Terraform read it. Consumers read
# another secret, written as in ../main.tf with the version that is used here.

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
  default     = "telematics-admin-pair"
}

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

resource "google_secret_manager_secret" "pair" {
  secret_id = var.secret_id
  replication {
    auto {}
  }
}

# The plan fails if it reads a secret without a version. This first version says
# that nothing is kept; it holds no secret.
resource "google_secret_manager_secret_version" "nothing" {
  secret      = google_secret_manager_secret.pair.id
  secret_data = jsonencode({})
}

# The name is known only when the first version exists, so the read waits for it
# in the first run. To start over, delete the whole secret: if only the latest
# version was destroyed, the read fails.
ephemeral "google_secret_manager_secret_version" "kept" {
  secret  = split("/versions/", google_secret_manager_secret_version.nothing.name)[0]
  version = "latest"
}

locals {
  kept = try(jsondecode(ephemeral.google_secret_manager_secret_version.kept.secret_data), null)
}

# Null means that nothing is kept. Then the provider logs in.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(local.kept.access_token, null)
    refresh_token = try(local.kept.refresh_token, null)
  }

  # Less than the data source below asks for: an apply must not replace a pair
  # that its plan keeps, since the new pair would not be written.
  min_lifetime = "5m"
}

# Decides in the plan whether the pair is replaced. It takes no ephemeral values,
# since they would be in state. It knows the pair that the token above resumes,
# because it comes after it.
data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
  depends_on   = [ephemeral.telematics_access_token.admin]
}

# Written when the pair is a new one.
resource "google_secret_manager_secret_version" "pair" {
  secret = google_secret_manager_secret.pair.id
  secret_data_wo = jsonencode({
    access_token  = ephemeral.telematics_access_token.admin.access_token
    refresh_token = ephemeral.telematics_access_token.admin.refresh_token
  })
  secret_data_wo_version = data.telematics_session.admin.version

  lifecycle {
    create_before_destroy = true
  }
}
