# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "holidays==0.109",
# ]
# ///
"""Names holidays in German."""

import holidays
print(holidays.country_holidays("AT", years=2026, language="en_US").get("2026-12-25"), holidays.country_holidays("DE", years=2026).get("2026-12-25"))
