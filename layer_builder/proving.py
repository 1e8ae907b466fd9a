"""Proves a pruned tree: imports it, and puts back what the imports show to be needed."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from layer_builder import imports, proof
from layer_builder.errors import ProofError
from layer_builder.proof import Attempt, Depth, Proof, Round
from layer_builder.pruning import PrunePlan
from layer_builder.tree import Tree

_MOST_ROUNDS = 8
_LAST_LINES = 12


class Prover(Protocol):
    """A Python of the target that imports modules."""

    def attempt(
        self,
        root: Path,
        modules: Sequence[str],
        *,
        cache: Path,
        others: Sequence[Path] = (),
        watch: bool = False,
    ) -> Round:
        """Import modules one after another."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """The proof, and the plan as it is after what was put back."""

    proof: Proof
    plan: PrunePlan
    broken_anyway: Mapping[str, Attempt]
    """What does not import, pruned or not."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and with what to import."""

    tree: Tree
    prover: Prover
    cache: Path
    """Takes bytecode."""
    others: tuple[Path, ...] = ()
    """Folders of packages that Lambda has besides: from the runtime."""
    workers: int = 1


def prove(
    bench: Bench, plan: PrunePlan, owners: Mapping[str, str], names: Sequence[str], depth: Depth
) -> Result:
    """Import the names from the pruned tree.

    What fails there is imported from the unpruned tree. What fails in both is no fault of pruning;
    for the rest, the removed files that the unpruned import opened are put back and it is imported
    again. Raises ProofError when that does not help, or when a module wrote into the layer.
    """
    tries = _Tries(bench)
    first = tries.all(names)
    if first.broken:
        # An import may break those after it for good (a hook, a limit): now they come before it.
        first = proof.together([first, tries.all(first.broken[::-1])], names)
    suspects, failed_before = first.broken, dict[str, Attempt]()
    for _ in range(_MOST_ROUNDS):
        if not suspects:
            break
        whole = tries.unpruned(suspects, plan) if plan.removals else first.only(suspects)
        failed_before |= {name: whole.attempts[name] for name in whole.broken}
        suspects = whole.imported
        needed = _needed(whole, plan.removed_paths, owners)
        if not needed:
            break
        bench.tree.exchange(needed)
        plan = plan.restoring(needed)
        again = tries.all(suspects)
        first = proof.together([first, again], names)
        suspects = again.broken
    if suspects:
        raise _disproved(suspects, first)
    return Result(
        proof=Proof(
            depth=depth,
            static=False,
            imported=tuple(first.imported),
            failed_before=tuple(failed_before),
            interpreter=first.version or None,
            isolated=first.isolated,
            loaded=tuple(sorted(first.loaded)),
        ),
        plan=plan,
        broken_anyway=failed_before,
    )


def _needed(whole: Round, removed: frozenset[str], owners: Mapping[str, str]) -> dict[str, str]:
    """Map removed files to the import that opened them.

    Where that is none: to the import that looked into their folder (Python itself does, to find
    a module). Where that is none either, all that was removed of the distributions counts.
    """
    read: dict[str, str] = {}
    listed: dict[str, str] = {}
    for name in whole.imported:
        opened = whole.attempts[name].opened
        for path in removed:
            if path in opened:
                read.setdefault(path, f"import {name}")
            elif str(PurePosixPath(path).parent) in opened:
                listed.setdefault(path, f"import {name}")
    return read or listed or _all_of_their_distributions(whole.imported, removed, owners)


def _all_of_their_distributions(
    names: Sequence[str], removed: frozenset[str], owners: Mapping[str, str]
) -> dict[str, str]:
    by_module = {imports.module_name(path): owner for path, owner in owners.items()}
    needed: dict[str, str] = {}
    for name in names:
        parents = reversed(imports.parents(name.partition(":")[0]))
        owner = next((by_module[parent] for parent in parents if parent in by_module), None)
        for path in removed:
            if owner and owners.get(path) == owner:
                needed.setdefault(path, f"import {name}")
    return needed


def _disproved(suspects: Sequence[str], tried: Round) -> ProofError:
    name = suspects[0]
    lines = tried.attempts[name].error.strip().splitlines()[-_LAST_LINES:]
    return ProofError.because(
        f"{', '.join(suspects[:5])} imported before pruning, and not after",
        details=(f"import {name}:", *lines),
        advice=(
            "name what it needs under keep:, or prune less (prune: safe, prune: off)",
            "nothing was published",
        ),
    )


class _Tries:
    """Imports from one tree, and makes sure that the imports left it alone."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._tree = bench.tree

    def all(self, names: Sequence[str]) -> Round:
        """Import in several processes, whole packages each."""
        shares = proof.shares(names, self._bench.workers)
        before = self._tree.fingerprint()
        with ThreadPoolExecutor(max_workers=max(1, len(shares))) as pool:
            rounds = list(pool.map(self._import, shares))
        found = proof.together(rounds, names)
        self._check_untouched(before, found)
        return found

    def unpruned(self, names: Sequence[str], plan: PrunePlan) -> Round:
        """Import from the tree as it was before pruning, watching which files that takes."""
        self._tree.exchange(plan.removed_paths)
        try:
            before = self._tree.fingerprint()
            found = self._import(names, watch=True)
            self._check_untouched(before, found)
        finally:
            self._tree.exchange(plan.removed_paths)
        return found

    def _import(self, names: Sequence[str], *, watch: bool = False) -> Round:
        bench = self._bench
        found = bench.prover.attempt(
            bench.tree.root, names, cache=bench.cache, others=bench.others, watch=watch
        )
        if not found.version:
            # Or all would count as broken anyway, and nothing would be proven.
            raise ProofError.because(
                next(attempt.error for attempt in found.attempts.values()),
                advice=("try it by hand, put another on PATH, or say proof: static",),
            )
        return found

    def _check_untouched(self, before: frozenset[tuple[str, int, int, int]], found: Round) -> None:
        if "files" in found.isolated:
            return
        changed = sorted({path for path, *_ in before ^ self._tree.fingerprint()})
        if changed:
            raise ProofError.because(
                f"importing its modules changed files of the layer: {', '.join(changed[:5])}",
                advice=("find out which distribution does that; in Lambda /opt is read-only",),
            )
