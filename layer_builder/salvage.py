"""Makes what can be made of a manifest with mistakes, so that the others can be found as well."""

import copy
from collections.abc import Iterable

from pydantic import ValidationError

from layer_builder.document import Path, Value
from layer_builder.schema import ManifestFile

STAND_IN = "stand-in"
"""A requirement in place of contents that could not be read."""

_STAND_INS: dict[str, Value] = {"python": "3.12", "version": 1}
_CONTENTS = frozenset({"requirements", "packages", "uv", "include"})
_MOST_ROUNDS = 4


def salvage(value: Value, error: ValidationError) -> ManifestFile | None:
    """Leave out what the model refused, with stand-ins where something must be; None if in vain."""
    left = copy.deepcopy(value)
    found = error
    for _ in range(_MOST_ROUNDS):
        for details in found.errors(include_url=False):
            left = _without(
                left, _parts(details["loc"], left), missing=details["type"] == "missing"
            )
        try:
            return ManifestFile.model_validate(left)
        except ValidationError as again:
            found = again
    return None


def _parts(location: Iterable[str | int], value: Value) -> Path:
    """Keep of a location what is in the document, and a missing key at its end."""
    kept: Path = ()
    here: Value = value
    for part in location:
        if isinstance(here, dict) and part in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return kept
        kept = (*kept, part)
    return kept


def _without(value: Value, path: Path, *, missing: bool) -> Value:
    """Leave out the key of the top, the layer or the function that a path leads into."""
    if not isinstance(value, dict):
        return value
    if not path and missing:
        return {"version": 1, **value}
    top = str(path[0]) if path else ""
    if top == "layers" and len(path) > 1:
        _mend(value["layers"], str(path[1]), str(path[2]) if len(path) > 2 else None)  # noqa: PLR2004 (layers, its key, a key in it)
    elif top == "functions" and len(path) > 1:
        _discard(value["functions"], str(path[1]))
    elif top in _STAND_INS:
        value[top] = _STAND_INS[top]
    else:
        _discard(value, top)
    return value


def _mend(layers: Value, key: str, name: str | None) -> None:
    """Leave out a key of a layer, or all of the layer but that it is there."""
    layer = layers.get(key) if isinstance(layers, dict) else None
    if not isinstance(layer, dict) or name is None:
        layer = {}
    _discard(layer, name or "")
    if name in _STAND_INS:
        layer[name] = _STAND_INS[name]
    if not _CONTENTS & layer.keys():
        layer["packages"] = [STAND_IN]
    if isinstance(layers, dict):
        layers[key] = layer


def _discard(mapping: Value, key: str) -> None:
    if isinstance(mapping, dict):
        mapping.pop(key, None)
