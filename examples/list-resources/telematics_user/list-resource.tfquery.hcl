# terraform query lists 100 of each kind at the most, unless limit says otherwise.
list "telematics_user" "drivers" {
  provider = telematics
  limit    = 10000

  config {
    instance_id = "0a1b2c3d-0000-4000-8000-00000000f1ee"
  }
}
