# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "cerberus==1.3.8",
# ]
# ///
"""Validates."""

import cerberus
print(cerberus.__version__, cerberus.Validator({"a": {"type": "integer"}}).validate({"a": "x"}))
