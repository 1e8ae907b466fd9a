"""How layers grew over their versions, as data: what AWS listed, and the sizes that the run knows."""

from typing import Any

from layer_builder.model import Layer, LayerVersionArn, Stamp
from layer_builder.outcome import Outcome


def versions_data(outcome: Outcome) -> list[dict[str, Any]]:
    """Render the versions of each layer's name in the first region, oldest first.

    AWS's list has no sizes, and asking for each would be a call each: those of the newest that was
    compared with, and of what this run made, are known.
    """
    if not outcome.regions:
        return []
    found: dict[str, list[dict[str, Any]]] = {}
    for layer in outcome.layers:
        if layer.name not in found and (rows := _rows(outcome, layer, outcome.regions[0])):
            found[layer.name] = rows
    return [
        {"name": name, "region": outcome.regions[0], "versions": rows}
        for name, rows in found.items()
    ]


def _rows(outcome: Outcome, layer: Layer, region: str) -> list[dict[str, Any]]:
    before = changes.before if (changes := outcome.compared.get(layer.id)) else None
    rows: dict[str, dict[str, Any]] = {}
    for version in reversed(outcome.versions.get(layer.name, ())):
        rows[version.arn] = _row(version.arn, version.created, version.stamp)
    if before and before.source in rows:
        rows[before.source] |= _sizes(before.zip_bytes, before.unzipped_bytes)
    release, built = outcome.releases.get(layer.id, {}).get(region), outcome.built.get(layer.id)
    if release and release.arn not in rows:
        rows[release.arn] = _row(release.arn, None, outcome.stamp_of(layer))
    if release and built:
        weight = built.archive.weight
        rows[release.arn] |= _sizes(weight.zip_bytes, weight.unzipped_bytes)
    for row in rows.values():
        row["this_run"] = bool(release and row["arn"] == release.arn)
    return list(rows.values())


def _row(arn: str, created: str | None, stamp: Stamp | None) -> dict[str, Any]:
    return {
        "arn": arn,
        "number": LayerVersionArn.parse(arn).number,
        "created": created,
        "commit": stamp.commit if stamp else None,
        **_sizes(None, None),
    }


def _sizes(zipped: int | None, unzipped: int | None) -> dict[str, int | None]:
    return {"zip_bytes": zipped, "unzipped_bytes": unzipped}
