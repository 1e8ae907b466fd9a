# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "babel==2.18.0",
# ]
# ///
"""Formats dates and numbers."""

import datetime
from babel import dates, numbers
print(dates.format_date(datetime.date(2026, 3, 1), locale="fr"), numbers.format_currency(3.5, "EUR", locale="de"))
