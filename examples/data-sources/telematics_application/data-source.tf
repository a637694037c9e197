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

data "telematics_application" "fleet" {
  id = var.application_id
}

output "environment" {
  value = data.telematics_application.fleet.environment
}
