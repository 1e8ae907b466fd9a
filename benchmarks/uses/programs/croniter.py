# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "croniter==7.0.0",
# ]
# ///
"""Tells the next time."""

import croniter, datetime
print(croniter.croniter("0 3 * * 1", datetime.datetime(2026, 1, 1)).get_next(datetime.datetime))
