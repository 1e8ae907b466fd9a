# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "certifi==2026.10.19.post1",
# ]
# ///
"""Gives certificates."""

import certifi
print(certifi.contents().count("BEGIN") > 50)
