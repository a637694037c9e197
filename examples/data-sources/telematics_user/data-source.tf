terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "device_token" {
  type      = string
  sensitive = true
}

# What it tells is a person's data, and is in state.
data "telematics_user" "driver" {
  device_token = var.device_token
}

output "is_active" {
  value = data.telematics_user.driver.enabled
}
