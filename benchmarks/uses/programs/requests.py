# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "requests==2.34.2",
# ]
# ///
"""Prepares a request and reads a response."""

import requests
print(requests.Request("GET", "https://a.example/ä", params={"q": "ü"}).prepare().url, requests.certs.where().endswith("pem"))
