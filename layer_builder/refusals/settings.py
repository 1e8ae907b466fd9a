"""Settings of AWS's SDKs that hold what they cannot: keys with a line break, choices that are none.

botocore looks at some of them late, at others only where they matter, and shows a key that no header
can have: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

import re
from collections.abc import Callable, Mapping

from layer_builder.errors import Problem, shortened

_SECRETS = (
    ("access key id", ("AWS_ACCESS_KEY_ID",)),
    ("secret access key", ("AWS_SECRET_ACCESS_KEY",)),
    ("session token", ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")),
)
"""In the order in which they are given, with the variables that hold them."""

_CHOICES = {
    "retry_mode": ("legacy", "standard", "adaptive"),
    "sts_regional_endpoints": ("legacy", "regional"),
    "use_fips_endpoint": ("true", "false"),
    "use_dualstack_endpoint": ("true", "false"),
    "account_id_endpoint_mode": ("preferred", "disabled", "required"),
    "request_checksum_calculation": ("when_supported", "when_required"),
    "response_checksum_validation": ("when_supported", "when_required"),
}
"""What a setting may be; its variable has its name, with `AWS_` before it."""

_ENDPOINTS = ("", "_LAMBDA", "_S3", "_SSM", "_STS")
"""Of the services that are asked; others have variables of their own, which are nothing to us."""


_ADDRESS = re.compile(
    r"https?://(?:[^\s/@]*@)?(?:\[[0-9a-f:.]+\]|[^\s/:@\[\]]+)(?::\d{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)


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


def setting_letter(
    environ: Mapping[str, str], profile: Mapping[str, object], exists: Callable[[str], bool]
) -> Problem | None:
    """Say which setting of AWS's SDKs cannot be what it is; None for none of those that are known.

    Args:
        environ: the variables, which come before the profile.
        profile: what the AWS config file says of the profile.
        exists: tells whether there is a file.
    """

    def wrong(name: str, said: Callable[[str], str]) -> Problem | None:
        variable = f"AWS_{name.upper()}"
        value = environ.get(variable) or str(profile.get(name) or "")
        where = variable if environ.get(variable) else f"{name} in the AWS config file"
        means = said(value) if value else ""
        if not means:
            return None
        # An address may hold a login.
        shown = shortened(value.rpartition("@")[2])
        return Problem(message=f"{where} is {shown}", advice=(f"it is {means}; or unset it",))

    checks: list[tuple[str, Callable[[str], str]]] = [
        *((name, _one_of(choices)) for name, choices in _CHOICES.items()),
        ("max_attempts", _attempts),
        *((f"endpoint_url{service.lower()}", _address) for service in _ENDPOINTS),
        ("ca_bundle", lambda path: "" if exists(path) else "a PEM file that is there"),
    ]
    return next((letter for name, said in checks if (letter := wrong(name, said))), None)


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    return lambda value: "" if value.lower() in choices else f"one of {', '.join(choices)}"


def _attempts(value: str) -> str:
    try:
        good = int(value) > 0
    except ValueError:
        good = False
    return "" if good else "a whole number of at least 1"


def _address(value: str) -> str:
    if _ADDRESS.fullmatch(value):
        return ""
    return "an address with its scheme, such as https://lambda.example.com or http://127.0.0.1:4566"


def unusable_settings(kind: str, text: str) -> Problem:
    """Say that botocore makes no client with the settings it was given, in its own words."""
    return Problem(
        message="no client of AWS can be made with these settings",
        # An address may hold a login.
        details=(f"{kind}: {re.sub(r'[^ /]+@', '***@', text)}",),
        advice=(
            "correct what it names, or unset it: in the environment (AWS_…), or in the AWS config"
            " file (~/.aws/config, or what AWS_CONFIG_FILE names)",
        ),
    )
