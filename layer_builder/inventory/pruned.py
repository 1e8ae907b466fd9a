"""What pruning took, by distribution and folder: few enough to be kept beside each zip."""

from collections.abc import Mapping

from layer_builder.model import InstalledFile, PrunedPart, PrunePlan

MOST_PARTS = 1000
"""Of the largest; each rule's other ones are added up to one."""

_DEEPEST = 3
"""Folders of a path that are told apart."""


def pruned_parts(
    plan: PrunePlan, owners: Mapping[str, str], most: int = MOST_PARTS
) -> tuple[PrunedPart, ...]:
    """Add up a plan's removals by distribution, folder and rule; the most bytes first.

    `owners` gives the distribution of a path. The sums of each rule are those of the plan's totals.
    """
    sums: dict[tuple[str, str, str], list[int]] = {}
    gone: list[tuple[InstalledFile, str]] = [(one.entry, one.rule) for one in plan.removals]
    gone += [(file, "sdk") for file in plan.to_runtime]
    for file, rule in gone:
        folder = "/".join(file.path.split("/")[:-1][:_DEEPEST])
        sums.setdefault((owners.get(file.path, ""), folder, rule), []).append(file.size)
    ordered = sorted(sums.items(), key=lambda item: (-sum(item[1]), item[0]))
    rest: dict[str, list[int]] = {}
    for (_, _, rule), sizes in ordered[most:]:
        rest.setdefault(rule, []).extend(sizes)
    kept = [*ordered[:most], *((("", "", rule), sizes) for rule, sizes in sorted(rest.items()))]
    return tuple(
        PrunedPart(distribution=owner, folder=folder, rule=rule, files=len(sizes), bytes=sum(sizes))
        for (owner, folder, rule), sizes in kept
    )
