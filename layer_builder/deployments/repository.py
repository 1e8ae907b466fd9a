"""What of a repository is looked at: the names of its files, and the texts that may tell; values only."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property

from layer_builder.errors import Place
from layer_builder.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The files in and below the manifest's folder."""

    names: tuple[str, ...]
    """Paths from there, sorted."""
    texts: Mapping[str, str] = field(repr=False)
    """Of those that may tell something."""
    unread: tuple[str, ...] = ()
    """What would have told something, and why it was not read."""

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def holds(self, name: str) -> bool:
        """Tell whether there is a file."""
        return name in self._known

    def has_folder(self, folder: str) -> bool:
        """Tell whether there is anything in a folder."""
        return next(self.below(folder), None) is not None

    def below(self, folder: str, suffix: str = "") -> Iterator[str]:
        """Yield the files in a folder and below."""
        prefix = "" if folder == "." else f"{folder}/"
        return (name for name in self.names if name.startswith(prefix) and name.endswith(suffix))

    def named(self, pattern: str) -> Iterator[str]:
        """Yield the texts whose file has a name of a kind, those of upper folders first."""
        found = (path for path in self.texts if re.fullmatch(pattern, posixpath.basename(path)))
        return iter(sorted(found, key=lambda path: (path.count("/"), path)))


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What a file says, and where."""

    place: Place
    words: str
    """What stands there, or what is there."""

    def __str__(self) -> str:
        """Write it for a line of a log or a comment."""
        return f"{printable(str(self.place))}: {printable(self.words)}"

    @classmethod
    def at(cls, file: str, text: str, start: int, words: str) -> "Hint":
        """Point to a character of a text."""
        return cls.line(file, text.count("\n", 0, start) + 1, words)

    @classmethod
    def line(cls, file: str, line: int | None, words: str) -> "Hint":
        """Point to a line, or to a file."""
        return cls(place=Place(file=file, line=line), words=words)


_MOST_SHOWN = 100


def printable(text: str, most: int = _MOST_SHOWN) -> str:
    """Make a text of any origin fit for a comment: one line, no character that is not seen.

    `most` characters of it are shown.

    >>> printable("a" + chr(10) + "b: c")
    'a�b: c'
    """
    shown = text if len(text) <= most else f"{text[:most]}…"
    return "".join(one if one.isprintable() else "�" for one in shown)


def folder_of(path: str) -> str:
    """Name the folder of a file, `.` for the top one."""
    return posixpath.dirname(path) or "."


def joined(folder: str, path: str) -> str | None:
    """Write a path that a file of a folder names; None for one that leads out of the repository.

    >>> joined("infra", "../services/a/"), joined(".", "../a"), joined("a", "/tmp")
    ('services/a', None, None)
    """
    if posixpath.isabs(path) or "\\" in path or not path.isprintable():
        return None
    found = posixpath.normpath(posixpath.join(folder, path))
    return None if found.split("/")[0] == ".." else found


def key_of(name: str, *, without: str = "") -> str:
    """Make a key of the manifest of a name.

    >>> key_of("HelloWorldFunction", without="function"), key_of("orders_deps")
    ('hello-world', 'orders-deps')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name[:_MOST_SHOWN])
    found = re.sub(r"[^a-z0-9]+", "-", apart.lower()).strip("-")
    shorter = found.removesuffix(f"-{without}") if without else found
    return shorter or "unnamed"
