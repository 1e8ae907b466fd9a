"""One contender's turn: a run for each state of the caches, weighed and kept."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import uv

from benchmarks.peers import figures, results
from benchmarks.peers.builders import Contender, Pass
from benchmarks.peers.measure import process
from benchmarks.peers.measure.process import Run
from benchmarks.peers.measure.unpacked import Unpacked, Weight, weigh
from benchmarks.peers.sets import PackageSet
from benchmarks.peers.tools import MissingToolError, Toolbox
from layer_builder.model.target import Target


class FailedRunError(Exception):
    """A contender's run did not end with its zips; says why."""


@dataclass(frozen=True, kw_only=True)
class Ground:
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
    """A contender on its way through the rounds."""

    contender: Contender
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


def take_turn(entry: Entry, packages: PackageSet, ground: Ground) -> str:
    """Run all passes of a contender once, beginning with an empty home; gives why it failed."""
    home, folder = entry.place / "home", entry.place / "work"
    done: dict[Pass, Run] = {}
    try:
        tools = {name: ground.toolbox.provide(name) for name in entry.contender.tools}
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for which in entry.contender.passes:
            if which is not Pass.UNCHANGED:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                entry.contender.write(folder, packages, ground.target)
            run = _run(entry.contender, which, folder, home, tools, packages, ground)
            zips = _zips(run, entry, folder, packages, ground)
            done[which] = run
            entry.digests.add(_digest(zips))
            if entry.weight is None:
                _take_in(entry, zips, folder, packages, ground)
    except (MissingToolError, FailedRunError) as error:
        return str(error)
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    for which, run in done.items():
        entry.runs.setdefault(which, []).append(run)
    return ""


def _run(  # noqa: PLR0913, PLR0917 (all that a run depends on)
    contender: Contender,
    which: Pass,
    folder: Path,
    home: Path,
    tools: dict[str, Path],
    packages: PackageSet,
    ground: Ground,
) -> Run:
    # The peers' `python3.x -m pip` is the pinned pip; ours finds the interpreter itself.
    first = tools["pip"] / "bin" if "pip" in tools else ground.interpreter.parent
    environ = process.environment(
        home,
        [first],
        **contender.environ,
        **which.environ,
        **{name.upper(): str(path) for name, path in tools.items()},
        UV=uv.find_uv_bin(),
        LAYER=next(iter(packages.layers)),
    )
    return process.run(contender.command, folder, environ, limit=ground.limit)


def _zips(run: Run, entry: Entry, folder: Path, packages: PackageSet, ground: Ground) -> list[Path]:
    """Find the zips of a run, in the order of the stack and then the rest."""
    hidden = [str(folder), str(ground.folder), str(ground.toolbox.folder)]
    if run.exit_code is None:
        _keep(run, entry, packages, ground)
        said = figures.reason(run.log.strip().splitlines()[-1] if run.log.strip() else "", hidden)
        message = f"stopped after {ground.limit:.0f} s; its last words: {said}"
        entry.is_slow = True
        raise FailedRunError(message)
    keys = dict.fromkeys([*packages.stacked, *packages.layers])
    found = [path for key in keys for path in (folder / "out").glob(f"*{key}.zip")]
    if run.exit_code not in entry.contender.good_codes or len(found) != len(keys):
        _keep(run, entry, packages, ground)
        raise FailedRunError(figures.reason(run.log, hidden))
    return found


def _keep(run: Run, entry: Entry, packages: PackageSet, ground: Ground) -> None:
    """Keep the log of a run that failed, for who wants to know more."""
    folder = ground.toolbox.folder.with_name("failed")
    folder.mkdir(exist_ok=True)
    name = f"{packages.name}, {entry.contender.title}.log".replace("/", "-")
    (folder / name).write_text(run.log, encoding="utf-8")


def _take_in(
    entry: Entry, zips: list[Path], folder: Path, packages: PackageSet, ground: Ground
) -> None:
    """Weigh the first zips that came, unpack the stack, and read where the time went."""
    entry.weight = weigh(zips)
    stack = zips[: len(packages.stacked)]
    entry.unpacked = Unpacked.of(stack, entry.place / "opt", str(ground.interpreter))
    with suppress(OSError):
        report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
        entry.steps = results.summed(report)


def _digest(zips: Sequence[Path]) -> str:
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in zips]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]
