# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pydantic==2.14.4",
# ]
# ///
"""Validates and makes a JSON schema."""

import pydantic
class M(pydantic.BaseModel):
    a: int; b: list[str] = []
print(M.model_validate({"a": "1"}), sorted(M.model_json_schema()["properties"]))
