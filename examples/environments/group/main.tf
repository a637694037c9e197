# A user group that another stack has made, for one that uses it: its application,
# and an error if somebody has deactivated it.

terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "instance_id" {
  description = "The InstanceID of the group."
  type        = string
}

data "telematics_instance" "group" {
  id = var.instance_id
}

output "application_id" {
  description = "The id of the group's application."
  value       = data.telematics_instance.group.application_id

  precondition {
    condition     = data.telematics_instance.group.status == "Active"
    error_message = "The group ${data.telematics_instance.group.name} is deactivated."
  }
}
