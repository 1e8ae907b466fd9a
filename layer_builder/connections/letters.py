"""What to do when a connection fails on its way: certificates, proxies, names.

The words are those of uv (rustls, hyper), of OpenSSL, urllib3 and requests, and of botocore.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from layer_builder.connections.certificates import NAMING, system_file
from layer_builder.connections.proxies import masked, proxy
from layer_builder.errors import Problem


class WayFault(StrEnum):
    """What kept a connection from being made, in words."""

    DISTRUSTED = "its certificate is not trusted"
    LOGIN = "the proxy wants another login"
    PROXY = "the proxy did not connect"
    NAME = "its name is not known here"


SIGNS = (
    (WayFault.DISTRUSTED, re.compile(r"UnknownIssuer|CaUsedAsEndEntity|CERTIFICATE_VERIFY_FAILED"
                                     r"|unable to get local issuer|self[- ]signed certificate")),
    (WayFault.LOGIN, re.compile(r"\b407\b.{0,40}Proxy Auth|proxy authorization required", re.IGNORECASE)),
    (WayFault.PROXY, re.compile(r"tunnel error|Tunnel connection failed|connect to proxy", re.IGNORECASE)),
    (WayFault.NAME, re.compile(r"failed to lookup address|Name or service not known|NameResolutionError"
                               r"|Temporary failure in name resolution")),
)  # fmt: skip


def connection_letter(
    whom: str, text: str, environ: Mapping[str, str], layer: str | None = None
) -> Problem | None:
    """Say why somebody was not reached, and what to set; None where that is not what failed."""
    fault = _fault(text)
    if fault is None:
        return None
    return Problem(
        message=f"{whom} was not reached: {fault}",
        layer=layer,
        details=(masked(text, environ),),
        advice=connection_advice(text, environ),
    )


def connection_advice(text: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Say what to set, by what a program said of a connection; nothing where it was none."""
    through = proxy(environ)
    match _fault(text), through:
        case WayFault.DISTRUSTED, _:
            return (
                "set SSL_CERT_FILE to a PEM file with the authorities to trust; behind a proxy that looks"
                f" into TLS its own is among them. {_now(environ)}",
            )
        case WayFault.LOGIN, (name, address):
            scheme, _, host = address.rpartition("://")
            form = f"{scheme or 'http'}://USER:PASSWORD@{host}"
            return (f"{name} names the proxy {address}; with its login: {name}={form}, special"
                    " characters percent-encoded",)  # fmt: skip
        case WayFault.PROXY, (name, address):
            return (
                f"{name} names the proxy {address}; hosts that are reached without it stand in NO_PROXY",
            )
        case ((WayFault.NAME | WayFault.LOGIN | WayFault.PROXY), None):
            return ("behind a proxy: set HTTPS_PROXY",)
        case _:
            return ()


def _fault(text: str) -> WayFault | None:
    return next((fault for fault, sign in SIGNS if sign.search(text)), None)


def _now(environ: Mapping[str, str]) -> str:
    """Say which authorities are trusted now."""
    system = system_file()
    named = [
        f"{name}={environ[name]}" for name in NAMING if environ.get(name) not in {None, "", system}
    ]
    if named:
        return f"Now it is {', '.join(named)}"
    if system:
        return f"Now it is the system's, {system} (update-ca-certificates, update-ca-trust)"
    return "Now it is none"
