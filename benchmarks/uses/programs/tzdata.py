# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "tzdata==2026.6",
# ]
# ///
"""Gives a zone."""

import zoneinfo
zoneinfo.reset_tzpath(()); print(zoneinfo.ZoneInfo("Europe/Berlin").key)
