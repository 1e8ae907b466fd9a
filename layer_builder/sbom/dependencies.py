"""Who requires whom in a layer: what METADATA asks for on the layer's target.

https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.model import Licensed, Target


def required_by(
    distributions: Sequence[Licensed], target: Target, of_layer: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Name what each distribution requires of the others; what another layer has is not in it.

    Extras count where a distribution asks for them, or the layer itself (`of_layer`, by name).
    """
    asked = {one.name: tuple(_read(one.requires)) for one in distributions}
    extras: dict[str, set[str]] = defaultdict(set)
    extras |= {name: set(found) for name, found in of_layer.items()}
    while True:
        before = sum(map(len, extras.values()))
        found: dict[str, set[str]] = {name: set() for name in asked}
        for name, requirements in asked.items():
            for required in requirements:
                other = canonicalize_name(required.name)
                if other in asked and _holds(required, target, extras[name]):
                    found[name].add(other)
                    extras[other].update(required.extras)
        if sum(map(len, extras.values())) == before:
            return {name: tuple(sorted(others - {name})) for name, others in found.items()}


def _read(texts: Iterable[str]) -> Iterable[Requirement]:
    for text in texts:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def _holds(required: Requirement, target: Target, extras: Iterable[str]) -> bool:
    if required.marker is None:
        return True
    try:
        return any(
            required.marker.evaluate({**target.markers, "extra": extra}) for extra in ("", *extras)
        )
    except (UndefinedEnvironmentName, ValueError):
        return False
