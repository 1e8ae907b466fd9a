# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "arrow==1.4.0",
# ]
# ///
"""Humanizes in another language."""

import arrow
print(arrow.get(0).humanize(arrow.get(7200), locale="de"))
