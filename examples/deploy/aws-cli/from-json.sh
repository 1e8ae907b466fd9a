#!/bin/sh
# Gives a function two layers, by the file layers.json: sh from-json.sh FUNCTION [FOLDER]
# --layers replaces the whole list.
set -eu
arn() { # KEY; fails where the file has no such layer
  jq --exit-status --raw-output --arg key "$1" '.[$key]' "$folder/layers.json"
}
folder=${2:-.}
shared_code=$(arn shared-code)
core_deps=$(arn core-deps)
aws lambda update-function-configuration --function-name "$1" \
  --layers "$shared_code" "$core_deps" >/dev/null
aws lambda wait function-updated-v2 --function-name "$1"
