"""Proves a pruned tree: imports it, and puts back what the imports show to be needed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from functools import partial
from pathlib import Path, PurePosixPath

from layer_builder.errors import Place, Problem, ProofError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import ImportCost, Proof, ProofDepth, PrunePlan
from layer_builder.prove import selection
from layer_builder.prove.prover import Prover
from layer_builder.prove.results import ImportResult, ImportResults, join_results
from layer_builder.prune import module_name, name_and_parents
from layer_builder.tree import Tree

_MOST_ROUNDS = 8


_LAST_LINES = 12


_Fingerprint = frozenset[tuple[str, int, int, int]]


@dataclass(frozen=True, kw_only=True)
class ProofResult:
    """The proof, the plan as it is after what was put back, and what else was seen."""

    proof: Proof | None
    """None where there was nothing to prove, or nobody wanted it."""
    plan: PrunePlan
    failed_before: Mapping[str, ImportResult] = field(default_factory=dict)
    """What does not import, pruned or not, by name."""
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProofSetup:
    """Where and with what to import."""

    tree: Tree
    prover: Prover
    caches: tuple[Path, ...]
    """The first takes bytecode; the others have that of layers below."""
    others: tuple[Path, ...] = ()
    """Folders of packages that Lambda has besides: from the runtime."""
    first_imports: Sequence[str] = ()
    """The names among those proven that a function imports itself."""
    wait_for_zip: Callable[[], object] = lambda: None
    """Waits until nobody reads the tree, before files in it are exchanged for a while."""
    reseal: Callable[[PrunePlan], object] = lambda _: None
    """Makes the RECORDs true again after files came back."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Bytes of source below each top-level name, to share the work out."""
    alone: Sequence[Sequence[str]] = ()
    """Names that are confirmed, a distribution's each: the verdict on them is that of a process of
    their own, where nobody can answer for them."""
    asked: Mapping[str, Place] = field(default_factory=dict)
    """The names that the manifest asks for, and where."""


def prove_tree(
    setup: ProofSetup,
    plan: PrunePlan,
    owners: Mapping[str, str],
    names: Sequence[str],
    depth: ProofDepth,
) -> ProofResult:
    """Import the names from the pruned tree.

    What fails there is imported from the unpruned tree. What fails in both is no fault of pruning;
    for the rest, the removed files that the unpruned import opened are put back and it is imported
    again. Raises ProofError when that does not help, when a module wrote into the layer, and for
    what the manifest asks for and imports neither pruned nor unpruned.
    """
    imports_of_tree = _Imports(setup)
    shared = imports_of_tree.all(names)
    pruned = join_results([shared, imports_of_tree.confirmed(names)], names)
    failed_before: dict[str, ImportResult] = {}

    def import_unpruned(broken: Sequence[str]) -> ImportResults:
        unpruned = imports_of_tree.unpruned(broken, plan)
        failed_before.update({name: unpruned.by_name[name] for name in unpruned.broken})
        return unpruned.only(unpruned.imported)

    # An import may break those after it for good (a hook, a limit): now they come before it.
    suspects = import_unpruned(pruned.broken[::-1]).imported if pruned.broken else []
    once_more = imports_of_tree.judged(suspects)
    pruned, suspects = join_results([pruned, once_more], names), once_more.broken[::-1]
    for _ in range(_MOST_ROUNDS):
        if not suspects:
            break
        unpruned = import_unpruned(suspects)
        suspects = unpruned.imported
        needed = _needed(unpruned, plan.removed_paths, owners)
        if not needed:
            break
        setup.tree.exchange(needed)
        plan = plan.restoring(needed)
        setup.reseal(plan)
        once_more = imports_of_tree.judged(suspects)
        pruned = join_results([pruned, once_more], names)
        suspects = once_more.broken
    if suspects:
        raise _disproved(suspects, pruned)
    failed_before = {name: failed_before[name] for name in names if name in failed_before}
    loaded = pruned.loaded_by(setup.first_imports)
    return ProofResult(
        proof=_proof(pruned, depth, failed_before, loaded=loaded, cost=shared.cost),
        plan=plan,
        failed_before=failed_before,
        warnings=tuple(_warnings(failed_before, setup.asked)),
    )


def _proof(
    pruned: ImportResults,
    depth: ProofDepth,
    failed_before: Iterable[str],
    *,
    loaded: Iterable[str],
    cost: ImportCost | None,
) -> Proof:
    return Proof(
        depth=depth,
        static=False,
        imported=tuple(pruned.imported),
        failed_before=tuple(failed_before),
        interpreter=pruned.version or None,
        isolated=pruned.isolated,
        cost=cost,
        loaded=tuple(sorted(loaded)),
    )


def _warnings(
    failed_before: Mapping[str, ImportResult], asked: Mapping[str, Place]
) -> list[Problem]:
    """Sort out what imports neither pruned nor unpruned: what was asked for is an error."""
    failed = [name for name in asked if name in failed_before]
    if failed:
        raise ProofError(
            *(
                Problem(
                    message=f"imports: {name} does not import, pruned or not",
                    place=asked[name],
                    details=tuple(failed_before[name].error.strip().splitlines()[-4:]),
                )
                for name in failed
            )
        )
    return [
        Problem(
            message=f"import {name} fails, pruned or not",
            details=tuple(result.error.strip().splitlines()[-1:]),
        )
        for name, result in failed_before.items()
        if "." not in name and ":" not in name
    ]


def _needed(
    whole: ImportResults, removed: frozenset[str], owners: Mapping[str, str]
) -> dict[str, str]:
    """Map removed files to the import that opened them.

    Where that is none: to the import that looked into their folder (Python itself does, to find
    a module). Where that is none either, all that was removed of the distributions counts.
    """
    read: dict[str, str] = {}
    listed: dict[str, str] = {}
    for name in whole.imported:
        opened = whole.by_name[name].opened
        for path in removed:
            if path in opened:
                read.setdefault(path, f"import {name}")
            elif str(PurePosixPath(path).parent) in opened:
                listed.setdefault(path, f"import {name}")
    return read or listed or _all_of_their_distributions(whole.imported, removed, owners)


def _all_of_their_distributions(
    names: Sequence[str], removed: frozenset[str], owners: Mapping[str, str]
) -> dict[str, str]:
    by_module = {module_name(path): owner for path, owner in owners.items()}
    needed: dict[str, str] = {}
    for name in names:
        parents = reversed(name_and_parents(name.partition(":")[0]))
        owner = next((by_module[parent] for parent in parents if parent in by_module), None)
        for path in removed:
            if owner and owners.get(path) == owner:
                needed.setdefault(path, f"import {name}")
    return needed


def _disproved(suspects: Sequence[str], tried: ImportResults) -> ProofError:
    name = suspects[0]
    lines = tried.by_name[name].error.strip().splitlines()[-_LAST_LINES:]
    return ProofError.because(
        f"{', '.join(suspects[:5])} imported before pruning, and not after",
        details=(f"import {name}:", *lines),
        advice=(
            "name what it needs under keep:, or prune less (prune: safe, prune: off)",
            "nothing was published",
        ),
    )


class _Imports:
    """Imports from one tree, and makes sure that the imports left it alone."""

    def __init__(self, setup: ProofSetup) -> None:
        self._setup = setup
        self._tree = setup.tree
        self._is_guarded = "files" in setup.prover.isolated

    def all(self, names: Sequence[str]) -> ImportResults:
        """Import in several processes, whole packages each."""
        shares = selection.shares(names, self._setup.weights)
        if not shares:
            return ImportResults(by_name={})
        before = self._fingerprint()
        with ThreadPoolExecutor(max_workers=max(1, len(shares))) as pool:
            results = list(pool.map(self._import, shares))
        joined = join_results(results, names)
        self._check_untouched(before, joined)
        return joined

    def confirmed(self, names: Sequence[str]) -> ImportResults:
        """Import what has to be confirmed of these names, each distribution's alone."""
        setup = self._setup
        groups = selection.to_confirm(names, setup.alone, setup.asked)
        if not groups:
            return ImportResults(by_name={})
        confirm = partial(
            setup.prover.confirm, setup.tree.root, caches=setup.caches, others=setup.others
        )
        before = self._fingerprint()
        with ThreadPoolExecutor(max_workers=selection.SHARES) as pool:
            results = list(pool.map(confirm, groups))
        joined = join_results(results, [name for group in groups for name in group])
        self._check_untouched(before, joined)
        return joined

    def judged(self, names: Sequence[str]) -> ImportResults:
        """Import, and confirm: a name that has to be confirmed has no verdict but that."""
        return join_results([self.all(names), self.confirmed(names)], names)

    def unpruned(self, names: Sequence[str], plan: PrunePlan) -> ImportResults:
        """Import from the tree as it was before pruning, watching which files that takes."""
        self._setup.wait_for_zip()
        originals = plan.removed_paths | self._tree.sealed
        self._tree.exchange(originals)
        try:
            before = self._fingerprint()
            results = self._import(names, watch=True)
            self._check_untouched(before, results)
        finally:
            self._tree.exchange(originals)
        return results

    def _import(self, names: Sequence[str], *, watch: bool = False) -> ImportResults:
        setup = self._setup
        results = setup.prover.import_modules(
            setup.tree.root, names, caches=setup.caches, others=setup.others, watch=watch
        )
        if not results.version:
            # Or all would count as broken anyway, and nothing would be proven.
            raise ProofError.because(
                next(attempt.error for attempt in results.by_name.values()),
                advice=("try it by hand, put another on PATH, or say proof: static",),
            )
        return results

    def _fingerprint(self) -> _Fingerprint:
        """Note the tree's state, where the system does not keep imports from writing to it."""
        return frozenset() if self._is_guarded else self._tree.fingerprint()

    def _check_untouched(self, before: _Fingerprint, results: ImportResults) -> None:
        if "files" in results.isolated:
            return
        changed = sorted({path for path, *_ in before ^ self._tree.fingerprint()})
        if changed:
            raise ProofError.because(
                f"importing its modules changed files of the layer: {', '.join(changed[:5])}",
                advice=("find out which distribution does that; in Lambda /opt is read-only",),
            )
