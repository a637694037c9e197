#!/bin/sh
# Stands for a program that hands the token to a service which keeps it, and
# tells that to go on with it.
set -eu
: "${AUTHORIZATION:?}"
echo 'The service has the new token.'
