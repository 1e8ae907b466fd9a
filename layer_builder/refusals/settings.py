"""Settings of AWS's SDKs that hold what they cannot: keys with a line break.

Python shows a key that no header can have: https://github.com/python/cpython/blob/main/Lib/http/client.py
"""

from collections.abc import Mapping

from layer_builder.errors import Problem

_SECRETS = (
    ("access key id", ("AWS_ACCESS_KEY_ID",)),
    ("secret access key", ("AWS_SECRET_ACCESS_KEY",)),
    ("session token", ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")),
)
"""In the order in which they are given, with the variables that hold them."""


def secret_letter(
    values: tuple[str | None, str | None, str | None], environ: Mapping[str, str], method: str
) -> Problem | None:
    """Say which of key id, secret and token no request can be signed with; None where all can be.

    What they hold is not shown. `method` is botocore's word for where they were found.
    """
    for (what, variables), value in zip(_SECRETS, values, strict=True):
        fault = _fault(value or "")
        if fault:
            named = next((name for name in variables if environ.get(name) == value), "")
            where = f"the {what} of the AWS credentials (found by: {method})"
            return Problem(
                message=f"{named or where} {fault}",
                advice=("set the secret again without it; what it holds is not shown here",),
            )
    return None


def _fault(value: str) -> str:
    """Say what of a value no header can have; empty for nothing."""
    bare = value.rstrip()
    if value != bare:
        return f"ends in {_kind(value[len(bare) :])}"
    bare = value.lstrip()
    if value != bare:
        return f"begins with {_kind(value[: -len(bare)])}"
    odd = next((sign for sign in value if not ("!" <= sign <= "~")), "")
    return f"has {_kind(odd)} in it" if odd else ""


def _kind(text: str) -> str:
    if "\n" in text or "\r" in text:
        return "a line break"
    if text.isspace():
        return "white space"
    return "a control character" if text.isascii() else "a character that is not of ASCII"
