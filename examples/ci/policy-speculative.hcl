# What a plan may do that nobody applies, such as one of a pull request: hand out the
# stored session while it lives.

path "secret/data/telematics/sessions/*" {
  capabilities = ["read"]
}

path "secret/data/telematics/api" {
  capabilities = ["read"]
}
