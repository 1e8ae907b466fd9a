"""Who reads files that are not code: a package's data, and what distributions say of themselves."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prune.metadata import Metadata, index_metadata
from layer_builder.prune.source import outermost, source_place

_CODE_SUFFIXES = frozenset({".py", ".so", ".pyc", ".pyo", ".pyi"})


_WORD = re.compile(rb"[\w.+@%~&-]+")
"""What file names are written with, most of them."""


_QUOTED = re.compile(rb"([\"'])([\w.+@%~&-]+)\1")


_FEW = 64
"""Words that are looked for one by one sooner than all words of a source are listed."""


_READ_FOLDERS = frozenset({"docs", "examples"})


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the code of one distribution writes to open files, with their paths."""

    names: Mapping[bytes, list[str]]
    folders: Mapping[bytes, list[str]]
    """Written in quotes: data whose names are put together as the program runs."""
    odd: Mapping[bytes, list[str]]
    """Names with characters between which other words may end."""

    def in_source(self, source: bytes) -> Iterator[tuple[bytes, list[str]]]:
        """Give what a source holds and the paths it stands for, in time linear in the source."""
        if names := _perhaps_in(source, self.names):
            for word in sorted(names & set(_WORD.findall(source))):
                yield word, self.names[word]
        if folders := _perhaps_in(source, self.folders):
            for quote, word in sorted(set(_QUOTED.findall(source))):
                if word in folders:
                    yield quote + word + quote, self.folders[word]
        for name, paths in self.odd.items():
            if name in source:
                yield name, paths


def _perhaps_in(source: bytes, words: Mapping[bytes, list[str]]) -> set[bytes]:
    """Leave out, where the words are few, those that are not even part of another word."""
    return {word for word in words if len(words) > _FEW or word in source}


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """The candidates for removal that are no code, by what code would write to read them."""

    words: Mapping[str, Words]
    """By distribution."""
    metadata: Metadata

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.words or self.metadata.files)

    def read_by(self, path: str, source: bytes, distribution: str) -> dict[str, str]:
        """Find the files that a source of a distribution reads, each with the `file:line` that does.

        Package data counts only where the distribution's own code names it.
        """
        files = self.metadata.read_by(path, source)
        if words := self.words.get(distribution):
            for word, paths in words.in_source(source):
                files |= dict.fromkeys(paths, source_place(path, source, source.find(word)))
        return files


def index_data_files(
    readable: Iterable[str], candidates: Iterable[str], owners: Mapping[str, str]
) -> DataFiles:
    """Index `readable` package data, and the metadata among the candidates."""
    found: dict[str, Words] = defaultdict(
        lambda: Words(names=defaultdict(list), folders=defaultdict(list), odd=defaultdict(list))
    )
    for path in sorted(readable):
        pure = PurePosixPath(path)
        if pure.suffix in _CODE_SUFFIXES:
            continue
        words = found[owners.get(path, "")]
        name = pure.name.encode()
        (words.names if _WORD.fullmatch(name) else words.odd)[name].append(path)
        match pure.parts:
            case (top, _, _, *_) if not top.endswith(("-info", ".data")):
                folder = PurePosixPath(outermost(path, _READ_FOLDERS) or pure.parent)
                words.folders[folder.name.encode()].append(path)
    return DataFiles(words=found, metadata=index_metadata(candidates, owners))
