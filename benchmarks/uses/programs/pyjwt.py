# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pyjwt==2.15.1",
# ]
# ///
"""Encodes and decodes a token."""

import jwt
print(jwt.decode(jwt.encode({"a": 1}, "k" * 32, "HS256"), "k" * 32, ["HS256"]))
