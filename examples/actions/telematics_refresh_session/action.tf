# Actions. OpenTofu has none: there, TELEMATICS_SESSION_RENEW=refresh refreshes in one
# run.
terraform {
  required_version = ">= 1.14"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# terraform apply -invoke=action.telematics_refresh_session.admin
action "telematics_refresh_session" "admin" {}

variable "device_token" {
  type      = string
  sensitive = true
}

# The session of a user, with the instance_key of the provider.
action "telematics_refresh_session" "user" {
  config {
    device_token = var.device_token
  }
}

variable "release" {
  type = string
}

# A rollout starts with a token that is as young as can be.
resource "terraform_data" "rollout" {
  input = var.release

  lifecycle {
    action_trigger {
      events  = [before_create, before_update]
      actions = [action.telematics_refresh_session.admin]
    }
  }
}
