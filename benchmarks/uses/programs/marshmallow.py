# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "marshmallow==4.4.0",
# ]
# ///
"""Loads and refuses."""

from marshmallow import Schema, fields
class S(Schema): a = fields.Int(required=True)
print(S().load({"a": "2"}), S().validate({}))
