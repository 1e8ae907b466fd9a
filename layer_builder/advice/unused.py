"""Advice on distributions that no function loads and no code names."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from layer_builder.advice.requirements import AskedFor
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Advice, FunctionProof, Stack
from layer_builder.tree import Distribution


def proofs_of(
    key: str, stacks: Sequence[Stack], proofs: Sequence[FunctionProof]
) -> list[FunctionProof]:
    """Give the proofs of a layer's functions, by its key; none unless each of them ran its handler."""
    having = [one.key for one in stacks if key in {layer.key for layer in one.layers}]
    tried = {one.function: one for one in proofs if one.handler and one.unused}
    return [tried[one] for one in having] if having and tried.keys() >= set(having) else []


def never_loaded(key: str, proofs: Sequence[FunctionProof]) -> set[str]:
    """List the distributions in a layer, by its key, of which no function loaded a byte."""
    uses = [use for proof in proofs for use in proof.unused if use.layer == key]
    return {use.name for use in uses} - {use.name for use in uses if use.bytes_loaded}


def unused_advice(
    asked: AskedFor,
    never: Collection[str],
    distributions: Mapping[str, Distribution],
    sources: Sequence[Path],
) -> Iterator[Advice]:
    """Tell of requirements that go without anybody missing them.

    Args:
        asked: what a layer asks for, with what requires what.
        never: its distributions that no function loaded.
        distributions: those that its functions find, by name, with their files.
        sources: all Python files that they find, and their own.
    """
    gone_with = {name: asked.brought_by(name) for name in sorted(asked.names & set(never))}
    searched = {
        name: _Search.of([distributions[one] for one in gone if one in distributions])
        for name, gone in gone_with.items()
        if gone and gone <= set(never)
    }
    for name in _unnamed({name: one for name, one in searched.items() if one.modules}, sources):
        gone = gone_with[name]
        others = f" and {len(gone) - 1} that only it requires" if len(gone) > 1 else ""
        yield Advice(
            line=asked.without(name),
            text=f"{name}{others}: no function that has the layer loaded it, and no code that"
            " they find names its modules",
            gain=asked.weigh(gone),
        )


@dataclass(frozen=True, kw_only=True)
class _Search:
    """What code would name of distributions that go, and their own code, which may."""

    modules: frozenset[str]
    own: frozenset[str]

    @classmethod
    def of(cls, gone: Sequence[Distribution]) -> "_Search":
        return cls(
            modules=frozenset(top for one in gone for top in _tops(one)),
            own=frozenset(path for one in gone for path in one.files),
        )

    @cached_property
    def _plain(self) -> list[bytes]:
        return [name.encode() for name in self.modules]

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        names = "|".join(re.escape(name) for name in sorted(self.modules))
        return re.compile(rf"\b(?:import|from)\s+(?:{names})\b|['\"](?:{names})\b".encode())

    def finds(self, source: Path, content: bytes) -> bool:
        """Tell whether code of others imports one of the modules, or has its name in quotes."""
        # To look for the plain names first takes a tenth of the time.
        return (
            any(name in content for name in self._plain)
            and bool(self._pattern.search(content))
            and not _ends(source, self.own)
        )


def _unnamed(searched: Mapping[str, _Search], sources: Iterable[Path]) -> list[str]:
    """List what no source names; each is read once."""
    left = dict(searched)
    for source in sources:
        if not left:
            break
        content = source.read_bytes()
        left = {name: one for name, one in left.items() if not one.finds(source, content)}
    return list(left)


def _tops(distribution: Distribution) -> set[str]:
    """Name the top-level modules of a distribution."""
    tops = set()
    for path in distribution.files:
        top, _, rest = path.partition("/")
        if not top.endswith((".dist-info", ".data", ".libs")) and (
            rest or top.endswith((".py", ".so"))
        ):
            tops.add(top.partition(".")[0])
    return tops - {"bin", "share", ""}


def _ends(path: Path, own: Collection[str]) -> bool:
    parts = path.parts
    return any("/".join(parts[-length:]) in own for length in range(1, min(len(parts), 12) + 1))
