"""A requirement that names where a distribution is, taken apart."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from layer_builder.errors import shortened
from layer_builder.lazy_dataclasses import dataclass

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*@\s*(.+)", re.DOTALL)
_EXTRAS = re.compile(r"(.*[^\s])\s*\[([\w\s,.-]*)\]")


class RefusedAddressError(ValueError):
    """A requirement that no layer is made from, and what to write instead."""

    def __init__(self, message: str, *advice: str) -> None:
        """Say why."""
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, kw_only=True)
class AskedAddress:
    """What a requirement says."""

    name: str
    """Empty where only the address may tell it."""
    extras: tuple[str, ...]
    address: str
    marker: str
    digests: Sequence[str]
    """Of `--hash`, without `sha256:`."""
    folder: str
    """What a path in it is relative to, below the manifest's folder."""

    @property
    def named(self) -> str:
        """What stands before the address in a line that is right."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name or 'NAME'}{extras} @ "

    @property
    def scheme(self) -> str:
        """Of the address; empty for a path."""
        return self.address.partition("://")[0].lower() if "://" in self.address else ""

    def fragment(self, key: str) -> list[str]:
        """Give what stands behind the `#` for a key."""
        return parse_qs(self.address.partition("#")[2]).get(key, [])

    @property
    def subdirectory(self) -> str:
        """The folder that is meant in a repository or an sdist."""
        below = next(iter(self.fragment("subdirectory")), "").strip("/")
        if ".." in below.split("/") or not re.fullmatch(r"[\w./ -]*", below):
            raise RefusedAddressError(f"{self.named}…: the subdirectory {shortened(below)} is none")
        return below

    def refuse_login(self) -> None:
        """Raise RefusedAddressError for an address that holds a password."""
        try:
            has_password = bool(urlsplit(self.address.removeprefix("git+")).password)
        except ValueError:
            raise RefusedAddressError(f"{self.named}… is no address") from None
        if has_password:
            raise RefusedAddressError(
                f"{self.named}{without_login(self.address)} holds a password, which a file of the"
                " repository must not",
                "git takes logins from a credential helper or an agent, uv from a .netrc",
            )


def take_apart(specifier: str, digests: Sequence[str], folder: str) -> AskedAddress:
    """Read a requirement with an address or a path. Raises RefusedAddressError."""
    words, _, marker = specifier.partition(" ;")
    if "://" not in words and not marker:
        words, _, marker = specifier.partition(";")
    named = _NAMED.fullmatch(words.strip())
    name, extras, address = named.groups() if named else ("", None, words.strip())
    if not named and (match := _EXTRAS.fullmatch(address)):
        address, extras = match.groups()
    if re.search(r"\s", address.strip()):
        raise RefusedAddressError(
            f"{shortened(without_login(specifier))} has a blank in its address"
        )
    egg = next(iter(parse_qs(address.partition("#")[2]).get("egg", [])), "")
    if egg and not name:
        name, _, inner = egg.partition("[")
        extras = inner.rstrip("]") or extras
    # Let the standard's own grammar judge what is left: https://peps.python.org/pep-0508/
    checked = f"{name or 'name'}[{extras or ''}]" + (f"; {marker}" if marker.strip() else "")
    try:
        parsed = Requirement(checked)
    except (ValueError, RecursionError) as error:
        why = str(error).splitlines()[0]
        shown = shortened(without_login(specifier))
        raise RefusedAddressError(f"{shown} is not a requirement: {why}") from None
    return AskedAddress(
        name=name,
        extras=tuple(sorted(map(str, parsed.extras))),
        address=address.strip(),
        marker=str(parsed.marker or ""),
        digests=tuple(digest.removeprefix("sha256:") for digest in digests),
        folder=folder,
    )


def name_of_wheel(path: str) -> str:
    """Give the name that a wheel's file name begins with; empty for what is no wheel."""
    try:
        return str(parse_wheel_filename(path.rpartition("/")[2])[0])
    except InvalidWheelFilename:
        return ""


def without_login(address: str) -> str:
    """Leave the login out of an address, to show it."""
    return re.sub(r"//[^/@\s]*@", "//…@", address)
