"""What a run says that its user stopped: what was done until then, and what another one does."""

from layer_builder.errors import Problem
from layer_builder.inputs import Command
from layer_builder.outcome import Outcome


def stopped_problem(outcome: Outcome, *, keeps_builds: bool) -> Problem:
    """Tell what a run did until it was stopped, and what another one does.

    `keeps_builds` says whether what was built is taken from the cache then.
    """
    titles = [layer.title for layer in outcome.layers if layer.stem in outcome.finished]
    layers, published = len(outcome.layers), outcome.published_arns()
    details = []
    if outcome.inputs.command is not Command.ATTACH and layers:
        details.append(f"built: {len(titles)} of {layers}{_named(titles)}")
    if outcome.inputs.command in {Command.PUBLISH, Command.PROMOTE} and layers:
        details.append(f"published: {len(published)}{_named(published)}")
    advice = []
    if titles and keeps_builds:
        advice.append("run it again: what was built comes from the cache")
    if published:
        advice.append("run it again: what was published is known by its stamp, and stays as it is")
    return Problem(message="stopped by the user", details=tuple(details), advice=tuple(advice))


def _named(names: list[str]) -> str:
    return f": {', '.join(names)}" if names else ""
