import {
  to = telematics_application.fleet
  id = "1d2e3f4a-0000-4000-8000-000000000001/2e3f4a5b-0000-4000-8000-000000000002"
}
