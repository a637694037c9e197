# Keeps the pair of tokens in AWS Secrets Manager and resumes it from there, for
# runs that share no session store. If they share a folder, a CI cache or a
# Vault, prefer the module in the folder above: it writes nothing while the
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

# At least twice the time between two runs, and less than the lifetime of the
# platform's tokens.
variable "min_lifetime" {
  description = "The minimum lifetime of the stored token at the end of a run."
  type        = string
  default     = "75m"
}

# The plan fails if it reads a secret that does not exist or has no version yet,
# so look first.
data "aws_secretsmanager_secrets" "kept" {
  filter {
    name   = "name"
    values = [var.name]
  }
}

data "aws_secretsmanager_secret_versions" "kept" {
  # The filter matches the start of a name.
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

# Null means that nothing is kept: in the first run, and after the secret was
# deleted. Then the provider logs in.
ephemeral "telematics_access_token" "admin" {
  resume = {
    access_token  = try(local.kept.access_token, null)
    refresh_token = try(local.kept.refresh_token, null)
  }

  # Less than the data source below asks for: an apply must not replace a pair
  # that its plan keeps, since the new pair would not be written.
  min_lifetime = "5m"
}

resource "aws_secretsmanager_secret" "pair" {
  name        = var.name
  description = "Session of the telematics platform, for Terraform alone."

  # By default a destroyed secret keeps its name for 30 days, in which no other
  # secret can have the name. A token is not worth it.
  recovery_window_in_days = 0
}

# Decides in the plan whether the pair is replaced. It takes no ephemeral values,
# since they would be in state. It knows the pair that the token above resumes,
# because it comes after it.
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
