"""Stamps what was built, and says of what is known how that is known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from layer_builder.identity.marks import Marks, Shown
from layer_builder.identity.provenance import Provenance
from layer_builder.model import Built, Layer, Stamp
from layer_builder.outcome import Outcome
from layer_builder.plain_text import function_lines


def stamp_built(outcome: Outcome, marks: Marks, provenance: Provenance) -> None:
    """Give all that was built in a run its stamp."""
    shown = _shown(outcome, marks)
    _stamp(outcome, marks, lambda members: provenance.stamp(marks.key(members, shown)))


def stamp_unproven(outcome: Outcome, marks: Marks, provenance: Provenance) -> None:
    """Give what is built here and published by another job its stamp: whose it is, from what.

    It has no proof marks. What proves a layer is seen in the run that publishes it, or not at all.
    """
    _stamp(outcome, marks, lambda members: provenance.stamp(marks.content(members)))


def _stamp(outcome: Outcome, marks: Marks, write: Callable[[Sequence[Layer]], Stamp]) -> None:
    """Give each layer version one stamp, that of all its targets."""
    for members in marks.by_name().values():
        stamp = None
        for layer in members:
            if built := outcome.built.get(layer.id):
                stamp = stamp or write(members)
                outcome.built[layer.id] = replace(built, stamp=stamp)


def _shown(outcome: Outcome, marks: Marks) -> Shown:
    """Say what was not proven, isolated and without a warning, in this run."""
    unproven = {layer_id for layer_id, built in outcome.built.items() if not _is_proven(built)}
    lacking = {
        layer_id: {built.layer.target.label}
        for layer_id, built in outcome.built.items()
        if built.details.proof and built.details.proof.without_python
    }
    for known in outcome.known.values():
        if known.without_python:
            lacking[known.layer.id] = {known.layer.target.label}
    warned = {proof.function for proof in outcome.function_proofs if not proof.is_isolated}
    for stack in (item.stack for item in marks.stacks):
        ids = {layer.id for layer in stack.layers} & outcome.built.keys()
        if stack.key in outcome.unproven | warned:
            unproven |= ids
        if stack.key in outcome.untried:
            for layer_id in ids:
                lacking.setdefault(layer_id, set()).add(stack.target.label)
    return Shown(
        unproven=frozenset(unproven),
        lacking={layer_id: frozenset(labels) for layer_id, labels in lacking.items()},
    )


def _is_proven(built: Built) -> bool:
    """Tell whether a layer's own proof was isolated; of what another job built nobody knows."""
    proof = built.details.proof
    return not built.taken_up and (proof is None or proof.is_isolated)


def known_lines(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Say of layers and functions that were left out why that is so: a title and a line each."""
    for known in outcome.known.values():
        if stamp := known.stamp:
            now = (
                "as then, there is no Python for all of it"
                if known.without_python
                else "proven then"
            )
            line = (
                f"AWS has it, by the stamp of its newest version (content {stamp.content[:8]}…,"
                f" commit {stamp.commit}): not built; {now}"
            )
            yield known.layer.title, line
    for stack in outcome.known_functions:
        yield from ((f"function {stack.key}", line) for line in function_lines(outcome, stack))
