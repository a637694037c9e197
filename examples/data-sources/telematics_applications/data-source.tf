terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

data "telematics_permissions" "mine" {}

# The applications of the company in which the credentials have a role.
data "telematics_applications" "all" {
  company_id = one(data.telematics_permissions.mine.companies[*].id)
}

output "active" {
  value = [
    for application in data.telematics_applications.all.applications : application.name
    if application.status == "Active"
  ]
}
