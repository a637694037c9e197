# terraform query -generate-config-out=instances.tf
list "telematics_instance" "active" {
  provider         = telematics
  include_resource = true

  config {
    application_id      = "a9a9a9a9-0000-4000-8000-0000000000a9"
    include_deactivated = false
  }
}

# All groups of a company.
list "telematics_instance" "all" {
  provider = telematics
  limit    = 1000

  config {
    company_id = "c0c0c0c0-0000-4000-8000-0000000000c0"
  }
}
