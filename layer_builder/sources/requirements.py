"""Requirements: what layers ask for, with hashes, constraints and index options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


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

    @property
    def text(self) -> str:
        """One requirements file that says the same."""
        return "".join(f"{line}\n" for line in (*self.options, *self.lines))


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
    )
