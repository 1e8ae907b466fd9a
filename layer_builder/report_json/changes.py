"""What changed in layers, as data: for `report.json` and the output `changes`."""

from typing import Any

from layer_builder.changes import LayerChanges, WordsDiffer
from layer_builder.outcome import Outcome


def changes_data(changes: LayerChanges | None) -> dict[str, Any] | None:
    """Render what changed in a layer as JSON-ready data; None where nothing was compared."""
    if changes is None:
        return None
    before, after = changes.before, changes.after
    return {
        "compared_with": before.source if before else None,
        "same": changes.is_same,
        "new": changes.is_new,
        "unknown": list(changes.unknown),
        "zip_bytes": {"before": before.zip_bytes if before else None, "after": after.zip_bytes},
        "unzipped_bytes": {
            "before": before.unzipped_bytes if before else None,
            "after": after.unzipped_bytes,
        },
        "distributions": [
            {
                "name": one.name,
                "change": str(one.kind),
                "before": one.before.version if one.before else None,
                "after": one.after.version if one.after else None,
                "bytes_before": one.before.unzipped if one.before else None,
                "bytes_after": one.after.unzipped if one.after else None,
            }
            for one in changes.parts
        ],
        "nears": [
            {
                "kind": one.limit.kind,
                "limit": one.limit.allowed,
                "before": one.before,
                "after": one.after,
            }
            for one in changes.neared
        ],
        "runtimes": _words(changes.runtimes),
        "architectures": _words(changes.architectures),
        "permissions": _words(changes.permissions),
    }


def compared_data(outcome: Outcome) -> list[dict[str, Any]]:
    """Render what was compared, a layer each, also of a plan, which has no layers in its report."""
    return [
        {
            "key": layer.key,
            "python": str(layer.target.python),
            "architecture": str(layer.target.architecture),
            **(changes_data(outcome.compared[layer.id]) or {}),
        }
        for layer in outcome.layers
        if layer.id in outcome.compared
    ]


def compared_by_key(outcome: Outcome) -> dict[str, Any]:
    """Map keys to what changed; a layer with several targets maps to one for each, as ARNs do."""
    found: dict[str, Any] = {}
    for layer in outcome.layers:
        if layer.id not in outcome.compared:
            continue
        data = changes_data(outcome.compared[layer.id])
        if layer.is_one_of_several:
            found.setdefault(layer.key, {})[layer.target.label] = data
        else:
            found[layer.key] = data
    return found


def _words(words: WordsDiffer) -> dict[str, list[str]]:
    return {"added": list(words.added), "removed": list(words.removed)}
