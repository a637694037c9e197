# A proxy of the company stands between the runs and the platform. It answers with
# certificates that the company has signed, and knows its clients by certificates.

terraform {
  required_providers {
    telematics = {
      source = "telematics-tools/telematics"
    }
  }
}

provider "telematics" {
  user_service_url = "https://telematics.example.com/user"
  accounts_url     = "https://telematics.example.com/accounts"
  portal_url       = "https://telematics.example.com/portal"

  tls = {
    ca_cert_file     = "/etc/ssl/example/ca.pem" # besides the system's authorities
    client_cert_file = "/run/secrets/client.pem"
    client_key_file  = "/run/secrets/client-key.pem"
  }
}

ephemeral "telematics_access_token" "admin" {}
