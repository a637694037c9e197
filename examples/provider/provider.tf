terraform {
  required_version = ">= 1.0"

  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

# The block can be empty: set email and password as TELEMATICS_EMAIL and
# TELEMATICS_PASSWORD.
provider "telematics" {}

# To authorize as user instead, name the user group here and the user on the
# token. The key comes from TELEMATICS_INSTANCE_KEY.
provider "telematics" {
  alias       = "drivers"
  instance_id = "3f0c2d4e-5b6a-4c7d-8e9f-0a1b2c3d4e5f"
}
