# terraform query reads the lists of the *.tfquery.hcl beside this file.
terraform {
  required_version = ">= 1.14"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}
