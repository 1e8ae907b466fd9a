"""Requirements: what layers ask for, with hashes, constraints and index options, and where that is read."""

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.direct import DirectReference
from layer_builder.errors import Place, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.sources.texts import Tell

ReadDirect = Callable[[str, Sequence[str], str, Place], tuple[DirectReference, ...] | Problem]
"""Reads a requirement that names where a distribution is, with its hashes and the folder that its
path is relative to; gives what it takes besides, too, or says why not."""


ReadText = Callable[[str], str | Problem]
"""Gives the text of a file below the manifest, or says why it cannot."""


@dataclass(frozen=True, kw_only=True)
class RequirementsSource:
    """Where requirements files are, and what their options may hold."""

    read: ReadText
    folder: str = ""
    """For messages."""
    folder_of: Callable[[str], str] = posixpath.dirname
    """Gives the folder of a file, which what it names is relative to."""
    origins: frozenset[str] = frozenset()
    """Of the indexes that the caller's environment names, as `https://host:443`: only in their
    addresses there may be a `${VARIABLE}`."""
    variables: Mapping[str, str | None] | None = field(default_factory=dict)
    """The variables that the manifest lists, with their values; None where nobody knows which."""
    tell: Tell = lambda _: None
    """Hears what was filled in."""
    generated: frozenset[str] = frozenset()
    """Paths of files whose lines nobody wrote: what was read from a project's lock."""
    direct: ReadDirect | None = None
    """None reads nothing from elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What a layer's files and packages ask for together."""

    lines: tuple[str, ...] = ()
    """Requirements, with their hashes where given, as uv reads them."""
    names: frozenset[str] = frozenset()
    """The normalised names of the distributions asked for."""
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Hashes that the files give, by normalised name."""
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Index options, in order."""
    direct: tuple[DirectReference, ...] = ()
    """What comes from no index, in the lines or constraints, or in those of layers beside."""

    @property
    def text(self) -> str:
        """One requirements file that says the same."""
        return "".join(f"{line}\n" for line in (*self.options, *self.lines))

    @property
    def extras(self) -> dict[str, tuple[str, ...]]:
        """The extras that lines ask for, by normalised names of distributions, both in order."""
        found: dict[str, set[str]] = {}
        for line in self.lines:
            with suppress(InvalidRequirement):
                asked = Requirement(line.partition(" --hash")[0])
                if asked.extras:
                    found.setdefault(canonicalize_name(asked.name), set()).update(asked.extras)
        return {name: tuple(sorted(found[name])) for name in sorted(found)}

    def refused_builds(self, build: Collection[str]) -> tuple[Problem, ...]:
        """Tell of what somebody else's backend would have to make, and `build:` does not name."""
        return tuple(
            Problem(
                message=f"{one.name} comes as source from {one.origin.address}, and its backend would"
                " make a wheel of it",
                place=one.place,
                advice=(
                    f"build: [{one.name}] lets it, isolated",
                    "or name a wheel: its URL with #sha256=…, or a version on an index",
                ),
            )
            for one in self.direct
            if one.needs_leave and one.name not in build
        )


def merge_requirements(parts: Iterable[Requirements]) -> Requirements:
    """Ask for all that several layers ask for."""
    requirements = list(parts)
    hashes: dict[str, frozenset[str]] = {}
    for part in requirements:
        for name, given in part.hashes.items():
            hashes[name] = hashes.get(name, frozenset()) | given
    return Requirements(
        lines=tuple(dict.fromkeys(line for part in requirements for line in part.lines)),
        names=frozenset().union(*(part.names for part in requirements)),
        hashes=hashes,
        constraints=tuple(
            dict.fromkeys(line for part in requirements for line in part.constraints)
        ),
        options=tuple(dict.fromkeys(option for part in requirements for option in part.options)),
        direct=tuple(dict.fromkeys(one for part in requirements for one in part.direct)),
    )
