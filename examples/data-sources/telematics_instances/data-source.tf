terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "application_id" {
  type = string
}

data "telematics_instances" "fleet" {
  application_id      = var.application_id
  include_deactivated = false
}

# Takes over all groups that were made by hand. Once they are in state, write the
# resources out, and drop the data source and the import block.
import {
  for_each = { for instance in data.telematics_instances.fleet.instances : instance.id => instance }
  to       = telematics_instance.adopted[each.key]
  id       = each.key
}

resource "telematics_instance" "adopted" {
  for_each       = { for instance in data.telematics_instances.fleet.instances : instance.id => instance }
  application_id = each.value.application_id
  name           = each.value.name
  description    = each.value.description
  status         = each.value.status
}
