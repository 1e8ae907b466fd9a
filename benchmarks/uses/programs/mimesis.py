# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "mimesis==22.2.0",
# ]
# ///
"""Makes up names and a sample file."""

from mimesis import Person, Locale
print(Person(Locale.DE, seed=1).full_name())
