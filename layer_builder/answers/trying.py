"""`try`: what packages would bring to a layer, and where they are best put; nothing is written."""

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder import parallel
from layer_builder.answers.changes import Mode, changed_request, read_packages
from layer_builder.answers.trial import FunctionChange, TrialOption, best_options, compare
from layer_builder.answers.words import trial_data, trial_lines
from layer_builder.commands import (
    Context,
    read_requests,
    resolve_requests,
    weigh,
    weigh_functions,
)
from layer_builder.errors import InstallError, ManifestError, Place, did_you_mean
from layer_builder.exit_codes import ExitCode
from layer_builder.forecast import LayerEstimate
from layer_builder.inputs import Inputs
from layer_builder.model import Resolution
from layer_builder.outcome import Outcome
from layer_builder.resolve import Resolved, group_layers, resolve_group
from layer_builder.sources import LayerRequest

_AT_ONCE = 2
"""Options that are resolved. Four of uv at once waited 5 s for names of hosts, two do not."""


def try_packages(inputs: Inputs, context: Context, outcome: Outcome, asked: Namespace) -> str:
    """Answer; as text or JSON. Where no layer can have them, the exit code is that of limits.

    Raises ManifestError for a layer that is not there, InstallError for what cannot be resolved.
    """
    packages = read_packages(asked.packages)
    mode = Mode.REMOVE if asked.remove else Mode.UPGRADE if asked.upgrade else Mode.ADD
    requests = read_requests(inputs, context, outcome)
    resolved = resolve_requests(requests, outcome, context)
    keys = _candidates(asked.layer, packages, mode, resolved, inputs)
    before = weigh(resolved, context)

    def option(key: str) -> TrialOption | InstallError:
        try:
            found = _resolve(key, packages, mode, requests, resolved, outcome, context)
            moved = {one: o for one, o in found.items() if o.own.pins != resolved[one].own.pins}
            after = weigh(moved, context)
        except InstallError as error:
            return error
        return compare(key, before, after, _functions(outcome, before, after))

    found = parallel.each(option, keys, _AT_ONCE)
    errors = [one for one in found if isinstance(one, InstallError)]
    if len(errors) == len(found):
        raise errors[0]
    options = [
        TrialOption(key=key, refused=one.problems[0].message)
        if isinstance(one, InstallError)
        else one
        for key, one in zip(keys, found, strict=True)
    ]
    best = best_options(options)
    if not best:
        outcome.exit_code = ExitCode.LIMIT
    if asked.json:
        return json.dumps(trial_data(mode, packages, options, best), indent=2) + "\n"
    return "".join(f"{line}\n" for line in trial_lines(mode, packages, options, best))


def _candidates(
    named: str | None,
    packages: Sequence[Requirement],
    mode: Mode,
    resolved: Mapping[str, Resolved],
    inputs: Inputs,
) -> list[str]:
    """Choose the layers to try it in. Raises ManifestError where there is none."""
    layers = {item.request.layer.key: item for item in resolved.values()}
    if named and named not in layers:
        raise ManifestError.because(
            f"there is no layer {named!r}",
            place=Place(file=inputs.manifest),
            advice=did_you_mean(named, layers),
        )
    names = {str(canonicalize_name(one.name)) for one in packages}
    having = [
        key
        for key, item in layers.items()
        if (not named or key == named) and (mode is Mode.ADD or names & _there(item, mode))
    ]
    if not having:
        where = f"requirement of layer {named}" if named else "layer's requirement"
        is_what = f"is no {where}" if mode is Mode.REMOVE else f"is not in {named or 'any layer'}"
        raise ManifestError.because(
            f"{', '.join(sorted(names))} {is_what}",
            place=Place(file=inputs.manifest),
            advice=("`layer-builder why` tells through whom a distribution came",),
        )
    return having


def _there(item: Resolved, mode: Mode) -> frozenset[str]:
    if mode is Mode.REMOVE:
        return item.request.requirements.names
    return frozenset(item.own.versions)


def _resolve(  # noqa: PLR0913, PLR0917 (a trial is of all of these)
    key: str,
    packages: Sequence[Requirement],
    mode: Mode,
    requests: Sequence[LayerRequest],
    resolved: Mapping[str, Resolved],
    outcome: Outcome,
    context: Context,
) -> dict[str, Resolved]:
    """Resolve the families of a changed layer; other versions stay where they can."""
    free = {str(canonicalize_name(one.name)) for one in packages}
    changed = [
        changed_request(one, packages, mode) if one.layer.key == key else one for one in requests
    ]
    found: dict[str, Resolved] = {}
    for group in group_layers(changed, outcome.ties):
        if key in group.keys:
            ids = [request.layer.id for request in group.requests]
            pins = {pin for one in ids for pin in resolved[one].own.pins if pin.name not in free}
            prefer = Resolution(pins=tuple(sorted(pins)))
            found |= resolve_group(group, context.installer, prefer=prefer)
    return found


def _functions(
    outcome: Outcome, before: Mapping[str, LayerEstimate], after: Mapping[str, LayerEstimate]
) -> list[FunctionChange]:
    old = {weight.stack.key: weight for weight, _ in weigh_functions(outcome.functions, before)}
    new = weigh_functions(outcome.functions, {**before, **after})
    return [
        FunctionChange(before=old[weight.stack.key], after=weight, least=least)
        for weight, least in new
    ]
