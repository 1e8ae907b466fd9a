# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pendulum==3.3.0",
# ]
# ///
"""Formats in another language."""

import pendulum
print(pendulum.datetime(2026, 3, 1, tz="Europe/Paris").format("dddd D MMMM", locale="fr"))
