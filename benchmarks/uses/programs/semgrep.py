# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "semgrep==1.185.0",
# ]
# ///
"""Finds its engine."""

import os, semgrep
p = os.path.join(os.path.dirname(semgrep.__file__), "bin", "semgrep-core")
print(os.path.getsize(p) > 1_000_000)
