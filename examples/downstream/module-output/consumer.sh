#!/bin/sh
# Stands for a program that reads the token from its environment.
set -eu
case ${AUTHORIZATION:?} in
'Bearer '*) echo 'There is a token.' ;;
*) echo 'AUTHORIZATION is not the value of a header.' >&2 && exit 1 ;;
esac
