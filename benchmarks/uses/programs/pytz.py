# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pytz==2026.6",
# ]
# ///
"""Converts between zones."""

import pytz, datetime
print(pytz.timezone("Asia/Tokyo").localize(datetime.datetime(2026, 1, 1)), pytz.country_names["de"], len(pytz.all_timezones) > 400)
