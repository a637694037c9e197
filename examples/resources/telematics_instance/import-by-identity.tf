import {
  to = telematics_instance.drivers
  identity = {
    id = "3f0c2d4e-0000-4000-8000-000000000003"
  }
}
