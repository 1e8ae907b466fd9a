"""Says when a rule took most of a distribution, which may be more than it was meant for."""

from collections import Counter
from collections.abc import Mapping, Sequence

from layer_builder.errors import Problem
from layer_builder.model import InstalledFile, PrunePlan, PruneProfile, mib
from layer_builder.prune.rules import RULES

_SHARE = 0.5
_LEAST_BYTES = 10_000
"""Removed; less than that is no reason to choose a layer's rules anew."""


def taken_warnings(
    plan: PrunePlan,
    files: Sequence[InstalledFile],
    owners: Mapping[str, str],
    profile: PruneProfile,
) -> list[Problem]:
    """Warn of each distribution of which one rule takes over half the bytes.

    Not of rules that leave out what a distribution has once more, or that programs never read:
    tests, headers, bytecode, compiled translations' sources.
    """
    told = {rule.name for rule in RULES[profile] if not rule.may_take_most}
    taken: Counter[tuple[str, str]] = Counter()
    for removal in plan.removals:
        owner = owners.get(removal.entry.path)
        if owner and removal.rule in told:
            taken[owner, removal.rule] += removal.entry.size
    whole: Counter[str] = Counter()
    for file in files:
        whole[owners.get(file.path, "")] += file.size
    return [
        Problem(
            message=f"prune: {profile}: the rule {rule} takes {mib(size)} of {mib(whole[owner])} of"
            f" {owner}",
            advice=(f"keep: holds the files that {owner} needs as it is used",),
        )
        for (owner, rule), size in sorted(taken.items())
        if size > max(_SHARE * whole[owner], _LEAST_BYTES)
    ]
