# Actions. OpenTofu has none: there, TELEMATICS_SESSION_RENEW=login replaces a
# session in one run.
terraform {
  required_version = ">= 1.14"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# terraform apply -invoke=action.telematics_forget_session.admin
#
# The next run that needs a token logs in, for example after the credentials have
# been rotated in DataHub.
action "telematics_forget_session" "admin" {}
