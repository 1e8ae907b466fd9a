"""The proxy that a run goes through: which it is, and its login, which is shown to nobody."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from layer_builder.errors import Problem

# As curl reads them, and all that is used here: https://everything.curl.dev/usingcurl/proxies/env.html
VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy",
              "PIP_PROXY")  # fmt: skip

_MASK = "***"

_SHORTEST = 6
"""A shorter password is hidden where an address has it; else every word that holds it would go."""


def proxy(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Give the variable that names the proxy for https, and its address without the login."""
    for name in VARIABLES[:4]:
        if value := environ.get(name):
            return name, _split(value)[1]
    return None


def masked(text: str, environ: Mapping[str, str]) -> str:
    """Hide the logins of proxies in a text of others: they show addresses as they were given."""
    for name in VARIABLES:
        for secret in _secrets(environ.get(name, "")):
            text = text.replace(secret, _MASK)
    return text


def masked_problem(problem: Problem, environ: Mapping[str, str]) -> Problem:
    """Hide them in a letter."""
    return replace(
        problem,
        message=masked(problem.message, environ),
        details=tuple(masked(line, environ) for line in problem.details),
        advice=tuple(masked(line, environ) for line in problem.advice),
    )


def _secrets(value: str) -> Iterator[str]:
    """List what of an address is secret, the longest first."""
    login, _ = _split(value)
    if not login:
        return
    user, _, password = login.partition(":")
    plain = f"{unquote(user)}:{unquote(password)}"
    for whole in dict.fromkeys((login, plain)):
        yield whole
        yield base64.b64encode(whole.encode()).decode()
    for alone in dict.fromkeys((password, unquote(password))):
        if len(alone) >= _SHORTEST:
            yield alone


def _split(value: str) -> tuple[str, str]:
    """Split an address into its login and the rest; an `@` of the password may stand as it is."""
    scheme, _, rest = value.rpartition("://")
    # Up to the last, as curl does: https://curl.se/docs/manpage.html#-x
    login, _, host = rest.rpartition("@")
    host = re.sub("[/?#].*", "", host)
    return login, f"{scheme}://{host}" if scheme else host
