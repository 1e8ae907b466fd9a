# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "faker==40.63.0",
# ]
# ///
"""Makes up a person."""

from faker import Faker
f = Faker("de_DE"); Faker.seed(1); print(f.name(), f.address().count("\n"))
