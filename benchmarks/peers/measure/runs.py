"""One builder's runs, one for each state of the caches, and what is seen of their zips."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import uv

from benchmarks.peers import figures, results
from benchmarks.peers.builders import Builder, Pass
from benchmarks.peers.measure import known, process
from benchmarks.peers.measure.process import Run
from benchmarks.peers.measure.unpacked import Unpacked, Weight, weigh
from benchmarks.peers.sets import PackageSet
from benchmarks.peers.tools import MissingToolError, Toolbox
from layer_builder.model.target import Target


class FailedRunError(Exception):
    """A builder's run did not end with its zips; says why."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Where the measuring happens."""

    folder: Path
    """Emptied as it goes."""
    interpreter: Path
    """The runtime's Python."""
    target: Target
    toolbox: Toolbox
    limit: float
    """The most seconds that a run may take."""
    say: Callable[[str], None]


@dataclass(kw_only=True)
class Entry:
    """What was measured of a builder so far."""

    builder: Builder
    place: Path
    runs: dict[Pass, list[Run]] = field(default_factory=dict)
    digests: set[str] = field(default_factory=set)
    weight: Weight | None = None
    unpacked: Unpacked | None = None
    steps: dict[str, float] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    works: tuple[str, ...] = ()
    imports: dict[str, list[float]] = field(default_factory=dict)
    error: str = ""
    is_slow: bool = False
    """Whether it was stopped for taking too long."""


def run_passes(entry: Entry, packages: PackageSet, setup: Setup) -> str:
    """Run all passes of a builder once, beginning with an empty home; gives why it failed."""
    home, folder = entry.place / "home", entry.place / "work"
    done: dict[Pass, Run] = {}
    try:
        tools = {name: setup.toolbox.provide(name) for name in entry.builder.tools}
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for which in entry.builder.passes:
            asked = _asked(which, packages)
            if which not in {Pass.UNCHANGED, Pass.LOCKED}:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                entry.builder.write(folder, asked, setup.target)
            if which in {Pass.KNOWN, Pass.LOCKED}:
                done[which] = _publish_again(entry, which, folder, home, tools, packages, setup)
                continue
            run = _run(entry.builder, which, folder, home, tools, packages, setup)
            zips = _zips(run, entry, folder, packages, setup)
            done[which] = run
            if asked is packages:
                entry.digests.add(_digest(zips))
            if entry.weight is None:
                _take_in(entry, zips, folder, packages, setup)
    except (MissingToolError, FailedRunError) as error:
        return str(error)
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    for which, run in done.items():
        entry.runs.setdefault(which, []).append(run)
    return ""


def _run(  # noqa: PLR0913, PLR0917 (all that a run depends on)
    builder: Builder,
    which: Pass,
    folder: Path,
    home: Path,
    tools: dict[str, Path],
    packages: PackageSet,
    setup: Setup,
) -> Run:
    environ = _environ(builder, which, home, tools, packages, setup)
    if which is Pass.FIRST:
        return known.publish_first(builder, home, folder, environ, limit=setup.limit)
    return process.run(builder.command, folder, environ, limit=setup.limit)


def _asked(which: Pass, packages: PackageSet) -> PackageSet:
    lower, upper = packages.moving
    moved = {Pass.LOWER_PIN: lower, Pass.UPPER_PIN: upper}.get(which)
    return packages.with_older(moved) if moved else packages


def _publish_again(  # noqa: PLR0913, PLR0917 (all that a run depends on)
    entry: Entry,
    which: Pass,
    folder: Path,
    home: Path,
    tools: dict[str, Path],
    packages: PackageSet,
    setup: Setup,
) -> Run:
    environ = _environ(entry.builder, which, home, tools, packages, setup)
    is_locked = which is Pass.LOCKED
    run = known.publish_again(
        entry.builder, folder, home, environ, limit=setup.limit, is_locked=is_locked
    )
    if not known.changed_nothing(run):
        _keep(run, entry, packages, setup)
        hidden = [str(folder), str(setup.folder), str(setup.toolbox.folder)]
        raise FailedRunError(figures.reason(run.log, hidden))
    return run


def _environ(  # noqa: PLR0913, PLR0917 (all that a run depends on)
    builder: Builder,
    which: Pass,
    home: Path,
    tools: dict[str, Path],
    packages: PackageSet,
    setup: Setup,
) -> dict[str, str]:
    # The peers' `python3.x -m pip` is the pinned pip; ours finds the interpreter itself.
    first = tools["pip"] / "bin" if "pip" in tools else setup.interpreter.parent
    return process.environment(
        home,
        [first],
        **builder.environ,
        **which.environ,
        **{name.upper(): str(path) for name, path in tools.items()},
        UV=uv.find_uv_bin(),
        LAYER=next(iter(packages.layers)),
    )


def _zips(run: Run, entry: Entry, folder: Path, packages: PackageSet, setup: Setup) -> list[Path]:
    """Find the zips of a run, in the order of the stack and then the rest."""
    hidden = [str(folder), str(setup.folder), str(setup.toolbox.folder)]
    if run.exit_code is None:
        _keep(run, entry, packages, setup)
        said = figures.reason(run.log.strip().splitlines()[-1] if run.log.strip() else "", hidden)
        message = f"stopped after {setup.limit:.0f} s; its last words: {said}"
        entry.is_slow = True
        raise FailedRunError(message)
    keys = dict.fromkeys([*packages.stacked, *packages.layers])
    found = [path for key in keys for path in (folder / "out").glob(f"*{key}.zip")]
    if run.exit_code not in entry.builder.good_codes or len(found) != len(keys):
        _keep(run, entry, packages, setup)
        raise FailedRunError(figures.reason(run.log, hidden))
    return found


def _keep(run: Run, entry: Entry, packages: PackageSet, setup: Setup) -> None:
    """Keep the log of a run that failed, for who wants to know more."""
    folder = setup.toolbox.folder.with_name("failed")
    folder.mkdir(exist_ok=True)
    name = f"{packages.name}, {entry.builder.title}.log".replace("/", "-")
    (folder / name).write_text(run.log, encoding="utf-8")


def _take_in(
    entry: Entry, zips: list[Path], folder: Path, packages: PackageSet, setup: Setup
) -> None:
    """Weigh the first zips that came, unpack the stack, and read where the time went."""
    entry.weight = weigh(zips)
    stack = zips[: len(packages.stacked)]
    entry.unpacked = Unpacked.of(stack, entry.place / "opt", str(setup.interpreter))
    with suppress(OSError):
        report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
        entry.steps = results.summed(report)


def _digest(zips: Sequence[Path]) -> str:
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in zips]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
