# Keeps the pair of tokens in AWS Secrets Manager and resumes it from there, for
# runs that share no session store. Where they share a folder, a CI cache or a
# Vault, prefer the module in the folder above: it writes nothing while the
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
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "name" {
  description = "The name of the secret."
  type        = string
  default     = "telematics/admin-pair"
}

variable "min_lifetime" {
  description = "How long the stored token lives at the least when a run ends: twice the time between two runs or more, and less than the platform's tokens live."
  type        = string
  default     = "75m"
}

# To read a secret that is not there, or has no version yet, fails the plan, so
# look first.
data "aws_secretsmanager_secrets" "kept" {
  filter {
    name   = "name"
    values = [var.name]
  }
}

data "aws_secretsmanager_secret_versions" "kept" {
  # The filter is for the start of a name.
  count     = contains(data.aws_secretsmanager_secrets.kept.names, var.name) ? 1 : 0
  secret_id = var.name
}

ephemeral "aws_secretsmanager_secret_version" "kept" {
  count     = try(length(data.aws_secretsmanager_secret_versions.kept[0].versions), 0) > 0 ? 1 : 0
  secret_id = var.name
}

locals {
  kept = try(jsondecode(ephemeral.aws_secretsmanager_secret_version.kept[0].secret_string), null)
}

# Null means that nothing is kept, in the first run and after somebody has
# deleted the secret: a login is made then.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(local.kept.access_token, null)
    refresh_token = try(local.kept.refresh_token, null)
  }

  # Less than the data source below asks for: an apply must not replace what its
  # plan has found good, as the new pair would not be written.
  min_lifetime = "5m"
}

resource "aws_secretsmanager_secret" "pair" {
  name        = var.name
  description = "Session of the telematics platform, for Terraform alone."
}

# Decides in the plan whether the pair is to be replaced. It takes no ephemeral
# values, as it would keep them in state; what the token above resumes is known to it,
# since it comes after that.
data "telematics_session" "admin" {
  min_lifetime = var.min_lifetime
  depends_on   = [ephemeral.telematics_access_token.admin]
}

# Written when the pair is a new one.
resource "aws_secretsmanager_secret_version" "pair" {
  secret_id = aws_secretsmanager_secret.pair.id
  secret_string_wo = jsonencode({
    access_token  = ephemeral.telematics_access_token.admin.access_token
    refresh_token = ephemeral.telematics_access_token.admin.refresh_token
  })
  secret_string_wo_version = data.telematics_session.admin.version
}
