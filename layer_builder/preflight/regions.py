"""Opens the regions of a run: names looked at, credentials tried, the account compared.

All of it before anything is built: what is wrong with the credentials is known in a second, and not
after minutes of building.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from layer_builder.aws import Connect, Region
from layer_builder.console import Reporter
from layer_builder.errors import AwsError, Failure, ManifestError, Place, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Caller
from layer_builder.outcome import Outcome
from layer_builder.refusals import near_regions, region_mistake, wrong_partition


class WrongAccountError(AwsError):
    """The credentials are of another account than the run is meant for."""


@dataclass(frozen=True, kw_only=True)
class _Account:
    """The account that a run may work in."""

    id: str
    place: Place | None
    """None for the action's input."""


def open_regions(
    outcome: Outcome,
    connect: Connect,
    known_regions: Callable[[], Sequence[str]],
    reporter: Reporter,
) -> list[Region]:
    """Open the regions of a run, and say as whom it works there.

    Raises ManifestError for a name that is no region, AwsError where the credentials are missing
    or refused, and WrongAccountError where they are of another account than the run is meant for.
    """
    known = known_regions()
    _refuse_misspelt(outcome, known)
    regions = [connect(name) for name in outcome.regions]
    if outcome.inputs.sandbox:
        return regions
    with _telling_the_nearest(regions[0], known):
        caller = regions[0].caller
    reporter.step("aws", f"account {caller.account}, {caller}, in {', '.join(outcome.regions)}")
    _refuse_wrong_account(outcome, caller)
    for region in regions:
        _check(region, caller, known)
    return regions


def _refuse_misspelt(outcome: Outcome, known: Sequence[str]) -> None:
    by_input = outcome.manifest is None or outcome.manifest.regions != outcome.regions
    place = None if by_input or outcome.manifest is None else outcome.manifest.regions_place
    problems = []
    for name in outcome.regions:
        near = region_mistake(name, known)
        if near is not None:
            means = f"did you mean {' or '.join(near)}?" if near else "such as eu-west-1"
            problems.append(
                Problem(message=f"{name!r} is not a region of AWS", place=place, advice=(means,))
            )
    if problems:
        raise ManifestError(*problems)


def _refuse_wrong_account(outcome: Outcome, caller: Caller) -> None:
    wanted = _wanted(outcome)
    if wanted is None or wanted.id == caller.account:
        return
    where = "account: of the manifest" if wanted.place else "the input account"
    raise WrongAccountError.because(
        f"these credentials are of the account {caller.account}, and {where} says {wanted.id}:"
        " nothing was built or published",
        place=wanted.place,
        details=(str(caller),),
        advice=("log in to that account; the input account takes the place of the manifest's",),
    )


def _wanted(outcome: Outcome) -> _Account | None:
    if outcome.inputs.account:
        return _Account(id=outcome.inputs.account, place=None)
    manifest = outcome.manifest
    if manifest and manifest.account:
        return _Account(id=manifest.account, place=manifest.account_place)
    return None


def _check(region: Region, caller: Caller, known: Sequence[str]) -> None:
    if caller.partition and region.partition != caller.partition:
        raise AwsError(wrong_partition(region.name, region.partition, caller))
    if region.name in known:
        return
    # It may be newer than our data, or be misspelt: who asks there knows.
    with _telling_the_nearest(region, known):
        region.aws.require_reachable()


@contextmanager
def _telling_the_nearest(region: Region, known: Sequence[str]) -> Iterator[None]:
    """Add regions of a similar name where nobody answers in one that is not known."""
    try:
        yield
    except AwsError as error:
        near = near_regions(region.name, known)
        if error.failure is not Failure.UNSENT or region.name in known or not near:
            raise
        first, *rest = error.problems
        advice = (f"did you mean {' or '.join(near)}?", *first.advice)
        raise error.with_problems(replace(first, advice=advice), *rest) from error
