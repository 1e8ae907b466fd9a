# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "orjson==3.13.0",
# ]
# ///
"""Dumps and loads."""

import orjson, datetime
print(orjson.dumps({"a": datetime.date(2026, 1, 1)}, option=orjson.OPT_SORT_KEYS))
