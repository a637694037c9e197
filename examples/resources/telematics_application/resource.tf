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

# Admin: the credentials are in TELEMATICS_EMAIL and TELEMATICS_PASSWORD.
resource "telematics_application" "fleet" {
  company_id  = var.company_id
  name        = "Fleet EU"
  description = "The drivers' app in the EU"
  environment = "production"

  google_play_link = "https://play.google.com/store/apps/details?id=com.example.fleet"
}
