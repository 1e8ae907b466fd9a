"""Addresses of package indexes that a repository names, and whom a secret may be sent to."""

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from layer_builder.errors import shortened

_LOGIN = r"(?:[A-Za-z0-9._~%!&'()*+,;=:-]|\$\{[A-Za-z0-9_]+\})*"


# No backslash, which browsers and uv take for a slash (https://url.spec.whatwg.org/#url-parsing),
# no blank, behind which another option could stand, and none of ${} behind the host.
_ADDRESS = re.compile(
    rf"(?P<scheme>https?)://(?:(?P<login>{_LOGIN})@)?"
    r"(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/[A-Za-z0-9._~%!&'()*+,;=:@/?-]*)?"
)


_PORTS = {"http": "80", "https": "443"}


_NAME = re.compile(r"[A-Za-z0-9._-]+=")
"""Before an address, where uv lets an index have a name: UV_INDEX, UV_DEFAULT_INDEX."""


def named_origins(values: Iterable[str]) -> frozenset[str]:
    """List the origins, as `https://host:443`, of the addresses in values of `UV_INDEX` and the like.

    These are the caller's own words; what is no address is passed over.

    >>> sorted(named_origins(["own=https://me:pw@Index.example/simple http://b:81/"]))
    ['http://b:81', 'https://index.example:443']
    """
    found = set()
    for word in (word for value in values for word in value.split()):
        try:
            parts = urlsplit(_NAME.sub("", word, count=1))
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            continue
        if parts.hostname and port:
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            found.add(f"{parts.scheme}://{host}:{port}")
    return frozenset(found)


def address_mistake(address: str, origins: Collection[str]) -> str | None:
    """Say what is wrong with an index's address in a file of the repository; None for nothing.

    `origins` are those that the caller's environment names: only there a variable may be part of
    the login. Elsewhere in an address, or in one of somebody else's, uv would send its value away.
    Never repeats an address that may hold a password.
    """
    if not re.match(r"https?://", address):
        shown = "" if "@" in address else f", not {shortened(address)}"
        return f"takes an https:// address here{shown}"
    match = _ADDRESS.fullmatch(address)
    if match is None:
        if "$" in address:
            return "has a variable outside of https://${USER}:${PASSWORD}@host/"
        return "has an address with characters that addresses do not have"
    port = match["port"] or _PORTS[match["scheme"]]
    origin = f"{match['scheme']}://{match['host'].lower()}:{port}"
    if "$" in (match["login"] or "") and origin not in origins:
        return f"would send a variable to {origin}, which no variable of the environment names"
    return None
