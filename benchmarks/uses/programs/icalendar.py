# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "icalendar==7.3.2",
# ]
# ///
"""Reads an example calendar."""

from icalendar import Calendar
print(len(Calendar.example().walk()))
