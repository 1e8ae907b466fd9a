# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "email-validator==2.4.0",
# ]
# ///
"""Validates an address."""

from email_validator import validate_email
print(validate_email("ä@exämple.com", check_deliverability=False).ascii_domain)
