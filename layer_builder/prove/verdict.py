"""The verdict on what was asked for: a distribution of which nothing imports is not proven."""

from collections.abc import Collection, Mapping, Sequence

from layer_builder.errors import Place, Problem, ProofError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prove.reasons import LACKING, LACKS_LIBRARY, error_lines, likely_reason
from layer_builder.prove.results import ImportResult
from layer_builder.prune import module_name, name_and_parents


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a layer asks for, what of it may fail, and what it finds where it runs."""

    places: Mapping[str, Place]
    """Where, for those that the manifest itself names."""
    allowed: frozenset[str]
    """Those whose modules need not import."""
    extras: Mapping[str, str]
    """What to ask for to have a distribution, by its normalised name: `demo[fast]`."""
    libraries: frozenset[str]
    """The shared libraries of the runtime."""


def own_modules(
    names: Sequence[str], owners: Mapping[str, str], distributions: Collection[str]
) -> dict[str, list[str]]:
    """Give each distribution's own top-level modules among these names, where it has any.

    Those are what no other module of the same distribution is around: `google.cloud.storage` is one.
    """
    owner_of = {module_name(path): owner for path, owner in owners.items()}
    own: dict[str, list[str]] = {}
    for name in names:
        owner = owner_of.get(name, "")
        outer = name_and_parents(name)[:-1]
        if owner in distributions and owner not in {owner_of.get(parent) for parent in outer}:
            own.setdefault(owner, []).append(name)
    return own


def refuse_broken(
    asked: Asked,
    modules: Mapping[str, Sequence[str]],
    imported: Collection[str],
    failed: Mapping[str, ImportResult],
    owners: Mapping[str, str],
) -> None:
    """Raise ProofError for distributions that were asked for, and of which nothing imports.

    Args:
        asked: what was asked for.
        modules: their own top-level modules.
        imported: names that imported.
        failed: what does not import, pruned or not.
        owners: the distribution of each installed path.

    Also where nothing of the layer imports at all, unless all that fails may.
    """
    broken = [
        name
        for name, own in modules.items()
        if name not in asked.allowed and not any(module in imported for module in own)
    ]
    if broken:
        raise ProofError(*(_broken(name, modules[name], asked, failed) for name in broken))
    owner_of = {module_name(path): owner for path, owner in owners.items()}
    blamed = [name for name in failed if owner_of.get(name) not in asked.allowed]
    if blamed and not imported:
        module = blamed[0]
        raise ProofError.because(
            f"none of its modules imports, pruned or not: {', '.join(blamed[:5])}"
            + (f" and {len(blamed) - 5} more" if len(blamed) > 5 else ""),  # noqa: PLR2004 (a line's worth)
            details=_details(module, failed[module], asked),
            advice=("say proof: static to publish what was not proven",),
        )


def _broken(
    name: str, own: Sequence[str], asked: Asked, failed: Mapping[str, ImportResult]
) -> Problem:
    module = next((module for module in own if module in failed), own[0])
    others = f" (nor does any other of its {len(own)} modules)" if len(own) > 1 else ""
    details = _details(module, failed.get(module), asked)
    bring = any(line.startswith(LACKS_LIBRARY) and LACKING in line for line in details)
    return Problem(
        message=f"{name} was asked for, and {module} does not import, pruned or not{others}",
        place=asked.places.get(name),
        details=details,
        advice=(
            *(("bring it along: include: [{from: libs/, to: lib/}]",) if bring else ()),
            f"if it is to be in the layer all the same: proof: {{allow-failing: [{name}]}}",
        ),
    )


def _details(module: str, result: ImportResult | None, asked: Asked) -> tuple[str, ...]:
    if result is None:
        return ()
    reason = likely_reason(result.error, asked.extras, asked.libraries)
    first, *more = error_lines(result.error)
    return (f"import {module}: {first}", *more, *([reason] if reason else []))
