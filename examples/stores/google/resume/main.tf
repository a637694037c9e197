# Keeps the pair of tokens in Google Secret Manager and resumes it from there,
# for runs that share no session store. Where they share a folder, a CI cache
# or a Vault, prefer the module in the folder above: it writes nothing while the
# token is good.
#
# Whoever can read this secret has the session. Let consumers read another one,
# written as in ../main.tf with the version that is used here.

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

variable "min_lifetime" {
  description = "How long the stored token lives at the least when a run ends: twice the time between two runs or more, and less than the platform's tokens live."
  type        = string
  default     = "75m"
}

resource "google_secret_manager_secret" "pair" {
  secret_id = var.secret_id
  replication {
    auto {}
  }
}

# To read a secret without a version fails the plan. This first one says that
# nothing is kept, and is no secret.
resource "google_secret_manager_secret_version" "nothing" {
  secret      = google_secret_manager_secret.pair.id
  secret_data = jsonencode({})
}

# The name is known only when the first version is there, so in the first run
# the read waits for it. To start anew, delete the whole secret: the read fails
# where the latest version alone was destroyed.
ephemeral "google_secret_manager_secret_version" "kept" {
  secret  = split("/versions/", google_secret_manager_secret_version.nothing.name)[0]
  version = "latest"
}

locals {
  kept = try(jsondecode(ephemeral.google_secret_manager_secret_version.kept.secret_data), null)
}

# Null means that nothing is kept: a login is made then.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(local.kept.access_token, null)
    refresh_token = try(local.kept.refresh_token, null)
  }

  # Less than the data source below asks for: an apply must not replace what its
  # plan has found good, as the new pair would not be written.
  min_lifetime = "5m"
}

# Decides in the plan whether the pair is to be replaced. It takes no ephemeral
# values, as it would keep them in state; what the token above resumes is known to it,
# since it comes after that.
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
