"""One row of the proving ground: a layer filled by the tool, then checked without it.

The tool imports again, unpruned, only what fails after pruning. Here every kept module is imported
in the pruned and in the unpruned tree, in the same order, and the answers are compared.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from layer_builder import imports, indexes, interpreter
from layer_builder.clock import Clock
from layer_builder.errors import LayerBuilderError, ManifestError, Place
from layer_builder.filling import Filler
from layer_builder.layer import Account, Layer, Reference
from layer_builder.order import order
from layer_builder.proof import Depth, Round
from layer_builder.pruning import Restoration
from layer_builder.requirements import Requirements, collect
from layer_builder.resolving import Family, resolve
from layer_builder.rules import Profile
from layer_builder.target import Architecture, Python, Target
from layer_builder.tree import Tree
from layer_builder.uv import Uv
from layer_builder.workspace import Collection


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
        return not self.error and not self.lost and self.before == self.after

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


def try_out(case: Case) -> Row:
    """Have the tool fill a layer, then compare the imports of both trees."""
    start = time.perf_counter()
    target = Target(python=Python(case.python), architecture=Architecture.X86_64)
    prover = interpreter.find(target, os.environ)
    if prover is None:
        return Row(case=case, error=f"no {target.runtime} on this machine")
    filler = Filler(
        installer=Uv(environ=indexes.environment(os.environ, {})), find_prover=lambda _: prover
    )
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="proving-ground-") as folder:
        tree = Tree.below(Path(folder))
        try:
            account = _fill(case, target, filler, tree, clock)
        except LayerBuilderError as error:
            lines = [line for p in error.problems for line in (p.message, *p.details)]
            return Row(case=case, error="\n".join(lines), seconds=clock.seconds)
        with clock.step("compare"):
            row = _compare(case, tree, account, prover)
    seconds = {**clock.seconds, "all": round(time.perf_counter() - start, 1)}
    return replace(row, seconds=seconds)


def _fill(case: Case, target: Target, filler: Filler, tree: Tree, clock: Clock) -> Account:
    layer = Layer(
        key="ground",
        name="ground",
        target=target,
        place=Place(file="proving_ground.toml"),
        prune=Profile.AGGRESSIVE,
        proof=Depth.DEEP,
    )
    asked = _requirements(case, target)
    with clock.step("resolve"):
        family = Family(orders=(order(layer, asked, Collection()),))
        resolved = resolve(family, filler.installer)[layer.id]
    return filler.fill(resolved, tree, clock)


def _requirements(case: Case, target: Target) -> Requirements:
    place = Place(file="proving_ground.toml")
    lines = [Reference(text=line, place=place) for line in case.requirements]
    asked, problems = collect([], lines, str, target)
    if problems:
        raise ManifestError(*problems)
    return asked


def _compare(
    case: Case, tree: Tree, account: Account, prover: interpreter.Interpreter
) -> Row:
    guard, proof = _put_back(account.restored)
    kept = [entry.path for entry in tree.scan()]
    restored = {back.path for back in (*guard, *proof)}
    first = _modules(path for path in kept if path not in restored)
    first += tree.entry_points()
    names = list(dict.fromkeys([*first, *_modules(kept)]))
    gone = _files(tree.attic)
    pruned = prover.attempt(tree.root, names, cache=tree.bytecode, watch=True)
    tree.exchange(gone)
    whole = prover.attempt(tree.root, names, cache=tree.bytecode, watch=True)
    used = _used(pruned, first)
    imported = {"before": set(whole.imported), "after": set(pruned.imported)}
    return Row(
        case=case,
        bytes_before=sum(package.bytes_installed for package in account.packages),
        bytes_after=sum(package.bytes_kept for package in account.packages),
        guard=guard,
        proof=proof,
        unneeded=tuple(back for back in guard if back.path not in used),
        before=len(imported["before"]),
        after=len(imported["after"]),
        lost={
            name: (pruned if name in imported["before"] else whole).attempts[name].error
            for name in sorted(imported["before"] ^ imported["after"])
        },
        failing={
            name: (whole.attempts[name].error.strip().splitlines() or [""])[-1]
            for name in whole.broken
            if name not in imported["after"]
        },
        missed=tuple(sorted(gone & (_used(whole, names) | whole.loaded))),
        packages={package.name: package.version for package in account.packages},
    )


def _put_back(restored: Sequence[Restoration]) -> tuple[tuple[Back, ...], tuple[Back, ...]]:
    """Tell what the guard put back from what the proof did."""
    backs = [(b.path, Back(path=b.path, size=b.size, needed_by=b.needed_by)) for b in restored]
    by_proof = {path for path, back in backs if back.needed_by.startswith("import ")}
    return (
        tuple(back for path, back in backs if path not in by_proof),
        tuple(back for path, back in backs if path in by_proof),
    )


def _modules(paths: Iterable[str]) -> list[str]:
    names = {name for path in paths if (name := imports.module_name(path))}
    return sorted(name for name in names if name.rpartition(".")[2] != "__main__")


def _used(found: Round, names: Sequence[str]) -> set[str]:
    """Collect the files that the imports of these modules loaded or opened."""
    return {path for name in names for path in found.attempts[name].opened}


def _files(folder: Path) -> frozenset[str]:
    if not folder.exists():
        return frozenset()
    return frozenset(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )
