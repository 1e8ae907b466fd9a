"""Measures all contenders on a set of packages, turn by turn, round after round."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import uv

from benchmarks import figures, measuring, results
from benchmarks.contenders import Contender, Pass
from benchmarks.measuring import Run
from benchmarks.results import RECIPE, Row, Table
from benchmarks.sets import PackageSet
from benchmarks.tools import MissingToolError, Toolbox
from benchmarks.unpacked import Unpacked, Weight, weigh
from layer_builder.target import Target

IMPORTS = 5
"""How often a cold import is measured."""


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
class _Entry:
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


def measure(
    packages: PackageSet, contenders: Sequence[Contender], rounds: int, ground: Ground
) -> Table:
    """Give the table of a set. A contender that fails is asked no more, and its row says why."""
    home = ground.folder / packages.name
    shutil.rmtree(home, ignore_errors=True)
    entries = [
        _Entry(contender=contender, place=home / str(number))
        for number, contender in enumerate(contenders)
    ]
    for number in range(rounds):
        for entry in entries:
            if not entry.error:
                _take_turn(entry, packages, ground)
                ground.say(f"{packages.name} {number + 1}/{rounds}  {_progress(entry)}")
    _try_imports(entries, packages, ground)
    rows = [_row(entry, packages) for entry in entries]
    shutil.rmtree(home, ignore_errors=True)
    return Table(
        name=packages.name,
        about=packages.about,
        modules=packages.modules,
        rounds=rounds,
        is_timed=packages.is_timed,
        rows=rows,
    )


def _take_turn(entry: _Entry, packages: PackageSet, ground: Ground) -> None:
    """Run all passes of a contender once, beginning with an empty home."""
    home, folder = entry.place / "home", entry.place / "work"
    try:
        tools = {name: ground.toolbox.provide(name) for name in entry.contender.tools}
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for which in entry.contender.passes:
            if which is not Pass.UNCHANGED:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                entry.contender.write(folder, packages, ground.target)
            run = _run(entry.contender, folder, home, tools, packages, ground)
            zips = _zips(run, entry, folder, packages, ground)
            entry.runs.setdefault(which, []).append(run)
            entry.digests.add(_digest(zips))
            if entry.weight is None:
                _take_in(entry, zips, folder, packages, ground)
    except (MissingToolError, FailedRunError) as error:
        entry.error = str(error)
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _run(  # noqa: PLR0913, PLR0917 (all that a run depends on)
    contender: Contender,
    folder: Path,
    home: Path,
    tools: dict[str, Path],
    packages: PackageSet,
    ground: Ground,
) -> Run:
    # The peers' `python3.x -m pip` is the pinned pip; ours finds the interpreter itself.
    first = tools["pip"] / "bin" if "pip" in tools else ground.interpreter.parent
    environ = measuring.environment(
        home,
        [first],
        **contender.environ,
        **{name.upper(): str(path) for name, path in tools.items()},
        UV=uv.find_uv_bin(),
        LAYER=next(iter(packages.layers)),
    )
    return measuring.run(contender.command, folder, environ, limit=ground.limit)


def _zips(
    run: Run, entry: _Entry, folder: Path, packages: PackageSet, ground: Ground
) -> list[Path]:
    """Find the zips of a run, in the order of the stack and then the rest."""
    hidden = [str(folder), str(ground.folder), str(ground.toolbox.folder)]
    if run.exit_code is None:
        said = figures.reason(run.log.strip().splitlines()[-1] if run.log.strip() else "", hidden)
        message = f"stopped after {ground.limit:.0f} s; its last words: {said}"
        raise FailedRunError(message)
    keys = dict.fromkeys([*packages.stacked, *packages.layers])
    found = [path for key in keys for path in (folder / "out").glob(f"*{key}.zip")]
    if run.exit_code not in entry.contender.good_codes or len(found) != len(keys):
        raise FailedRunError(figures.reason(run.log, hidden))
    return found


def _take_in(
    entry: _Entry, zips: list[Path], folder: Path, packages: PackageSet, ground: Ground
) -> None:
    """Weigh the first zips that came, unpack the stack, and read where the time went."""
    entry.weight = weigh(zips)
    stack = zips[: len(packages.stacked)]
    entry.unpacked = Unpacked.of(stack, entry.place / "opt", str(ground.interpreter))
    with suppress(OSError):
        report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
        entry.steps = results.summed(report)


def _try_imports(entries: Sequence[_Entry], packages: PackageSet, ground: Ground) -> None:
    """See what works in each tree, then time it: each tree in turn, several times."""
    for entry, unpacked in _with_trees(entries):
        entry.broken = unpacked.failures(packages.statements)
        entry.works = tuple(m for m in packages.modules if f"import {m}" not in entry.broken)
        ground.say(f"{packages.name}  {entry.contender.title}: imports {' '.join(entry.works)}")
    if not packages.is_timed:
        return
    recipe = next((e.works for e in entries if e.contender.title == RECIPE), ())
    for _ in range(IMPORTS):
        for entry, unpacked in _with_trees(entries):
            # Ours also what the recipe's tree can import: like with like.
            sets = {entry.works, recipe} if entry.contender.is_ours else {entry.works}
            for modules in sorted(sets):
                if modules and set(modules) <= set(entry.works):
                    seconds = unpacked.import_seconds(modules)
                    if seconds is None:
                        entry.error = f"{', '.join(modules)} do not import in one process"
                    else:
                        entry.imports.setdefault(" ".join(modules), []).append(seconds)
    ground.say(f"{packages.name}  cold imports measured")


def _with_trees(entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, Unpacked]]:
    for entry in entries:
        if entry.unpacked:
            yield entry, entry.unpacked


def _row(entry: _Entry, packages: PackageSet) -> Row:
    weight = entry.weight or Weight(zip_bytes=0, unzipped_bytes=0, versions={})
    return Row(
        title=entry.contender.title,
        is_ours=entry.contender.is_ours,
        seconds={p: [round(run.seconds, 3) for run in runs] for p, runs in entry.runs.items()},
        peak_bytes={p: [run.peak_bytes for run in runs] for p, runs in entry.runs.items()},
        own_bytes={p: [run.own_bytes for run in runs] for p, runs in entry.runs.items()},
        digests=sorted(entry.digests),
        zip_bytes=weight.zip_bytes,
        unzipped_bytes=weight.unzipped_bytes,
        versions=weight.versions,
        works=entry.works,
        broken=entry.broken,
        checks=len(packages.statements) if entry.unpacked else 0,
        import_seconds={
            names: [round(seconds, 3) for seconds in values]
            for names, values in entry.imports.items()
        },
        steps=entry.steps,
        error=entry.error,
    )


def _digest(zips: Sequence[Path]) -> str:
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in zips]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _progress(entry: _Entry) -> str:
    title = f"{entry.contender.title:<32}"
    if entry.error:
        return f"{title} {entry.error}"
    times = (f"{which} {runs[-1].seconds:.1f} s" for which, runs in entry.runs.items())
    return f"{title} {', '.join(times)}"
