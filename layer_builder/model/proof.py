"""The proof: the evidence that a pruned tree still imports."""

from dataclasses import dataclass, field

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
