#!/bin/sh
# Gives a function two layers, by the parameters of `ssm: /cr2a/{layer}`: sh from-ssm.sh FUNCTION
# --layers replaces the whole list.
set -eu
arn() { # KEY
  aws ssm get-parameter --name "/cr2a/$1" --query Parameter.Value --output text
}
shared_code=$(arn shared-code)
core_deps=$(arn core-deps)
aws lambda update-function-configuration --function-name "$1" \
  --layers "$shared_code" "$core_deps" >/dev/null
aws lambda wait function-updated-v2 --function-name "$1"
