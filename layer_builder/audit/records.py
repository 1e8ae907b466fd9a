"""OSV's records, https://ossf.github.io/osv-schema/: what each is called, and which versions it is about."""

from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_ECOSYSTEM = "PyPI"
_EVENTS = frozenset({"introduced", "fixed", "last_affected", "limit"})


def names_of(record: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    """Give a record's id and the other names of the same hole. Raises ValueError for no record."""
    found, aliases = record.get("id"), record.get("aliases") or []
    if not isinstance(found, str) or not found:
        message = "a record has no id"
        raise ValueError(message)
    if not isinstance(aliases, list) or not all(isinstance(one, str) for one in aliases):
        message = f"the aliases of {found} are no names"
        raise ValueError(message)
    return found, frozenset(aliases) - {found}


def affected_parts(record: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """List what a record says of distributions of PyPI, by their normalised names."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for part in _mappings(record.get("affected")):
        package = part.get("package")
        if isinstance(package, dict) and package.get("ecosystem") == _ECOSYSTEM:
            found.setdefault(canonicalize_name(str(package.get("name"))), []).append(part)
    return found


def is_affected(version: str, parts: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether a version is listed or in a range, as the schema's "Evaluation" has it.

    A range that nobody can read counts, and so does what is known of 1.0 for 1.0+local: a hole is
    told rather than passed over.
    """
    wanted = Version(Version(version).public)
    return any(
        _is_listed(wanted, part.get("versions"))
        or any(_is_within(wanted, one) for one in _mappings(part.get("ranges")))
        for part in parts
    )


def _mappings(value: object) -> list[Mapping[str, Any]]:
    """Take a list of mappings, or nothing. Raises ValueError for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        message = "a record is not laid out as OSV's are"
        raise ValueError(message)
    return value


def _is_listed(wanted: Version, versions: object) -> bool:
    if not isinstance(versions, list):
        return False
    return any(_version(one) == wanted for one in versions)


def _is_within(wanted: Version, part: Mapping[str, Any]) -> bool:
    if part.get("type") == "GIT":
        return False
    events = [
        (_version(text), kind)
        for event in _mappings(part.get("events"))
        for kind, text in event.items()
        if kind in _EVENTS and (kind, text) != ("limit", "*")
    ]
    read = sorted((at, kind) for at, kind in events if at is not None)
    if len(read) < len(events):
        return True
    limits = [at for at, kind in read if kind == "limit"]
    if limits and not any(wanted < one for one in limits):
        return False
    is_within = False
    for at, kind in read:
        if kind == "introduced" and wanted >= at:
            is_within = True
        elif (kind == "fixed" and wanted >= at) or (kind == "last_affected" and wanted > at):
            is_within = False
    return is_within


def _version(text: object) -> Version | None:
    """Read a version; "0" comes before all others, says the schema."""
    try:
        return Version("0.dev0" if text == "0" else str(text))
    except InvalidVersion:
        return None
