# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "ruamel-yaml==0.19.1",
# ]
# ///
"""Keeps comments."""

import sys
from ruamel.yaml import YAML
y = YAML(); y.dump(y.load("a: 1 # c\n"), sys.stdout)
