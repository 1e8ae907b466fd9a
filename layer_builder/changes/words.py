"""What changed in a layer, in a line or two: the log, the summary and the comment say the same."""

from layer_builder.changes.diff import LayerChanges, PartChange, PartChangeKind
from layer_builder.model import MIB, mib

_MOST_NAMED = 3
"""Upgraded distributions that are named in the headline."""
_LONGEST = 60


def changes_headline(changes: LayerChanges) -> str:
    """Sum a layer's changes up: `43.1 MiB (+1.2) · boto3 1.44.7 → 1.44.8 · +2 distributions`."""
    if changes.before is None:
        words = ["not compared"] if changes.unknown else ["new"]
        size = changes.after.zip_bytes
        return " · ".join([*words, *([mib(size)] if size is not None else [])])
    words = [_size(changes)] if changes.after.zip_bytes is not None else []
    if changes.is_same:
        return " · ".join([*words, "unchanged"])
    moved = [one for one in changes.parts if one.kind in _MOVED]
    words += [_moved(one) for one in moved[:_MOST_NAMED]]
    if len(moved) > _MOST_NAMED:
        words.append(f"{len(moved) - _MOST_NAMED} more versions")
    for kind, sign in ((PartChangeKind.ADDED, "+"), (PartChangeKind.REMOVED, "-")):
        if count := sum(one.kind is kind for one in changes.parts):
            words.append(f"{sign}{count} distribution{'' if count == 1 else 's'}")
    if count := sum(one.kind is PartChangeKind.RESIZED for one in changes.parts):
        words.append(f"{count} resized")
    differs = (changes.runtimes, changes.architectures, changes.permissions)
    words += [str(one) for one in differs if one]
    words += [f"nears its limit: {one.limit.kind}" for one in changes.neared]
    if changes.is_same is None:
        words.append("not known whether it differs")
    elif changes.before.parts is None:
        words.append("other bytes; which distributions differ is not known")
    elif not (changes.parts or any(differs)):
        words.append("the same distributions, other files")
    return " · ".join(words)


def changes_lines(changes: LayerChanges) -> list[str]:
    """Tell what changed in two lines of a log: with what it was compared, and the headline."""
    if changes.before is None:
        why = f" ({'; '.join(changes.unknown)})" if changes.unknown else ""
        return [f"{changes_headline(changes)}{why}"]
    unread = f"; not known: {'; '.join(changes.unknown)}" if changes.unknown else ""
    return [f"compared with {changes.before.source}{unread}", changes_headline(changes)]


_MOVED = {PartChangeKind.UPGRADED, PartChangeKind.DOWNGRADED}


def _size(changes: LayerChanges) -> str:
    after = changes.after.zip_bytes or 0
    before = changes.before.zip_bytes if changes.before else None
    return mib(after) if before is None else f"{mib(after)} ({signed_mib(after - before)})"


def signed_mib(growth: int) -> str:
    """Show a difference: `+1.2` for MiB, else with its unit.

    >>> signed_mib(1_258_291), signed_mib(-300), signed_mib(0)
    ('+1.2', '-300 B', '±0')
    """
    if not growth:
        return "±0"
    sign, size = "+" if growth > 0 else "-", abs(growth)
    return sign + (f"{size / MIB:.1f}" if size >= MIB / 10 else mib(size))


def _moved(change: PartChange) -> str:
    before, after = (part.version if part else "" for part in (change.before, change.after))
    return f"{shortened_name(change.name)} {shortened_name(before)} → {shortened_name(after)}"


def shortened_name(name: str) -> str:
    """Cut a name of anybody's to what a line takes."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
