#!/bin/sh
# Stands for a program that gives the token to a service and restarts the service.
set -eu
: "${AUTHORIZATION:?}"
echo 'The service has the new token.'
