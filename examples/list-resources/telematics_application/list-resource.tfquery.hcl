# terraform query -generate-config-out=applications.tf
#
# writes a resource and an import block for each. `terraform apply` takes them over.
list "telematics_application" "all" {
  provider         = telematics
  include_resource = true

  config {
    company_id = "c0c0c0c0-0000-4000-8000-0000000000c0"
  }
}
