"""Scans of earlier builds of a layer: a file that is the same is not read again."""

import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

from layer_builder.keeping import PartCache
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.scans.scan import Found

_PYTHON = ".".join(map(str, sys.version_info[:3]))
"""Our own, whose parser reads the sources."""


@dataclass(kw_only=True)
class KeptScans:
    """Those of one layer: a part with a line of JSON. Several threads may ask."""

    parts: PartCache = field(default_factory=PartCache)
    title: str = ""
    """The layer's."""
    _used: dict[str, Any] = field(default_factory=dict)

    def __call__(self, name: str, content: bytes, read: Callable[[bytes], Found]) -> Found:
        """Call a function with a content, or give what it gave for that; see `Scan`."""
        key = f"{name} {hashlib.sha256(content).hexdigest()}"
        found: Found = self._known[key] if key in self._known else read(content)
        self._used[key] = found
        return found

    def keep(self, scratch: Path) -> None:
        """Keep what this build asked for, if any of it is new; `scratch` is a new file to write first.

        Where that fails, it is read again.
        """
        if self._used.keys() <= self._known.keys():
            return
        with suppress(OSError):
            scratch.write_text(json.dumps(self._used), encoding="utf-8")
            self.parts.keep(self._about, scratch)

    @property
    def taken(self) -> int:
        """How many were known."""
        return len(self._used.keys() & self._known.keys())

    @property
    def asked(self) -> int:
        """How many were asked for."""
        return len(self._used)

    @property
    def _about(self) -> str:
        return f"scans of {self.title} by Python {_PYTHON}"

    @cached_property
    def _known(self) -> dict[str, Any]:
        place = self.parts.find(self._about)
        if place is None:
            return {}
        try:
            known: dict[str, Any] = json.loads(place.read_bytes().partition(b"\n")[2])
        except OSError:
            return {}  # gone since it was found: others needed its room
        return known
