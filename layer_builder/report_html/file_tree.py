"""A layer as a tree of distributions, folders and files, what was pruned among them; folded to fit."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import field
from enum import StrEnum
from itertools import count

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerFile, PrunedPart

_DEEPEST = 8
"""Steps of a path that are told apart."""
_MOST_CHILDREN = 60
"""Of one block, the largest; the layout library calls itself once for each row of them."""
_LEAST_SHARE = 0.0001
"""Of a map: what is smaller could not be seen."""


class Kind(StrEnum):
    """What a block of a map stands for; files by what they hold."""

    FOLDER = "folder"
    PYTHON = "python"
    NATIVE = "native"
    BYTECODE = "bytecode"
    METADATA = "metadata"
    DATA = "data"
    OTHER = "smaller"
    """Small blocks, folded into one."""
    PRUNED = "pruned"


@dataclass(kw_only=True)
class Block:
    """A block of a map, while it is added up."""

    name: str
    kind: Kind
    size: int = 0
    files: int = 0
    inside: dict[str, "Block"] = field(default_factory=dict)
    shown: list["Block"] = field(default_factory=list)
    """Of what is inside, what the map shows; empty for one block in all."""

    def put(self, steps: Sequence[str], kind: Kind, size: int, files: int = 1) -> None:
        """Add something below it."""
        block = self
        block.size, block.files = block.size + size, block.files + files
        for depth, step in enumerate(steps, 1):
            is_pruned = kind is Kind.PRUNED and depth > 1
            within = Kind.PRUNED if is_pruned else Kind.FOLDER
            # A folder and a pruned part may have one name: they are two blocks.
            block = block.inside.setdefault(
                f"{is_pruned}/{step}",
                Block(name=step, kind=kind if depth == len(steps) else within),
            )
            block.size, block.files = block.size + size, block.files + files

    def parts(self) -> list["Block"]:
        """List what is in it: a zip may have a file and a folder of one name."""
        if not self.inside:
            return []
        files = self.files - sum(one.files for one in self.inside.values())
        size = self.size - sum(one.size for one in self.inside.values())
        itself = Block(name=self.name, kind=self.kind, size=size, files=files)
        return [*self.inside.values(), *([itself] if files else [])]

    def merge(self) -> None:
        """Make one block of it and the folder that is all there is in it."""
        while len(self.inside) == 1:
            [only] = self.inside.values()
            if not only.inside or only.files != self.files:
                return
            self.name, self.inside = f"{self.name}/{only.name}", only.inside
            self.kind = only.kind


@dataclass(frozen=True, kw_only=True)
class FileTree:
    """What a layer's map shows."""

    root: Block
    files: int
    """In the zip."""
    alone: int
    """Of these, those that have a block of their own."""

    @property
    def folded(self) -> int:
        """Files in blocks that stand for several."""
        return self.files - self.alone


def file_tree(
    files: Iterable[LayerFile], pruned: Iterable[PrunedPart], most: int, rest: str
) -> FileTree:
    """Add up what is in a layer and what was pruned; show `most` blocks, the largest.

    `rest` is what files of no distribution are told as.
    """
    root = Block(name="", kind=Kind.FOLDER)
    counted = 0
    for file in files:
        counted += 1
        steps = file.path.removeprefix("python/").split("/")
        owned = [file.distribution or rest, *steps[: _DEEPEST - 1]]
        if len(steps) >= _DEEPEST:
            owned[-1] = "/".join(steps[_DEEPEST - 2 :])
        root.put(owned, _kind(file.path), file.size)
    for part in pruned:
        place = f"{part.folder or 'files'} ({part.rule})"
        steps = [part.distribution or rest, "pruned", place]
        root.put(steps, Kind.PRUNED, part.bytes, part.files)
    _choose(root, most)
    return FileTree(root=root, files=counted, alone=_alone(root))


def _kind(path: str) -> Kind:
    name = path.rpartition("/")[2]
    if ".dist-info/" in path or ".egg-info/" in path:
        return Kind.METADATA
    if name.endswith((".so", ".a", ".dll")) or ".so." in name:
        return Kind.NATIVE
    if name.endswith(".pyc"):
        return Kind.BYTECODE
    return Kind.PYTHON if name.endswith((".py", ".pyi")) else Kind.DATA


def _choose(root: Block, most: int) -> None:
    """Open blocks, the largest first, while there is room for what is in them."""
    order = count()
    queue = [(-root.size, next(order), root)]
    left, least = most, root.size * _LEAST_SHARE
    while queue:
        _, _, block = heapq.heappop(queue)
        if block is not root:
            block.merge()
        inside = sorted(block.parts(), key=lambda one: (-one.size, one.kind, one.name))
        large = [one for one in inside if one.size > least][:_MOST_CHILDREN]
        if not large or len(large) + 1 > left:
            continue
        left -= len(large) + 1
        block.shown = [*large, *_folded(inside[len(large) :])]
        for one in large:
            heapq.heappush(queue, (-one.size, next(order), one))


def _folded(small: Sequence[Block]) -> list[Block]:
    found = []
    for kind, members in (
        (Kind.OTHER, [one for one in small if one.kind is not Kind.PRUNED]),
        (Kind.PRUNED, [one for one in small if one.kind is Kind.PRUNED]),
    ):
        files, size = sum(one.files for one in members), sum(one.size for one in members)
        if size:
            name = f"{files:,} smaller file{'' if files == 1 else 's'}"
            found.append(Block(name=name, kind=kind, size=size, files=files))
    return found


def _alone(block: Block) -> int:
    """Count the files that have a block of their own."""
    if block.shown:
        return sum(map(_alone, block.shown))
    return int(not block.inside and block.kind not in {Kind.OTHER, Kind.PRUNED, Kind.FOLDER})
