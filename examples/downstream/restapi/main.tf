# The token in the block of the provider Mastercard/restapi, which calls an API of
# your own that takes the platform's tokens, such as a gateway.

terraform {
  # Ephemeral resources. OpenTofu: 1.11 or later.
  required_version = ">= 1.10"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
    restapi = {
      source  = "Mastercard/restapi"
      version = ">= 1.20"
    }
  }
}

variable "api_url" {
  description = "The base URL of the API."
  type        = string
}

ephemeral "telematics_access_token" "admin" {}

# Leave debug off: with debug on, this provider prints its requests with their headers.
provider "restapi" {
  uri                  = var.api_url
  write_returns_object = true
  headers = {
    Authorization = ephemeral.telematics_access_token.admin.authorization
  }
}

resource "restapi_object" "geofence" {
  path = "/geofences"
  data = jsonencode({
    name   = "depot"
    radius = 250
  })
}
