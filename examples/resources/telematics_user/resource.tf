terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

variable "instance_id" {
  description = "The InstanceID of the user's group, such as the id of a telematics_instance."
  type        = string
}

# Only the instance is needed: the device token is made, and what is not given is
# left to the app.
resource "telematics_user" "driver" {
  instance_id = var.instance_id
  first_name  = "Zoë"
  last_name   = "Quist"
  client_id   = "driver-17"

  enable_tracking = true
}

# A device token that is in state before the user is made: a run that is killed
# leaves no user behind that nobody knows. The token is a UUID of your own.
variable "test_device_token" {
  type      = string
  sensitive = true
}

resource "telematics_user" "test_phone" {
  instance_id  = var.instance_id
  device_token = var.test_device_token
  nickname     = "Test phone"

  # A destroy deletes the test trips with the user. It must be applied before.
  deletion_policy = "DELETE"
}
