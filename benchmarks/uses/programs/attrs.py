# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "attrs==26.1.0",
# ]
# ///
"""Defines and converts a class."""

import attrs
@attrs.define
class A: x: int = attrs.field(converter=int)
print(A("3"), attrs.asdict(A(1)))
