# terraform test: the runs share the session with each other and with earlier runs,
# so frequent tests cost no logins.

run "the_token_lasts_for_a_nightly_job" {
  command = plan

  assert {
    condition     = timecmp(output.expires_at, timeadd(plantimestamp(), var.min_lifetime)) >= 0
    error_message = "The token ends at ${output.expires_at}."
  }
}

run "it_lasts_for_a_longer_one" {
  command = apply

  variables {
    min_lifetime = "1h"
  }

  assert {
    condition     = timecmp(output.expires_at, timeadd(plantimestamp(), "1h")) >= 0
    error_message = "The token ends at ${output.expires_at}."
  }
}
