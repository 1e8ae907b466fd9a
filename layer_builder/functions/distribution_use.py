"""How much of each distribution a function loads."""

from collections.abc import Collection, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from layer_builder.model import DistributionUse
from layer_builder.runtime import LayerTree, StackFolder


def distribution_uses(
    folder: StackFolder, trees: Sequence[tuple[str, LayerTree]], loaded: Collection[str]
) -> tuple[DistributionUse, ...]:
    """Hold what each distribution brings against what was loaded, the largest difference first.

    `trees` are the layers with their keys, `loaded` paths below /opt. A distribution whose RECORD
    was pruned does not say what it brings, and is left out.
    """
    root = folder.opt / "python"
    loaded_paths = {path.removeprefix("python/") for path in loaded}
    uses = []
    for distribution in distributions(path=[str(root)]):
        sizes = _sizes(distribution, root)
        if not sizes:
            continue
        uses.append(
            DistributionUse(
                name=canonicalize_name(distribution.metadata["Name"]),
                layer=_layer_of(distribution, root, trees),
                bytes_kept=sum(sizes.values()),
                bytes_loaded=sum(size for path, size in sizes.items() if path in loaded_paths),
            )
        )
    return tuple(sorted(uses, key=lambda use: (use.bytes_loaded - use.bytes_kept, use.name)))


def _sizes(distribution: Distribution, root: Path) -> dict[str, int]:
    sizes = {}
    for file in distribution.files or ():
        path = root / file
        if ".." not in file.parts and path.is_file():
            sizes[file.as_posix()] = path.stat().st_size
    return sizes


def _layer_of(
    distribution: Distribution, root: Path, trees: Sequence[tuple[str, LayerTree]]
) -> str:
    record = next((file for file in distribution.files or () if file.name == "METADATA"), None)
    if record is None:
        return ""
    having = [key for key, tree in trees if (tree.python / record).is_file()]
    return having[-1] if having and (root / record).is_file() else ""
