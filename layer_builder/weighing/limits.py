"""Layers and functions held against their limits, and kept from hiding files of one another."""

from collections.abc import Sequence
from concurrent.futures import Future

from layer_builder.archive import zip_checksums
from layer_builder.builder import problems_over_limits, stack_problem
from layer_builder.errors import LimitError, ManifestError
from layer_builder.licences import licence_problems
from layer_builder.model import Advice, Stack, find_collisions, weigh_stack
from layer_builder.outcome import Outcome


def weigh(
    outcome: Outcome, stacks: Sequence[Stack], advising: Future[dict[str, list[Advice]]]
) -> None:
    """Raise for every layer and stack over a limit, with what would make them smaller."""
    outcome.stacks = [weigh_stack(item, outcome.built) for item in stacks]
    over = [item for item in outcome.built.values() if any(one.is_over for one in item.readings)]
    too_much = [item for item in outcome.stacks if item.reading.is_over]
    if over or too_much:
        outcome.advice = advising.result()
    problems = [
        problem
        for built in over
        for problem in problems_over_limits(built, outcome.advice.get(built.layer.id, ()))
    ]
    problems += [stack_problem(item, outcome.advice) for item in too_much]
    _refuse_collisions(outcome, stacks)
    _refuse_licences(outcome)
    if problems:
        raise LimitError(*problems)


def _refuse_licences(outcome: Outcome) -> None:
    refused = [
        problem
        for built in outcome.built.values()
        for problem in licence_problems(built.layer, built.licences)
    ]
    if refused:
        raise ManifestError(*dict.fromkeys(refused))


def _refuse_collisions(outcome: Outcome, stacks: Sequence[Stack]) -> None:
    several = [item for item in stacks if len(item.layers) > 1]
    ids = {layer.id for item in several for layer in item.layers}
    contents = {layer_id: zip_checksums(outcome.built[layer_id].archive.path) for layer_id in ids}
    clashes = [problem for item in several for problem in find_collisions(item, contents)]
    if clashes:
        raise ManifestError(*clashes)
