"""A row of the proving ground: what was tried, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, order=True)
class Case:
    """A layer to try: one distribution, or a combination with a name of its own."""

    name: str
    python: str
    requirements: tuple[str, ...]
    """Each with its exact version."""

    @property
    def title(self) -> str:
        """The name, with the version where it is that of a distribution."""
        alone = len(self.requirements) == 1
        return self.requirements[0].replace("==", " ") if alone else self.name


@dataclass(frozen=True, kw_only=True, order=True)
class Back:
    """A file that pruning would have removed and that was put back."""

    path: str
    size: int
    needed_by: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of a case."""

    case: Case
    error: str = ""
    """Why the tool refused, in its words."""
    bytes_before: int = 0
    bytes_after: int = 0
    guard: tuple[Back, ...] = ()
    """Put back since a source names it."""
    proof: tuple[Back, ...] = ()
    """Put back since an import failed without it."""
    unneeded: tuple[Back, ...] = ()
    """Of the guard's: what no kept module loads or opens as it is imported."""
    before: int = 0
    """Modules kept, and entry points, that import in the unpruned tree."""
    after: int = 0
    """The same in the pruned tree."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Modules that import in one tree only, with the error."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """Modules that import in neither, with the last line of the error."""
    missed: tuple[str, ...] = ()
    """Files that kept modules load or open unpruned, as they are imported, and that went."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Whether all that imported before imports after, and nothing else."""
        return not self.why_not

    @property
    def why_not(self) -> list[str]:
        """Why the row does not prove what it should, a line each."""
        if self.error:
            return [self.error.splitlines()[0]]
        if not self.before and not self.lost:
            return ["nothing imports, before or after"]
        return [f"`{name}`: {_last_line(error)}" for name, error in self.lost.items()]

    def as_data(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Row":
        """Take what `as_data` gave, after JSON."""
        backs = {
            name: tuple(Back(**back) for back in data[name])
            for name in ("guard", "proof", "unneeded")
        }
        case = data["case"]
        asked = Case(**{**case, "requirements": tuple(case["requirements"])})
        return cls(**{**data, **backs, "case": asked, "missed": tuple(data["missed"])})


def _last_line(error: str) -> str:
    return (error.strip().splitlines() or ["imports only after pruning"])[-1]
