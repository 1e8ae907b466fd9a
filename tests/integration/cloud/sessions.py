"""A session for each account: it reads boto3's descriptions of the services once."""

from functools import cache

from boto3.session import Session

ACCOUNT_KEY = "testing"
"""The access key of the account that the program runs in."""


@cache
def session(access_key: str = ACCOUNT_KEY) -> Session:
    """Give the account's session; a client says which region it is for."""
    return Session(access_key, "testing")
