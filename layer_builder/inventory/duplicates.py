"""What several layers of one function have: the same distribution, or files of the same content."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerFile


@dataclass(frozen=True, kw_only=True)
class RepeatedDistribution:
    """A distribution that several layers of a function have."""

    name: str
    shares: Mapping[str, int]
    """Its unzipped bytes by layer key."""


@dataclass(frozen=True, kw_only=True)
class RepeatedFile:
    """A content that several layers of a function have."""

    path: str
    """In the first of the layers."""
    size: int
    layers: tuple[str, ...]
    """Keys, one for each copy, in stack order."""

    @property
    def excess(self) -> int:
        """Bytes of all copies but one."""
        return self.size * (len(self.layers) - 1)


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """What the layers of a function have more than once."""

    distributions: tuple[RepeatedDistribution, ...] = ()
    files: tuple[RepeatedFile, ...] = field(default=(), repr=False)
    """The most bytes first."""

    @property
    def excess(self) -> int:
        """Bytes that all copies but one of each file take, unzipped."""
        return sum(file.excess for file in self.files)


def find_repeats(layers: Sequence[tuple[str, Sequence[LayerFile]]]) -> Repeats:
    """Find what several layers of a stack have: `layers` are keys with their files, in its order.

    Files are the same by size and CRC-32; empty ones do not count, nor does what one layer alone
    has several times.
    """
    contents: dict[tuple[int, int], dict[str, str]] = {}
    owned: dict[str, dict[str, int]] = {}
    for key, files in layers:
        for file in files:
            if file.distribution:
                shares = owned.setdefault(file.distribution, {})
                shares[key] = shares.get(key, 0) + file.size
            if file.size:
                contents.setdefault((file.size, file.checksum), {}).setdefault(key, file.path)
    distributions = [
        RepeatedDistribution(name=name, shares=shares)
        for name, shares in owned.items()
        if len(shares) > 1
    ]
    repeated = [
        RepeatedFile(path=next(iter(paths.values())), size=size, layers=tuple(paths))
        for (size, _), paths in contents.items()
        if len(paths) > 1
    ]
    return Repeats(
        distributions=tuple(
            sorted(distributions, key=lambda one: (-sum(one.shares.values()), one.name))
        ),
        files=tuple(sorted(repeated, key=lambda file: (-file.excess, file.path))),
    )
