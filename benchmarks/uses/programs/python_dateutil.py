# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "python-dateutil==2.9.0.post0",
# ]
# ///
"""Parses, repeats, knows zones."""

import datetime
from dateutil import parser, rrule, tz, zoneinfo
print(parser.parse("1 March 2026"), list(rrule.rrule(rrule.DAILY, count=2, dtstart=datetime.datetime(2026, 1, 1))), zoneinfo.get_zonefile_instance().get("Europe/Berlin") is not None)
