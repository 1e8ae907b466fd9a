"""`layers.lock`: what each layer holds, chosen once, reviewed, and built from ever after."""

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import Any

from layer_builder.errors import ManifestError, Place, shortened
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import HeldBack, Layer, Pin, Resolution
from layer_builder.sources import Requirements

FORMAT = 1


_HELD_BACK = re.compile(r"([a-z0-9-]+) ([0-9A-Za-z.!+_-]+) ([0-9A-Za-z.!+_-]+)")


_LOCAL_DIGEST = re.compile(r"( @ \.[^#]*)(?<!\.whl)(?<!\.zip)(?<!\.tar\.gz)#sha256=[0-9a-f]{64}")


_HEADER = """\
# What each layer holds. Written by `layer-builder lock`, which keeps these versions as long as the
# requirements allow them; `layer-builder lock --upgrade` looks for newer ones.
"""


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One layer for one target."""

    asked: tuple[str, ...]
    """What its requirements said when it was locked."""
    resolution: Resolution

    @classmethod
    def of(cls, requirements: Requirements, resolution: Resolution) -> "Locked":
        """Lock what requirements were resolved to."""
        return cls(asked=_asked(requirements), resolution=resolution)


@dataclass(frozen=True, kw_only=True)
class Lockfile:
    """The locked layers by id."""

    file: str
    layers: Mapping[str, Locked] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, file: str) -> "Lockfile":
        """Read the file. Raises ManifestError when it is not what `lock` writes."""
        try:
            data: dict[str, Any] = tomllib.loads(text)
            layers = {
                layer_id: _locked(entry) for layer_id, entry in data.get("layers", {}).items()
            }
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ManifestError.because(
                f"the lock cannot be read: {error}",
                place=Place(file=file),
                advice=("`layer-builder lock` writes it anew",),
            ) from None
        if data.get("version") != FORMAT:
            raise ManifestError.because(
                f"the lock has format {data.get('version')}; this program reads {FORMAT}",
                place=Place(file=file),
            )
        return cls(file=file, layers=layers)

    @property
    def text(self) -> str:
        """The file's contents: one line for each distribution, in a fixed order."""
        parts = [_HEADER + f"version = {FORMAT}\n"]
        for layer_id, locked in self.layers.items():
            rows = [
                f"asked = {_list(locked.asked)}",
                f"pins = {_list(map(str, locked.resolution.pins))}",
            ]
            if locked.resolution.held_back:
                held = (f"{h.name} {h.version} {h.newer}" for h in locked.resolution.held_back)
                rows.append(f"held-back = {_list(held)}")
            parts.append(f"\n[layers.{json.dumps(layer_id)}]\n" + "\n".join(rows) + "\n")
        return "".join(parts)

    def preferred(self, ids: Collection[str], upgrade: Collection[str]) -> Resolution:
        """Give the versions to keep where the requirements allow it, less those to renew."""
        pins = {
            pin.name: pin
            for layer_id, locked in self.layers.items()
            if layer_id in ids
            for pin in locked.resolution.pins
        }
        return Resolution(pins=tuple(sorted(pins.values()))).without(upgrade)

    def moved(self, layer: Layer, requirements: Requirements) -> list[str]:
        """Say how the requirements of a layer differ from what was locked, as a diff."""
        locked = self.layers.get(layer.id)
        before = set(locked.asked) if locked else set()
        now = set(_asked(requirements))
        if locked is None and not now:
            return []
        hashes = requirements.hashes
        pins = locked.resolution.pins if locked and hashes else ()
        return [
            *(f"- {line}" for line in sorted(before - now)),
            *(f"+ {line}" for line in sorted(now - before)),
            *(
                f"~ {pin.name}=={pin.version}: other hashes"
                for pin in pins
                if not set(pin.hashes) <= hashes.get(pin.name, frozenset())
            ),
        ]


def _asked(requirements: Requirements) -> tuple[str, ...]:
    """List what requirements say, in a fixed order, without the hashes."""
    lines = [_without_digest(line.partition(" --hash")[0]) for line in requirements.lines]
    limits = (_without_digest(line) for line in requirements.constraints)
    return (*sorted(lines), *sorted(f"-c {line}" for line in limits))


def _without_digest(line: str) -> str:
    """Leave the digest of a local project out: its sources may change, its requirements may not."""
    return _LOCAL_DIGEST.sub(r"\1", line)


def _locked(entry: Mapping[str, object]) -> Locked:
    """Read a layer's entry, each pin by its grammar: what is in it becomes arguments of uv.

    A pin of another form could be an option, an address, a file:
    https://pip.pypa.io/en/stable/reference/requirements-file-format/
    """
    pins = tuple(sorted(map(Pin.parse, _texts(entry, "pins"))))
    twice = sorted({pin.name for pin in pins if sum(one.name == pin.name for one in pins) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} is pinned twice")
    held_back = _texts(entry, "held-back") if "held-back" in entry else ()
    return Locked(
        asked=_texts(entry, "asked"),
        resolution=Resolution(pins=pins, held_back=tuple(map(_held_back, held_back))),
    )


def _texts(entry: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = entry[key]
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError(f"{key} is a list of texts")
    return tuple(value)


def _held_back(row: str) -> HeldBack:
    match = _HELD_BACK.fullmatch(row)
    if match is None:
        raise ValueError(f"{shortened(row)} is not a name and two versions")
    return HeldBack(name=match[1], version=match[2], newer=match[3])


def _list(lines: Iterable[str]) -> str:
    rows = "".join(f"  {json.dumps(line, ensure_ascii=False)},\n" for line in lines)
    return f"[\n{rows}]" if rows else "[]"
