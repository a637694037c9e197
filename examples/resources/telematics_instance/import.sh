# By the InstanceID.
terraform import telematics_instance.drivers 3f0c2d4e-0000-4000-8000-000000000003
