# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "phonenumbers==9.0.43",
# ]
# ///
"""Tells region and carrier."""

import phonenumbers
from phonenumbers import geocoder, timezone
n = phonenumbers.parse("+493012345678"); print(geocoder.description_for_number(n, "de"), timezone.time_zones_for_number(n))
