# Makes an environment in one apply: an application, its instances (user groups),
# and the key of each in a secret store. No key is in state or in a plan file.
#
# The platform is found by TELEMATICS_EMAIL and TELEMATICS_PASSWORD: API
# authorization credentials with a role in the company.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "company_id" {
  description = "The id of the company; data \"telematics_permissions\" shows it."
  type        = string
}

variable "name" {
  description = "The name of the application."
  type        = string
  default     = "Fleet EU"
}

variable "groups" {
  description = "The user groups, with what each is for."
  type        = map(string)
  default = {
    drivers = "Drivers of the company's cars"
    testers = "Phones of the test team"
  }
}

module "environment" {
  source     = "./groups"
  company_id = var.company_id
  name       = var.name
  groups     = var.groups
}

# The ids are not known in the first plan, so the keys are read in the apply.
ephemeral "telematics_instance_credentials" "group" {
  for_each    = var.groups
  instance_id = module.environment.instances[each.key].id
}

# The secret store. This one is a folder with files of mode 0600, which any
# program can take the place of: it gets the key in its environment, and again
# when there is a new instance or a new key. For a store whose provider has
# write-only arguments, see ../vault.
resource "terraform_data" "secret" {
  for_each = var.groups
  input    = "secrets/${each.key}.json"

  triggers_replace = module.environment.instances[each.key]

  provisioner "local-exec" {
    command = <<-EOT
      umask 077
      mkdir -p secrets
      printf '{"InstanceId":"%s","InstanceKey":"%s"}' "$INSTANCE_ID" "$INSTANCE_KEY" >"$SECRET"
    EOT
    environment = {
      SECRET       = self.input
      INSTANCE_ID  = module.environment.instances[each.key].id
      INSTANCE_KEY = ephemeral.telematics_instance_credentials.group[each.key].instance_key
    }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "rm -f \"$SECRET\""
    environment = { SECRET = self.input }
  }
}

output "instances" {
  description = "The InstanceID of each group, and where its key is."
  value = {
    for group, secret in terraform_data.secret :
    group => { id = module.environment.instances[group].id, secret = secret.output }
  }
}
