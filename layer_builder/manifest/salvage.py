"""Leaves out of a document what the model refused, so that the rest can be checked too."""

import copy
from collections.abc import Iterable

from pydantic import ValidationError

from layer_builder.manifest.document import YamlPath, YamlValue
from layer_builder.manifest.schema import ManifestFile

_STAND_IN = "stand-in"
"""A requirement in place of contents that could not be read."""


_STAND_INS: dict[str, YamlValue] = {"python": "3.12", "version": 1}


_CONTENTS = frozenset({"requirements", "packages", "project", "include"})


_MAX_ROUNDS = 4


def salvage_model(value: YamlValue, error: ValidationError) -> ManifestFile | None:
    """Leave out what the model refused, with stand-ins where something must be; None if in vain."""
    remaining = copy.deepcopy(value)
    for _ in range(_MAX_ROUNDS):
        for details in error.errors(include_url=False):
            path = _parts(details["loc"], remaining)
            remaining = _without(remaining, path, missing=details["type"] == "missing")
        try:
            return ManifestFile.model_validate(remaining)
        except ValidationError as next_error:
            error = next_error
    return None


def _parts(location: Iterable[str | int], value: YamlValue) -> YamlPath:
    """Keep of a location what is in the document, and a missing key at its end."""
    kept: YamlPath = ()
    here: YamlValue = value
    for part in location:
        if isinstance(here, dict) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return kept
        kept = (*kept, part)
    return kept


def _without(value: YamlValue, path: YamlPath, *, missing: bool) -> YamlValue:
    """Leave out the key of the top, the layer or the function that a path leads into."""
    if not isinstance(value, dict):
        return value
    if not path and missing:
        return {"version": 1, **value}
    match path:
        case ("layers", key, name, *_):
            _mend(value["layers"], str(key), str(name))
        case ("layers", key):
            _mend(value["layers"], str(key), None)
        case ("functions", key, *_):
            _discard(value["functions"], str(key))
        case (top, *_) if top in _STAND_INS:
            value[str(top)] = _STAND_INS[str(top)]
        case _:
            _discard(value, str(path[0]) if path else "")
    return value


def _mend(layers: YamlValue, key: str, name: str | None) -> None:
    """Leave out a key of a layer, or all of the layer but that it is there."""
    layer = layers.get(key) if isinstance(layers, dict) else None
    if not isinstance(layer, dict) or name is None:
        layer = {}
    _discard(layer, name or "")
    if name in _STAND_INS:
        layer[name] = _STAND_INS[name]
    if not _CONTENTS & layer.keys():
        layer["packages"] = [_STAND_IN]
    if isinstance(layers, dict):
        layers[key] = layer


def _discard(mapping: YamlValue, key: str) -> None:
    if isinstance(mapping, dict):
        mapping.pop(key, None)
