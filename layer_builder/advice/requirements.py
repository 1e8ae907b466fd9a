"""Advice on what a layer asks for: tools, twins, versions that nobody said."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.advice.alternatives import DEV_TOOLS, TWINS, Twin
from layer_builder.advice.layer_files import total
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Advice, Layer, Weight

_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """What a layer asks for, and what came of it."""

    layer: Layer
    lines: Sequence[str]
    """Its requirements."""
    weights: Mapping[str, Weight]
    """What the distributions in it take, by their normalised names."""
    requires: Mapping[str, Collection[str]]
    """Which distributions require which, by normalised names; empty where nobody wanted to know."""
    is_locked: bool = False
    """Whether its versions are from a lock."""

    @property
    def names(self) -> set[str]:
        """The normalised names of its requirements."""
        return {name for line in self.lines if (name := _name(line))}

    @property
    def tools(self) -> list[str]:
        """The development tools among them."""
        return sorted(DEV_TOOLS & self.names)

    def knowing(self, requires: Mapping[str, Collection[str]]) -> "AskedFor":
        """Give the same with what requires what."""
        return replace(self, requires=requires)

    def brought_by(self, name: str) -> frozenset[str]:
        """List what leaves the layer with one that it asks for: itself, and what only it requires."""
        stay = _reached(self.names - {name}, self.requires)
        return frozenset() if name in stay else _reached({name}, self.requires) - stay

    def weigh(self, names: Collection[str]) -> Weight:
        """Add up what distributions take in the layer."""
        return total(self.weights[name] for name in names if name in self.weights)

    def without(self, name: str, instead: str = "") -> str:
        """Say what to write for a requirement to go, or to be another distribution's."""
        named = [one.text for one in self.layer.packages]
        if name in {_name(text) for text in named}:
            kept = [text for text in named if _name(text) != name or instead]
            lines = [_renamed(text, instead) if _name(text) == name else text for text in kept]
            return f"packages: {json.dumps(lines)}"
        files = [one.text for one in self.layer.requirements]
        where = ", ".join(files) or (self.layer.project.path if self.layer.project else "")
        change = f"{instead} instead of {name}" if instead else f"without {name}"
        return f"{change} in {where}"


def tool_advice(asked: AskedFor) -> Iterator[Advice]:
    """Tell of development tools that the layer asks for, and what goes with each."""
    for name in asked.tools:
        gone = asked.brought_by(name)
        if gone:
            others = f" and {len(gone) - 1} that only it requires" if len(gone) > 1 else ""
            yield Advice(
                line=asked.without(name),
                text=f"{name} is a development tool; it goes{others}",
                gain=asked.weigh(gone),
            )


def twins_of(asked: AskedFor) -> list[Twin]:
    """List the twins of what a layer asks for."""
    return [twin for twin in TWINS if twin.name in asked.names]


def twin_advice(asked: AskedFor, twin: Twin, weight: Weight | None) -> Advice:
    """Advise a twin; `weight` is what that would take, if anybody knows."""
    now = asked.weigh({twin.name})
    gain = weight and Weight(
        zip_bytes=now.zip_bytes - weight.zip_bytes,
        unzipped_bytes=now.unzipped_bytes - weight.unzipped_bytes,
    )
    measured = "the index's wheel was weighed" if gain else "not measured"
    return Advice(
        line=asked.without(twin.name, twin.instead),
        text=f"{twin.instead}: {twin.why} ({twin.source}; {measured})",
        gain=gain,
    )


def with_twins(problem: Problem) -> Problem:
    """Name the twins of the distributions that a failure is about."""
    said = "\n".join((problem.message, *problem.details))
    named = [twin for twin in TWINS if re.search(rf"(?<![\w-]){twin.name}(?![\w-])", said)]
    letters = (
        f"{twin.instead} in the place of {twin.name}: {twin.why} ({twin.source})" for twin in named
    )
    return replace(problem, advice=(*letters, *problem.advice))


def version_advice(asked: AskedFor) -> Iterator[Advice]:
    """Tell of requirements that leave the version open, where no lock chooses it."""
    if asked.is_locked or asked.layer.project:
        return
    loose = sorted({name for line in asked.lines if (name := _name(line)) and _is_open(line)})
    if loose:
        more = f" and {len(loose) - _NAMED} more" if len(loose) > _NAMED else ""
        yield Advice(
            line="layer-builder lock",
            text=f"{', '.join(loose[:_NAMED])}{more}: no version is said, and a later build may take"
            " another; the lock keeps those of today",
        )


def _reached(names: Iterable[str], requires: Mapping[str, Collection[str]]) -> frozenset[str]:
    reached: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue += requires.get(name, ())
    return frozenset(reached)


def _requirement(line: str) -> Requirement | None:
    try:
        return Requirement(line.partition(" --hash")[0].partition(" #")[0].strip())
    except InvalidRequirement:
        return None


def _name(line: str) -> str:
    requirement = _requirement(line)
    return str(canonicalize_name(requirement.name)) if requirement else ""


def _is_open(line: str) -> bool:
    requirement = _requirement(line)
    if requirement is None or requirement.url:
        return False
    return not any(one.operator in {"==", "==="} for one in requirement.specifier)


def _renamed(line: str, name: str) -> str:
    requirement = _requirement(line)
    if requirement is None:
        return line
    requirement.name = name
    return str(requirement)
