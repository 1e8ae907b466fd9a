#!/bin/sh
# Gives a function two layers, by the file layers.env: sh from-env.sh FUNCTION [FOLDER]
# --layers replaces the whole list.
set -eu
. "${2:-.}/layers.env"
aws lambda update-function-configuration --function-name "$1" \
  --layers "$SHARED_CODE_ARN" "$CORE_DEPS_ARN" >/dev/null
aws lambda wait function-updated-v2 --function-name "$1"
