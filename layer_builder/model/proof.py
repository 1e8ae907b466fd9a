"""The proof: the evidence that a pruned tree still imports."""

from collections.abc import Sequence
from dataclasses import field
from enum import StrEnum

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.limits import mib
from layer_builder.model.settings import ProofDepth


@dataclass(frozen=True, kw_only=True)
class ImportCost:
    """What importing takes, seconds of wall time."""

    plain: float
    """From source, as it is without bytecode in a read-only layer."""
    cached: float
    """The same without compiling, and with reading the bytecode instead."""

    def __add__(self, other: "ImportCost") -> "ImportCost":
        """Add up what processes took."""
        return ImportCost(plain=self.plain + other.plain, cached=self.cached + other.cached)


ISOLATED_FROM = ("files", "network", "processes")
"""What isolation keeps imports from: files that are not theirs, the network and sockets of others,
and the environment, memory and signals of other processes."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The evidence that a pruned tree still imports."""

    depth: ProofDepth
    static: bool
    """Whether only the files were looked at."""
    without_python: bool = False
    """Whether that is so because there was no Python of the target."""
    imported: tuple[str, ...] = ()
    failed_before: tuple[str, ...] = ()
    """What did not import unpruned either: no fault of pruning."""
    interpreter: str | None = None
    """Version of the Python that imported, None when none did."""
    isolated: tuple[str, ...] = ()
    seconds: float = 0.0
    cost: ImportCost | None = None
    """Of importing all that was proven, in the processes that did; None where none did to the end.

    Layers below count as if they had bytecode."""
    loaded: tuple[str, ...] = field(default=(), repr=False)
    """Files of the modules that importing the top-level ones, and those asked for, loaded."""

    def failing_text(self, most: int) -> str:
        """Name what does not import, pruned or not; `most` names at most, and how many more."""
        more = len(self.failed_before) - most
        named = ", ".join(self.failed_before[:most])
        return f"{named} and {more} more" if more > 0 else named

    @property
    def is_isolated(self) -> bool:
        """Whether nothing was imported that could reach files, network or other processes."""
        return self.interpreter is None or set(ISOLATED_FROM) <= set(self.isolated)


class EventVerdict(StrEnum):
    """How a function answered an event."""

    ANSWERED = "answered"
    OTHERWISE = "answered otherwise than expected"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    DIED = "died"


@dataclass(frozen=True, kw_only=True)
class EventResult:
    """What came of one event."""

    name: str
    verdict: EventVerdict
    seconds: float = 0.0
    """Of the call, without init."""
    answer: str = ""
    """JSON, shortened."""


@dataclass(frozen=True, kw_only=True)
class ModuleImport:
    """A module that the handler's import loaded, and what it took, in seconds."""

    name: str
    own: float
    cumulative: float
    """With those that it imported in turn."""
    imports: tuple["ModuleImport", ...] = ()


@dataclass(frozen=True, kw_only=True)
class CompiledSource:
    """A source that was compiled."""

    sha256: str
    """Of the source, in hexadecimal."""
    seconds: float
    """What compiling it took."""


@dataclass(frozen=True, kw_only=True)
class InitCost:
    """What importing a handler takes: the part of a cold start that layers decide."""

    source: float
    """Seconds from source, as in a read-only layer without bytecode: with what compiling took of the
    bytecode that was at hand."""
    bytecode: float
    """Seconds with the bytecode of all modules at hand: without what was compiled."""
    processes: int
    """How many fresh processes both are medians of."""
    memory_bytes: int
    """The most that was resident."""
    modules: int
    imports: tuple[ModuleImport, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DistributionUse:
    """How much of a distribution a handler's import and its events loaded."""

    name: str
    layer: str
    bytes_kept: int
    bytes_loaded: int


@dataclass(frozen=True, kw_only=True)
class FunctionProof:
    """The evidence that a function starts on its stack, and answers."""

    function: str
    handler: str | None = None
    events: tuple[EventResult, ...] = ()
    test_command: str | None = None
    """One that ended with 0."""
    own_modules: tuple[str, ...] = ()
    """Modules of the workspace that import on the stack."""
    interpreter: str = ""
    isolated: tuple[str, ...] = ()
    in_place: bool = False
    """Whether code and layers lay at /var/task and /opt, as in Lambda, or in folders of their own."""
    cost: InitCost | None = None
    unused: tuple[DistributionUse, ...] = ()
    loaded: tuple[str, ...] = ()
    """Files below /opt of the modules that importing the handler and its events loaded."""
    seconds: float = field(default=0.0, compare=False)

    @property
    def is_isolated(self) -> bool:
        """Whether nothing ran that could reach files, network or other processes."""
        return not self.interpreter or set(ISOLATED_FROM) <= set(self.isolated)

    def lines(self) -> list[str]:
        """Say what was shown, and how."""
        lines = []
        if self.own_modules:
            lines.append(f"{_count(self.own_modules, 'module')} of the workspace imported")
        if self.handler:
            where = "at /opt and /var/task" if self.in_place else "in folders of their own"
            lines.append(
                f"{self.handler} imported, with its layers and code {where}; {self._events}"
            )
        if self.cost:
            lines.append(
                f"importing it takes {self.cost.source:.2f} s from source,"
                f" {self.cost.bytecode:.2f} s with bytecode"
                f" ({_count(range(self.cost.processes), 'fresh start')} timed, on this machine);"
                f" {self.cost.modules:,} modules, {mib(self.cost.memory_bytes)}"
            )
        if self.test_command:
            lines.append(f"test-command ended with 0: {self.test_command}")
        return lines

    @property
    def _events(self) -> str:
        if not self.events:
            return "no event was given"
        seconds = sum(event.seconds for event in self.events)
        return f"{_count(self.events, 'event')} answered in {seconds:.2f} s"


def _count(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
