"""What a layer would ask for with packages added, removed or upgraded. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import assert_never

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.errors import ManifestError, shortened
from layer_builder.sources import LayerRequest, Requirements

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Mode(StrEnum):
    """What is tried."""

    ADD = "add"
    REMOVE = "remove"
    UPGRADE = "upgrade"


def read_packages(words: Sequence[str]) -> tuple[Requirement, ...]:
    """Read what was typed. Raises ManifestError for what is no requirement from an index."""
    packages = []
    for word in words:
        try:
            requirement = Requirement(word)
        except (InvalidRequirement, RecursionError):
            raise ManifestError.because(
                f"{shortened(word)} is no requirement",
                advice=("a name, and perhaps a version: 'scipy>=1.15'",),
            ) from None
        if requirement.url:
            raise ManifestError.because(
                f"{shortened(word)} names an address, and only what an index has is tried",
                advice=("put it into the manifest, and see `layer-builder plan`",),
            )
        packages.append(requirement)
    return tuple(packages)


def changed_request(
    request: LayerRequest, packages: Sequence[Requirement], mode: Mode
) -> LayerRequest:
    """Give a layer's request with the change; hashes no longer bind it, since new files have none."""
    asked = request.requirements
    names = {str(canonicalize_name(one.name)) for one in packages}
    lines = tuple(line.partition(" --hash")[0] for line in asked.lines)
    match mode:
        case Mode.ADD:
            added = tuple(map(str, packages))
            lines = (*(line for line in lines if _name(line) not in names), *added)
            told = asked.names | names
        case Mode.REMOVE:
            lines = tuple(line for line in lines if _name(line) not in names)
            told = asked.names - names
        case Mode.UPGRADE:
            wanted = {str(canonicalize_name(one.name)): one for one in packages}
            lines = tuple(_upgraded(line, wanted) for line in lines)
            told = asked.names
        case _:
            assert_never(mode)
    return replace(request, requirements=_with(asked, lines, told, names))


def _with(
    asked: Requirements, lines: tuple[str, ...], told: frozenset[str], free: Collection[str]
) -> Requirements:
    constraints = tuple(line for line in asked.constraints if _name(line) not in free)
    return replace(asked, lines=lines, names=told, constraints=constraints, hashes={})


def _upgraded(line: str, wanted: dict[str, Requirement]) -> str:
    """Take the newest of a pinned requirement, or what was typed of it."""
    name = _name(line)
    if name not in wanted:
        return line
    if wanted[name].specifier:
        return str(wanted[name])
    try:
        old = Requirement(line)
    except InvalidRequirement:
        return line
    pinned = any(one.operator in {"==", "==="} for one in old.specifier)
    if not pinned or old.url:
        return line
    extras = f"[{','.join(sorted(old.extras))}]" if old.extras else ""
    marker = f"; {old.marker}" if old.marker else ""
    return f"{old.name}{extras}{marker}"


def _name(line: str) -> str:
    found = _NAME.match(line)
    return str(canonicalize_name(found[0])) if found else ""
