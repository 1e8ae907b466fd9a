"""The account of a build: what came in, what went, by distribution and by rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from layer_builder.distributions import Distribution
from layer_builder.layer import Package
from layer_builder.pruning import Entry, PrunePlan, RuleTotal


def totals(
    plan: PrunePlan, to_runtime: frozenset[str], entries: Sequence[Entry]
) -> tuple[RuleTotal, ...]:
    """Add up files and bytes by rule; `to_runtime` are the paths that the runtime is to bring."""
    if not to_runtime:
        return plan.totals
    sizes = [entry.size for entry in entries if entry.path in to_runtime]
    return (RuleTotal(rule="sdk", files=len(sizes), bytes=sum(sizes)), *plan.totals)


def packages(
    installed: Sequence[Distribution], before: Sequence[Entry], after: Sequence[Entry]
) -> tuple[Package, ...]:
    """Weigh each distribution before and after pruning."""
    old = {entry.path: entry.size for entry in before}
    new = {entry.path: entry.size for entry in after}

    def total(sizes: Mapping[str, int], paths: Sequence[str]) -> int:
        return sum(sizes.get(path, 0) for path in paths)

    return tuple(
        Package(
            name=distribution.name,
            version=distribution.version,
            bytes_installed=total(old, distribution.files),
            bytes_kept=total(new, distribution.files),
        )
        for distribution in installed
    )


def with_zipped(
    packages: Sequence[Package], owners: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[Package, ...]:
    """Add to each distribution what it takes in the zip; `sizes` is by path in the zip."""
    zipped: Counter[str] = Counter()
    for path, owner in owners.items():
        zipped[owner] += sizes.get(f"python/{path}", 0)
    return tuple(replace(package, bytes_zipped=zipped[package.name]) for package in packages)
