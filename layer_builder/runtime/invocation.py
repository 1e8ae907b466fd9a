"""What a process is to do for a function, and what came of it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

from layer_builder.isolation import as_if_absent
from layer_builder.lazy_dataclasses import dataclass

_NOT_FOUND = re.compile(r"No module named '([\w.]+)'")


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """What a process is to do."""

    handler: str | None = None
    event: str | None = None
    """JSON; None only imports the handler."""
    modules: tuple[str, ...] = ()
    """To import, after the handler where there is one."""
    sources: tuple[str, ...] = ()
    """Paths below /var/task or /opt, such as `opt/python/shop.py`, to compile and not to run."""
    watch: bool = False
    """Whether to tell which files below /opt are opened."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What went wrong, in Lambda's words and Python's."""

    kind: str
    """Such as `Runtime.ImportModuleError`, or the exception's class."""
    text: str
    trace: str = ""
    frames: tuple[tuple[str, int | None], ...] = ()
    """Files and lines, the innermost last: below `task/` and `opt/` where they are ours."""
    cause: str = ""
    """The class of the exception behind it."""
    lacks: tuple[str | None, str | None] = (None, None)
    """For an ImportError: the module, and the name that it does not have."""
    column: int | None = None


@dataclass(kw_only=True)
class InvocationResult:
    """What came of a process."""

    version: str = ""
    isolated: tuple[str, ...] = ()
    in_place: bool = False
    init: dict[str, Any] | None = None
    """What the import of the handler took, as the program tells it."""
    fault: Fault | None = None
    at_init: bool = True
    """Whether the fault came before the event."""
    answer: str | None = None
    """JSON."""
    seconds: float = 0.0
    memory_bytes: int = 0
    loaded: Mapping[str, list[str]] = field(default_factory=dict)
    """Files of loaded modules, below `opt` and `task`."""
    opened: frozenset[str] = frozenset()
    """Files below /opt."""
    imported: list[str] = field(default_factory=list)
    failed: dict[str, Fault] = field(default_factory=dict)
    """Modules that do not import."""
    refused: dict[str, Fault] = field(default_factory=dict)
    """Sources that do not compile, by path."""
    ended: str = ""
    """How the process ended, where it did not come to its end."""
    timed_out: bool = False
    output: str = ""
    """The end of what it printed."""

    def lacks_any_of(self, modules: Collection[str]) -> bool:
        """Tell whether one of these top-level modules was not found.

        Packages that look for several tell it in words of their own, as pandas does.
        """
        faults = [*([self.fault] if self.fault else ()), *self.failed.values()]
        names = [fault.lacks[0] or "" for fault in faults]
        names += [name for fault in faults for name in _NOT_FOUND.findall(fault.text)]
        return any(name.partition(".")[0] in modules for name in names)

    def note(self, answer: Mapping[str, Any], invocation: Invocation, places: "Places") -> None:
        """Take what the program says."""
        match answer:
            case {"python": version}:
                self.version = str(version)
            case {"init": _, "memory": memory, "loaded": loaded}:
                self.init = dict(answer)
                self.at_init = False
                self.memory_bytes, self.loaded = int(memory), places.below(loaded)
            case {"fault": _, **told}:
                self.fault = _fault(told, places)
                self.seconds = float(told.get("seconds", 0))
            case {"answer": text, "seconds": seconds, "memory": memory, "loaded": loaded}:
                self.answer, self.seconds = str(text), float(seconds)
                self.memory_bytes, self.loaded = int(memory), places.below(loaded)
            case {"imported": index}:
                self.imported.append(invocation.modules[index])
            case {"failed": index, **told}:
                self.failed[invocation.modules[index]] = _fault(told, places)
            case {"refused": path, "text": text, "line": line, "column": column}:
                shown = places.shown(str(path))
                self.refused[shown] = Fault(
                    kind="SyntaxError", text=str(text), frames=((shown, line),), column=column
                )
            case {"opened": paths}:
                self.opened = frozenset(map(str, paths))
            case _:
                pass


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a process finds /opt and /var/task, which a system without mounts has elsewhere."""

    opt: str
    task: str

    def below(self, loaded: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Name by `opt` and `task` what was found below them."""
        return {"opt": list(loaded.get(self.opt, ())), "task": list(loaded.get(self.task, ()))}

    def shown(self, path: str) -> str:
        """Give a path as `opt/…` or `task/…`."""
        for name, place in (("opt", self.opt), ("task", self.task)):
            if path.startswith(f"{place}/"):
                return f"{name}/{path[len(place) + 1 :]}"
        return path

    def real(self, shown: str) -> str:
        """Give the path that is shown so."""
        name, _, rest = shown.partition("/")
        return f"{self.opt if name == 'opt' else self.task}/{rest}"


def _fault(told: Mapping[str, Any], places: Places) -> Fault:
    frames = told.get("frames", ())
    columns = [frame[2] for frame in frames if len(frame) > 2]  # noqa: PLR2004 (file, line, column)
    lacks = told.get("lacks") or (None, None)
    return Fault(
        kind=str(told.get("kind", "")),
        text=as_if_absent(str(told.get("text", ""))),
        trace=as_if_absent(str(told.get("trace", ""))),
        frames=tuple((places.shown(str(frame[0])), frame[1]) for frame in frames),
        cause=str(told.get("cause", "")),
        lacks=(lacks[0], lacks[1]),
        column=columns[-1] if columns else None,
    )
