terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "application_id" {
  description = "The id of the application, such as that of a telematics_application."
  type        = string
}

resource "telematics_instance" "drivers" {
  application_id = var.application_id
  name           = "Drivers"
  description    = "All that drive a car of the company"
}

# What apps and back ends need besides the key, which is in no state: the ephemeral
# resource telematics_instance_credentials reads it.
output "instance_id" {
  value = telematics_instance.drivers.id
}
