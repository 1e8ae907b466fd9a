"""Selects which modules to import, and shares them out over processes."""

from collections.abc import Collection, Mapping, Sequence

from layer_builder.model import ProofDepth
from layer_builder.prune import module_name, name_and_parents

_WORTH_SHARING = 100


SHARES = 2
"""Processes that import a layer, on any machine: which modules an import loads may depend on those
before it, and with `bytecode: imported` the zip holds what was loaded."""


def shares(names: Sequence[str], weights: Mapping[str, int]) -> list[list[str]]:
    """Share names out over processes, whole top-level packages each, about equally heavy.

    `weights` gives the bytes of source below each top-level name. Few names make one share: what
    they import in common would be imported twice.
    """
    if len(names) < _WORTH_SHARING:
        return [list(names)] if names else []
    packages: dict[str, list[str]] = {}
    for name in names:
        packages.setdefault(name.partition(":")[0].partition(".")[0], []).append(name)
    shared: list[list[str]] = [[] for _ in range(SHARES)]
    loads = [0] * SHARES
    for package in sorted(packages, key=lambda name: (-weights.get(name, 0), name)):
        lightest = loads.index(min(loads))
        shared[lightest] += packages[package]
        loads[lightest] += weights.get(package, 0) + len(packages[package])
    order = {name: index for index, name in enumerate(names)}
    return [sorted(share, key=order.__getitem__) for share in shared if share]


def modules_to_prove(
    paths: Collection[str], depth: ProofDepth, entry_points: Sequence[str], asked: Sequence[str]
) -> list[str]:
    """List what to import, top-level modules first, packages before what is in them.

    The second level is counted from where code begins: `google.cloud.storage` is a first level,
    since `google` and `google.cloud` are folders only.
    """
    if depth in {ProofDepth.STATIC, ProofDepth.OFF}:
        return []
    names = {name for path in paths if (name := module_name(path)) and _is_importable(name)}
    if depth is ProofDepth.IMPORTS:
        names = {name for name in names if _level(name, names) <= 2}  # noqa: PLR2004 (the second)
    points = [point for point in entry_points if point.partition(":")[0].isascii()]
    ordered = sorted(names, key=lambda name: (_level(name, names) > 1, name))
    return list(dict.fromkeys([*ordered, *sorted(points), *asked]))


def first_imports(names: Sequence[str], asked: Collection[str]) -> list[str]:
    """Pick what a function imports itself: top-level modules, and those the manifest names.

    In the order of `modules_to_prove` they come first, so that all they load is theirs.
    """
    modules = {name for name in names if ":" not in name}
    return [
        name for name in names if name in asked or (name in modules and _level(name, modules) == 1)
    ]


def to_confirm(
    names: Collection[str], groups: Sequence[Sequence[str]], asked: Collection[str]
) -> list[list[str]]:
    """Pick what to confirm of these names: of each distribution's group, and what is asked for besides.

    The latter goes by the package that it is in.
    """
    grouped = {name for group in groups for name in group}
    besides: dict[str, list[str]] = {}
    for name in asked:
        if name not in grouped:
            besides.setdefault(name.partition(":")[0].partition(".")[0], []).append(name)
    wanted = set(names)
    found = [[name for name in group if name in wanted] for group in (*groups, *besides.values())]
    return [group for group in found if group]


def _is_importable(name: str) -> bool:
    """Leave out programs, which run when they are imported."""
    return name.rpartition(".")[2] != "__main__"


def _level(name: str, names: Collection[str]) -> int:
    """Count a module and those of its packages that have code of their own."""
    return sum(parent in names for parent in name_and_parents(name))
