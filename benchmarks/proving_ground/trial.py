"""One row of the proving ground: a layer filled by the tool, then checked without it.

The tool imports again, unpruned, only what fails after pruning. Here every kept module is imported
in the pruned and in the unpruned tree, in the same order, and the answers are compared.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.proving_ground.row import Back, Case, Row
from layer_builder.builder import install, proof_step
from layer_builder.errors import LayerBuilderError, ManifestError, Place
from layer_builder.model.build import Package
from layer_builder.model.layer import Layer, Reference
from layer_builder.model.prune_plan import Restoration
from layer_builder.model.settings import ProofDepth, PruneProfile
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import interpreter
from layer_builder.prove.results import ImportResults
from layer_builder.prune.source import module_name
from layer_builder.resolve import index_settings
from layer_builder.resolve.groups import LayerGroup
from layer_builder.resolve.resolver import resolve_group
from layer_builder.resolve.uv import Uv
from layer_builder.sources.includes import CollectedFiles
from layer_builder.sources.request import make_request
from layer_builder.sources.requirements import Requirements, RequirementsSource
from layer_builder.sources.requirements_files import collect_requirements
from layer_builder.timing import Clock
from layer_builder.tree.tree import Tree
from layer_builder.wheels import Wheels


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the comparison needs to know of a filled layer."""

    packages: tuple[Package, ...]
    restored: tuple[Restoration, ...]


def try_out(case: Case) -> Row:
    """Have the tool fill a layer, then compare the imports of both trees."""
    start = time.perf_counter()
    target = Target(python=Python(case.python), architecture=Architecture.X86_64)
    prover = interpreter.find_interpreter(target, os.environ)
    if prover is None:
        return Row(case=case, error=f"no {target.runtime} on this machine")
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="proving-ground-") as folder:
        tree = Tree.below(Path(folder))
        try:
            account = fill(case, target, prover, tree, clock)
        except LayerBuilderError as error:
            lines = [line for p in error.problems for line in (p.message, *p.details)]
            return Row(case=case, error="\n".join(lines), seconds=clock.seconds)
        with clock.step("compare"):
            row = _compare(case, tree, account, prover)
    seconds = {**clock.seconds, "all": round(time.perf_counter() - start, 1)}
    return replace(row, seconds=seconds)


def fill(  # noqa: PLR0913 (two of them only where they differ)
    case: Case,
    target: Target,
    prover: interpreter.Interpreter,
    tree: Tree,
    clock: Clock,
    *,
    prune: PruneProfile = PruneProfile.AGGRESSIVE,
    proof: ProofDepth = ProofDepth.DEEP,
) -> Account:
    """Have the tool fill a tree, proof included. Raises LayerBuilderError."""
    of_uv = index_settings.index_environment(os.environ, {})
    installer = Uv(environ=of_uv, wheels=Wheels.around(of_uv, os.environ))
    layer = Layer(
        key="ground",
        name="ground",
        target=target,
        place=Place(file="packages.toml"),
        prune=prune,
        proof=proof,
    )
    asked = _requirements(case, target)
    with clock.step("resolve"):
        family = LayerGroup(requests=(make_request(layer, asked, CollectedFiles()),))
        resolved = resolve_group(family, installer)[layer.id]
    filled = install.install(resolved, tree, installer, clock)
    # What imports neither before nor after is the row's to tell, and not the tool's.
    names = [one.name for one in filled.installation.distributions]
    may_fail = tuple(Reference(text=name, place=layer.place) for name in names)
    filled = replace(filled, layer=replace(filled.layer, allow_failing=may_fail))
    found = proof_step.prove(filled, lambda _: prover, tuple, tuple, clock)
    return Account(
        packages=filled.following(found.plan).packages,
        restored=found.plan.restored,
    )


def _requirements(case: Case, target: Target) -> Requirements:
    place = Place(file="packages.toml")
    lines = [Reference(text=line, place=place) for line in case.requirements]
    asked, problems = collect_requirements([], lines, RequirementsSource(read=str), target)
    if problems:
        raise ManifestError(*problems)
    return asked


def _compare(case: Case, tree: Tree, account: Account, prover: interpreter.Interpreter) -> Row:
    guard, proof = _put_back(account.restored)
    kept = [entry.path for entry in tree.scan()]
    restored = {back.path for back in (*guard, *proof)}
    first = _modules(path for path in kept if path not in restored)
    first += tree.entry_points()
    names = list(dict.fromkeys([*first, *_modules(kept)]))
    gone = _files(tree.attic)
    pruned = prover.import_modules(tree.root, names, caches=[tree.bytecode], watch=True)
    tree.exchange(gone)
    whole = prover.import_modules(tree.root, names, caches=[tree.bytecode], watch=True)
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
            name: (pruned if name in imported["before"] else whole).by_name[name].error
            for name in sorted(imported["before"] ^ imported["after"])
        },
        failing={
            name: (whole.by_name[name].error.strip().splitlines() or [""])[-1]
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
    names = {name for path in paths if (name := module_name(path))}
    return sorted(name for name in names if name.rpartition(".")[2] != "__main__")


def _used(found: ImportResults, names: Sequence[str]) -> set[str]:
    """Collect the files that the imports of these modules loaded or opened."""
    return {path for name in names for path in found.by_name[name].opened}


def _files(folder: Path) -> frozenset[str]:
    if not folder.exists():
        return frozenset()
    return frozenset(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )
