"""Who may read an index: the logins that uv sends, for what is read of wheels without uv.

https://docs.astral.sh/uv/concepts/authentication/http/: logins in the addresses of indexes, in
`UV_INDEX_<NAME>_USERNAME` and `…_PASSWORD`, and in a netrc file. What a keyring holds is uv's alone.
"""

import base64
import netrc
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from layer_builder.lazy_dataclasses import dataclass

_ADDRESSES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")

_NAMED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)=(?P<address>.+)")

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class Logins:
    """Logins by origin, from the environment that uv gets."""

    environ: Mapping[str, str]

    def authorization(self, url: str) -> str:
        """Give the header for an address: only what was said of its own scheme, host and port."""
        wanted = _split(url)
        if wanted is None:
            return ""
        for address, login in self._of_indexes():
            if _origin(address) == _origin(wanted):
                return _basic(*login)
        return self._of_netrc(wanted.hostname or "") if wanted.scheme == "https" else ""

    def _of_indexes(self) -> Iterator[tuple[SplitResult, tuple[str, str]]]:
        """List the origins of indexes that have a login."""
        for word in (word for name in _ADDRESSES for word in self.environ.get(name, "").split()):
            named = _NAMED.fullmatch(word)
            is_named = named is not None and "://" not in named["name"]
            parts = _split(named["address"] if named and is_named else word)
            if parts is None:
                continue
            name = re.sub("[^A-Z0-9]", "_", named["name"].upper()) if named and is_named else ""
            user = self.environ.get(f"UV_INDEX_{name}_USERNAME", "") if name else ""
            password = self.environ.get(f"UV_INDEX_{name}_PASSWORD", "") if name else ""
            if parts.username or parts.password:
                yield parts, (unquote(parts.username or ""), unquote(parts.password or ""))
            elif user or password:
                yield parts, (user, password)

    def _of_netrc(self, host: str) -> str:
        named, home = self.environ.get("NETRC"), self.environ.get("HOME")
        path = Path(named) if named else Path(home, ".netrc") if home else None
        try:
            found = netrc.netrc(str(path)).authenticators(host) if path else None
        except (OSError, ValueError, netrc.NetrcParseError):
            return ""
        return _basic(found[0], found[2] or "") if found else ""


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname and (parts.port or _PORTS.get(parts.scheme)))
    except ValueError:
        return None
    return parts if is_whole else None


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _basic(user: str, password: str) -> str:
    """Write a login as RFC 7617 has it."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
