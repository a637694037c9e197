module github.com/telematics-tools/terraform-provider-telematics

go 1.26.0
