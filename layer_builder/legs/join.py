"""Joins the parts of several legs to what a run that took up their zips tells."""

from collections.abc import Mapping, Sequence

from layer_builder.errors import Problem
from layer_builder.legs.part import Part
from layer_builder.model import Layer, Stack, counted
from layer_builder.outcome import Outcome


def join_parts(
    outcome: Outcome, parts: Mapping[str, Part], stacks: Sequence[Stack]
) -> list[Problem]:
    """Add to the outcome what the legs know of the zips that were taken up.

    A part counts for a layer only if it names the very zip. `stacks` are all that could have been
    proven. Gives what is to be said: a layer that no part tells of, where there are parts.
    """
    if not parts:
        return []
    taken = [built for built in outcome.built.values() if built.taken_up]
    told: dict[str, Part] = {}
    lost: list[Layer] = []
    for built in taken:
        stem, digest = built.layer.stem, built.archive.sha256
        of_zip = [part for part in parts.values() if part.zips.get(stem) == digest]
        if of_zip:
            told[built.layer.id] = of_zip[0]
        else:
            lost.append(built.layer)
    for layer_id, part in told.items():
        if part.advice.get(layer_id):
            outcome.advice[layer_id] = list(part.advice[layer_id])
    _join_proofs(outcome, told, stacks)
    _join_warnings(outcome, parts, told)
    return [_missing(lost, len(parts))] if lost else []


def _join_proofs(outcome: Outcome, told: Mapping[str, Part], stacks: Sequence[Stack]) -> None:
    """Take each stack's proof from the one leg that built all layers of it."""
    mine = {proof.function for proof in outcome.function_proofs}
    for stack in stacks:
        legs = [told.get(layer.id) for layer in stack.layers]
        part = legs[0] if legs else None
        if part is None or any(one is not part for one in legs) or stack.key in mine:
            continue
        outcome.function_proofs += [one for one in part.proofs if one.function == stack.key][:1]


def _join_warnings(outcome: Outcome, parts: Mapping[str, Part], told: Mapping[str, Part]) -> None:
    """Add warnings that this run has not said itself; each leg has annotated its own."""
    known = {(one.layer, one.message) for one in outcome.warnings}
    for part in parts.values():
        if not any(one is part for one in told.values()):
            continue
        for warning in part.warnings:
            if (warning.layer, warning.message) not in known:
                known.add((warning.layer, warning.message))
                outcome.warnings.append(warning)


def _missing(lost: Sequence[Layer], count: int) -> Problem:
    return Problem(
        message=f"the report of a leg is missing: none of {counted(count, 'part')} tells of"
        f" {counted(len(lost), 'zip')} that {'was' if len(lost) == 1 else 'were'} taken up",
        details=tuple(f"{layer.stem}.zip ({layer.title})" for layer in lost),
        advice=("hand on the report-<leg>.json of each leg with its zips",),
    )
