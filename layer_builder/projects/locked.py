"""What a lock holds for one layer: pinned lines, and the choice of groups and extras they are for."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from layer_builder.errors import did_you_mean, shortened
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Target

MAIN = "main"
"""Names the project's own dependencies among groups, where no group has that name."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What of a project goes into a layer: groups alone, or its own dependencies with extras."""

    groups: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()
    main: bool = True
    """Whether the project's own dependencies are in: without groups, with extras, or by name."""

    @classmethod
    def of(
        cls,
        groups: Sequence[str],
        extras: Sequence[str],
        *,
        known: Iterable[str],
        known_extras: Iterable[str],
    ) -> "Choice":
        """Read what the manifest says. Raises ValueError for what the project does not have.

        >>> Choice.of(["core"], [], known=["core"], known_extras=[]).main
        False
        """
        known = {canonicalize_name(name) for name in known}
        known_extras = {canonicalize_name(name) for name in known_extras}
        named = frozenset(canonicalize_name(name) for name in groups)
        by_name = MAIN in named and MAIN not in known
        chosen = cls(
            groups=named - {MAIN} if by_name else named,
            extras=frozenset(canonicalize_name(name) for name in extras),
            main=not groups or bool(extras) or by_name,
        )
        refuse_unknown(chosen.groups, known, "group")
        refuse_unknown(chosen.extras, known_extras, "extra")
        return chosen


@dataclass(frozen=True, kw_only=True)
class ProjectLines:
    """What a project asks for, as lines of a requirements file, and the indexes that it names."""

    lines: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    for_uv: tuple[str, ...] = ()
    """Which lines of its lock uv is to write, where uv reads it: arguments of `uv export`. Then the
    lines are only what the lock takes from the workspace, whose sources it does not pin."""

    @property
    def text(self) -> str:
        """One requirements file that says the same."""
        options = (f"--extra-index-url {address}" for address in self.indexes)
        return "".join(f"{line}\n" for line in (*options, *self.lines))


class StaleError(ValueError):
    """A project has outgrown its lock."""

    def __init__(self, why: str, renewal: str) -> None:
        """Say why, and by which command the lock is renewed."""
        super().__init__(why)
        self.renewal = renewal


def pinned(name: str, version: str, digests: Iterable[str]) -> str:
    """Write a line for a locked distribution. Raises ValueError without a name, version or hash.

    >>> pinned("A.b", "1.0", ["sha256:2", "sha256:1"])
    'a-b==1.0 --hash=sha256:1 --hash=sha256:2'
    """
    try:
        normalised = canonicalize_name(name, validate=True)
    except InvalidName:
        named = f"a package named {shortened(name)}" if name else "a package without a name"
        raise ValueError(f"it has {named}") from None
    known = sorted({digest for digest in digests if digest.startswith("sha256:")})
    if not known:
        raise ValueError(f"it has no sha256 of {shortened(name)}")
    try:
        Version(version)
    except InvalidVersion:
        raise ValueError(f"{shortened(name)} has no version, but {shortened(version)}") from None
    return " ".join((f"{normalised}=={version}", *(f"--hash={h}" for h in known)))


def at_commit(name: str, url: str, commit: str, subdirectory: str) -> str:
    """Write a line for what comes from a repository."""
    below = f"#subdirectory={subdirectory}" if subdirectory else ""
    return f"{name} @ git+{url.removeprefix('git+')}@{commit}{below}"


def applies(marker: str | None, name: str, target: Target, extras: Iterable[str] = ()) -> bool:
    """Tell whether a marker holds on the target, with one of the extras or without.

    Raises ValueError when it is none.
    """
    if not marker:
        return True
    try:
        read = Marker(marker)
        return any(read.evaluate({**target.markers, "extra": extra}) for extra in ("", *extras))
    except (InvalidMarker, UndefinedEnvironmentName, KeyError, ValueError, RecursionError):
        raise ValueError(f"the marker of {shortened(name)} cannot be evaluated") from None


def refuse_format(version: object, known: str, what: str) -> None:
    """Raise ValueError for a lock of another format than those that are known, by its first number.

    >>> refuse_format("2.1", "12", "lock-version")
    """
    found = "" if version is None else str(version)
    if found.partition(".")[0] not in {*known}:
        told = f"its {what} is {shortened(found)}" if found else f"it has no {what}"
        raise ValueError(
            f"{told}, and locks of {' and '.join(f'{one}.x' for one in known)} are read"
        )


def refuse_unknown(asked: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise ValueError for a group or an extra that the project does not have."""
    having = sorted(set(known))
    for name in sorted(set(asked) - set(having)):
        hints = did_you_mean(name, having)
        raise ValueError("; ".join((f"it has no {what} {shortened(name)}", *hints)))


def read_toml(content: str) -> Mapping[str, object]:
    """Read TOML. Raises ValueError."""
    try:
        return tomllib.loads(content)
    except RecursionError:
        raise ValueError("it nests too deeply to be read") from None


def table(value: object, what: str) -> Mapping[str, object]:
    """Give a mapping as such. Raises ValueError for anything else; nothing is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _is_no("table", what)
    return value


def rows(value: object, what: str) -> list[Mapping[str, object]]:
    """Give a list of mappings as such. Raises ValueError for anything else; nothing is none."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise _is_no("list", what)
    return [table(item, f"an entry of {what}") for item in value]


def texts(value: object, what: str) -> list[str]:
    """Give a list of texts as such. Raises ValueError for anything else; nothing is none."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _is_no("list of texts", what)
    return list(value)


def text(value: object, what: str) -> str:
    """Give a text as such. Raises ValueError for anything else; nothing is an empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _is_no("text", what)
    return value


def _is_no(kind: str, what: str) -> ValueError:
    return ValueError(f"{what} is no {kind}")
