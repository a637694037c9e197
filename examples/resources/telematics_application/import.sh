# By the id of the company and the id of the application.
terraform import telematics_application.fleet 1d2e3f4a-0000-4000-8000-000000000001/2e3f4a5b-0000-4000-8000-000000000002
