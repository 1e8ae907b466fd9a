"""Times imports; part of the program that calls handlers, in the target's own Python."""

import importlib._bootstrap
import time
from typing import Any

_SHORTEST_SECONDS = 0.001
"""Of an import that is told of by itself."""


class Timer:
    """Times each module's import, those that it imports in turn within it."""

    def __init__(self) -> None:
        """Start with no import."""
        self.count = 0
        self.roots: list[dict[str, Any]] = []
        self._open: list[dict[str, Any]] = []
        self._find: Any = importlib._bootstrap._find_and_load_unlocked  # type: ignore[attr-defined]  # noqa: SLF001

    def install(self) -> None:
        """Stand before what Python itself calls for a module that is not loaded yet."""
        importlib._bootstrap._find_and_load_unlocked = self._timed  # type: ignore[attr-defined]  # noqa: SLF001

    def _timed(self, name: str, import_: Any) -> Any:
        node: dict[str, Any] = {"name": name, "imports": [], "inner": 0.0}
        outer = self._open[-1] if self._open else None
        self._open.append(node)
        self.count += 1
        begin = time.perf_counter()
        try:
            return self._find(name, import_)
        finally:
            seconds = time.perf_counter() - begin
            if node in self._open:
                self._open.remove(node)
            node["cumulative"] = round(seconds, 5)
            node["own"] = round(max(0.0, seconds - node.pop("inner")), 5)
            if outer is not None and "inner" in outer:
                outer["inner"] += seconds
            if seconds >= _SHORTEST_SECONDS:
                (outer["imports"] if outer is not None else self.roots).append(node)
