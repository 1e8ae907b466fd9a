# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pyyaml==6.0.4",
# ]
# ///
"""Reads and writes."""

import yaml
print(yaml.safe_load("a: [1, 2]"), yaml.safe_dump({"b": 1}))
