"""The resolution: one version of each distribution, with the hashes of its files."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from packaging.version import InvalidVersion, Version

from layer_builder.errors import shortened
from layer_builder.lazy_dataclasses import dataclass

_HASH = re.compile(r"--hash=(\S+)")


# A normalised name, https://packaging.python.org/en/latest/specifications/name-normalization/, and
# the characters of a version, whose grammar `Version` knows.
_LOCKED = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9A-Za-z.!+_-]+)"
    r"(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


_MOST_CHARACTERS = 64 * 1024
"""Of a pin: eight hundred files of one release."""


@dataclass(frozen=True, kw_only=True, order=True)
class Pin:
    """A distribution at a version."""

    name: str
    """Normalised."""
    version: str
    hashes: tuple[str, ...] = ()
    """Of its files that will do, as `sha256:…`."""

    @classmethod
    def parse(cls, text: str) -> "Pin":
        """Read what `str` writes, and nothing else that an installer would understand.

        Raises ValueError with the reason.

        >>> Pin.parse(f"six==1.17.0 --hash=sha256:{'0' * 64}").version
        '1.17.0'
        """
        match = _LOCKED.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
        if match is None or not _is_version(match["version"]):
            raise ValueError(
                f"{shortened(text)} is not a pin, which is name==version and for each file"
                " --hash=sha256: with 64 hexadecimal digits"
            )
        hashes = tuple(sorted(_HASH.findall(match["hashes"])))
        return cls(name=match["name"], version=match["version"], hashes=hashes)

    def __str__(self) -> str:
        """Write it as a line of a requirements file."""
        return " ".join((f"{self.name}=={self.version}", *(f"--hash={h}" for h in self.hashes)))


@dataclass(frozen=True, kw_only=True, order=True)
class HeldBack:
    """A distribution whose newer version needs a newer glibc than the target has."""

    name: str
    version: str
    newer: str


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What to install, complete and in a fixed order."""

    pins: tuple[Pin, ...] = ()
    held_back: tuple[HeldBack, ...] = ()

    @classmethod
    def from_lines(cls, text: str) -> "Resolution":
        """Read a requirements file of pins with hashes."""
        lines = text.replace("\\\n", " ").splitlines()
        pins = (_pin(line) for line in lines if line.strip() and not line.lstrip().startswith("#"))
        return cls(pins=tuple(sorted(pins)))

    @property
    def versions(self) -> dict[str, str]:
        """Version by name."""
        return {pin.name: pin.version for pin in self.pins}

    @property
    def text(self) -> str:
        """A requirements file of the pins, with their hashes."""
        return "".join(f"{pin}\n" for pin in self.pins)

    def without(self, names: Collection[str]) -> "Resolution":
        """Leave distributions out."""
        return replace(
            self,
            pins=tuple(pin for pin in self.pins if pin.name not in names),
            held_back=tuple(held for held in self.held_back if held.name not in names),
        )

    def compared_with(self, newest: "Resolution") -> "Resolution":
        """Note what a resolution for a newer platform has in a newer version."""
        newer = newest.versions
        held_back = (
            HeldBack(name=pin.name, version=pin.version, newer=newer[pin.name])
            for pin in self.pins
            if pin.name in newer and Version(newer[pin.name]) > Version(pin.version)
        )
        return replace(self, held_back=tuple(held_back))

    def trusting(self, given: Mapping[str, Collection[str]]) -> tuple["Resolution", list[str]]:
        """Keep only the hashes that the user gave, if any; also say what they do not cover.

        As in pip, one hash in the requirements means that every distribution needs one:
        https://pip.pypa.io/en/stable/topics/secure-installs/
        """
        if not given:
            return self, []
        pins = []
        doubts = []
        for pin in self.pins:
            kept = tuple(h for h in pin.hashes if h in given.get(pin.name, ()))
            if pin.name not in given:
                doubts.append(f"{pin.name}=={pin.version} has no --hash in the requirements")
            elif not kept:
                doubts.append(
                    f"{pin.name}=={pin.version}: the index has no file with the hash in the"
                    f" requirements; it has {', '.join(pin.hashes) or 'none'}"
                )
            pins.append(replace(pin, hashes=kept))
        return replace(self, pins=tuple(pins)), doubts


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _pin(line: str) -> Pin:
    name, _, rest = line.strip().partition("==")
    version = rest.split()[0].rstrip(";") if rest.split() else ""
    return Pin(
        name=name.partition("[")[0].strip(),
        version=version,
        hashes=tuple(sorted(_HASH.findall(line))),
    )
