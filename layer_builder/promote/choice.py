"""Which of the versions that were named go: those of one region, and of each name one."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.handoff import NamedVersion, NamedVersions
from layer_builder.lazy_dataclasses import dataclass

_T = TypeVar("_T")


_ONE = ("leave one out, or promote one after the other, the oldest first",)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A version that is to be published under a name."""

    name: str
    """Of the layer on AWS."""
    content: str
    """What tells it from other versions: an ARN, or the digest of a zip."""
    told: str
    """What the reader knows it by."""


def choose_named(named: NamedVersions, keys: Sequence[str]) -> list[NamedVersion]:
    """Choose those of the layers asked for, by `keys`; of several regions the first has them.

    Raises ManifestError where a layer is not there, or two versions would go under one name.
    """
    asked = selected(named.versions, keys, lambda one: one.key or one.name)
    first = asked[0].region
    chosen: dict[str, NamedVersion] = {}
    for one in asked:
        title = _title(one)
        if one.region == first and chosen.setdefault(title, one).arn != one.arn:
            raise ManifestError.because(
                f"{named.source} names two versions of {title}",
                details=(chosen[title].arn, one.arn),
                advice=_ONE,
            )
    if left_out := sorted({_title(one) for one in asked} - chosen.keys()):
        raise ManifestError.because(
            f"{named.source} has no version in {first} of {', '.join(left_out)}",
            advice=("name versions of one region, or the same layers in each",),
        )
    claims = [
        Claim(name=one.name, content=one.arn, told=f"{title}: {one.arn}")
        for title, one in chosen.items()
    ]
    refuse_two_of_a_name(claims, named.source)
    return list(chosen.values())


def selected(found: Sequence[_T], keys: Sequence[str], key_of: Callable[[_T], str]) -> list[_T]:
    """Give those of the layers asked for; all without `keys`. Raises ManifestError for others."""
    known = dict.fromkeys(map(key_of, found))
    if unknown := [key for key in keys if key not in known]:
        raise ManifestError.because(
            f"there is no layer {unknown[0]!r} to promote",
            advice=did_you_mean(unknown[0], list(known)),
        )
    return [one for one in found if not keys or key_of(one) in keys]


def refuse_two_of_a_name(claims: Iterable[Claim], source: str) -> None:
    """Raise ManifestError where different versions would be published under one name."""
    by_name: dict[str, list[Claim]] = {}
    for claim in claims:
        by_name.setdefault(claim.name, []).append(claim)
    problems = [
        Problem(
            message=f"{source}: {count} different versions would be published as {name},"
            " and a run publishes one of a name",
            details=tuple(claim.told for claim in same),
            advice=_ONE,
        )
        for name, same in by_name.items()
        if (count := len({claim.content for claim in same})) > 1
    ]
    if problems:
        raise ManifestError(*problems)


def _title(version: NamedVersion) -> str:
    return f"{version.key or version.name} {version.label}".rstrip()
