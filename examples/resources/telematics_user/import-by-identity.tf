import {
  to = telematics_user.driver
  identity = {
    device_token = "4a5b6c7d-0000-4000-8000-000000000004"
  }
}
