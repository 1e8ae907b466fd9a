"""The commands beside the action's: each does one thing, and writes what it came to."""

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from layer_builder import dividing, github, inspecting, inventory, listing, locking
from layer_builder.console import Console
from layer_builder.errors import LimitError, ManifestError, Problem
from layer_builder.inputs import Inputs
from layer_builder.outcome import Outcome
from layer_builder.starter import STARTER
from layer_builder.world import World

Work = Callable[[Inputs, World, Outcome], None]
"""What a run does."""


def of(asked: Namespace, out: TextIO) -> Work | None:
    """Find the errand that was asked for; None for a command of the action."""
    match asked.command:
        case "split":
            return lambda inputs, world, outcome: _write(
                out, dividing.divide(inputs, world, outcome, key=asked.layer, write=asked.write)
            )
        case "lock":
            packages = tuple(asked.upgrade_package)
            return lambda inputs, world, outcome: _write(
                out,
                f"{locking.lock(inputs, world, outcome, upgrade=asked.upgrade, packages=packages)}\n",
            )
        case "versions":
            return lambda _, world, outcome: _versions(asked, world, outcome, out)
        case _:
            return None


def init(path: Path) -> int:
    """Write a manifest to start from, unless there is a file; gives the exit code."""
    if path.exists():
        Console().error(Problem(message=f"{path} is there already; nothing was written"))
        return ManifestError.exit_code
    path.write_text(STARTER, encoding="utf-8")
    Console().lines([f"wrote {path}; next: layer-builder publish --sandbox --manifest {path}"])
    return 0


def _versions(asked: Namespace, world: World, outcome: Outcome, out: TextIO) -> None:
    """Write the inventory, and warn of what is near a limit. Raises LimitError by --fail-at."""
    stocks = inspecting.inspect(outcome, world, asked.unzipped)
    warned, failed = (
        inventory.warnings(stocks, through_s3=bool(asked.s3_bucket), above=above)
        for above in (asked.warn_at, asked.fail_at)
    )
    data = listing.as_data(stocks, warned, outcome.inputs.manifest)
    _write(out, json.dumps(data, indent=2) + "\n" if asked.json else listing.table(stocks))
    if github.is_running():
        github.add_summary(listing.markdown(stocks))
    if asked.fail_at and failed:
        raise LimitError(*failed)
    for problem in warned:
        world.voice.warn(problem)


def _write(out: TextIO, text: str) -> None:
    out.write(text)
    out.flush()
