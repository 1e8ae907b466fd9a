"""Bytecode of earlier builds: what was compiled of a source is taken where the source is the same."""

import hashlib
import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from pathlib import Path

from layer_builder.keeping import PartCache
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import CompiledSource


@dataclass(frozen=True, kw_only=True)
class KeptBytecode:
    """That of one layer, compiled by one interpreter: a file with an index in a line of its own."""

    parts: PartCache = field(default_factory=PartCache)
    about: str = ""
    """The layer, and all that the interpreter says of its version: another one's differs."""

    def take(self, root: Path, paths: Sequence[str], into: Path) -> dict[str, CompiledSource]:
        """Write what was kept of sources below a folder that have the same content, by path."""
        place = self.parts.find(self.about)
        if place is None:
            return {}
        try:
            file = place.open("rb")
        except OSError:
            return {}  # gone since it was found: others needed its room
        taken = {}
        with file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as kept:
            kept.readline()  # the tag
            index = json.loads(kept.readline())
            begin = kept.tell()
            for path in paths:
                known = index.get(path)
                if not known or known["sha256"] != _digest(root / path):
                    continue
                destination = into / f"{path}c"
                destination.parent.mkdir(parents=True, exist_ok=True)
                start = begin + known["start"]
                destination.write_bytes(kept[start : start + known["length"]])
                taken[path] = CompiledSource(sha256=known["sha256"], seconds=known["seconds"])
        return taken

    def keep(self, sources: Mapping[str, CompiledSource], folder: Path, scratch: Path) -> None:
        """Keep bytecode that lies in a folder; `scratch` is a new file to write it to first.

        Raises OSError.
        """
        index, start = {}, 0
        for path, one in sources.items():
            length = (folder / f"{path}c").stat().st_size
            index[path] = {**asdict(one), "start": start, "length": length}
            start += length
        with scratch.open("xb") as file:
            file.write(json.dumps(index).encode() + b"\n")
            for path in sources:
                file.write((folder / f"{path}c").read_bytes())
        self.parts.keep(self.about, scratch)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""  # gone meanwhile
