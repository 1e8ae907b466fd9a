# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "google-cloud-storage==3.17.1",
# ]
# ///
"""Builds an address."""

from google.cloud import storage
from google.auth.credentials import AnonymousCredentials
print(storage.Client("p", AnonymousCredentials()).bucket("b").blob("k").public_url)
