# An application with its instances (user groups). There is no ephemeral resource in
# it, so that every CLI can test it with a mocked provider: see ../tests.

terraform {
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
}

variable "groups" {
  description = "The user groups, with what each is for."
  type        = map(string)
}

resource "telematics_application" "fleet" {
  company_id  = var.company_id
  name        = var.name
  environment = "production"
}

resource "telematics_instance" "group" {
  for_each       = var.groups
  application_id = telematics_application.fleet.id
  name           = each.key
  description    = each.value
}

output "instances" {
  description = "The InstanceID of each group, and the version of its key."
  value = {
    for group, instance in telematics_instance.group :
    group => { id = instance.id, key_version = instance.key_version }
  }
}
