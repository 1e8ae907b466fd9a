# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "humanize==4.17.0",
# ]
# ///
"""Says a size and a time in German."""

import humanize, datetime
humanize.i18n.activate("de"); print(humanize.naturaldelta(datetime.timedelta(days=3)), humanize.naturalsize(3000))
