"""`layers.lock`: what each layer holds, chosen once, reviewed, and built from ever after."""

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from layer_builder.errors import ManifestError, Place
from layer_builder.model import HeldBack, Layer, Resolution
from layer_builder.sources import Requirements

FORMAT = 1


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
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
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
    lines = [line.partition(" --hash")[0] for line in requirements.lines]
    return (*sorted(lines), *sorted(f"-c {line}" for line in requirements.constraints))


def _locked(entry: Mapping[str, Sequence[str]]) -> Locked:
    held_back = (row.split() for row in entry.get("held-back", ()))
    pins = Resolution.from_lines("\n".join(entry["pins"])).pins
    return Locked(
        asked=tuple(entry["asked"]),
        resolution=Resolution(
            pins=pins,
            held_back=tuple(HeldBack(name=n, version=v, newer=w) for n, v, w in held_back),
        ),
    )


def _list(lines: Iterable[str]) -> str:
    rows = "".join(f"  {json.dumps(line, ensure_ascii=False)},\n" for line in lines)
    return f"[\n{rows}]" if rows else "[]"
