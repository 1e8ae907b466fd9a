# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "jsonschema==4.26.0",
# ]
# ///
"""Checks against drafts, with formats."""

import jsonschema
for v in (jsonschema.Draft4Validator, jsonschema.Draft7Validator, jsonschema.Draft202012Validator):
    v.check_schema({"type": "object"}); print([e.message for e in v({"type": "integer"}).iter_errors("a")])
