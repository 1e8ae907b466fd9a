"""Measures all builders on a set of packages, one after the other, round after round."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import uv

from benchmarks.peers.builders import Builder
from benchmarks.peers.measure import process
from benchmarks.peers.measure.runs import Entry, Setup, run_passes
from benchmarks.peers.measure.unpacked import Unpacked, Weight, versions_in
from benchmarks.peers.results import RECIPE, Row, Table
from benchmarks.peers.sets import PackageSet

IMPORTS = 5
FEWER_IMPORTS = 3
"""How often a cold import is measured: where all rounds are run, and where fewer are."""


def measure(packages: PackageSet, builders: Sequence[Builder], rounds: int, setup: Setup) -> Table:
    """Give the table of a set. A builder that fails is asked no more, and its row says why."""
    home = setup.folder / packages.name
    shutil.rmtree(home, ignore_errors=True)
    entries = [
        Entry(builder=builder, place=home / str(number)) for number, builder in enumerate(builders)
    ]
    packages = packages.pinned(_versions(packages, home, setup))
    for number in range(rounds):
        for entry in entries:
            most = entry.builder.most_rounds
            if not entry.error and (most is None or number < most):
                reason = run_passes(entry, packages, setup)
                if reason and not entry.is_slow:
                    # Once more: an index fails now and then, too.
                    reason = run_passes(entry, packages, setup)
                entry.error = reason
                setup.say(f"{packages.name} {number + 1}/{rounds}  {_progress(entry)}")
    _try_imports(entries, packages, setup)
    rows = [_row(entry, packages) for entry in entries]
    shutil.rmtree(home, ignore_errors=True)
    return Table(
        name=packages.name,
        about=packages.about,
        requirements=list(dict.fromkeys(r for lines in packages.layers.values() for r in lines)),
        modules=packages.modules,
        rounds=rounds,
        is_timed=packages.is_timed,
        rows=rows,
    )


def _versions(packages: PackageSet, home: Path, setup: Setup) -> dict[str, str]:
    """Find today's versions, and have all fetched once: an index may be slower with the first."""
    folder = home / "first"
    folder.mkdir(parents=True)
    lines = dict.fromkeys(line for lines in packages.layers.values() for line in lines)
    command = (
        uv.find_uv_bin(), "pip", "install", "--no-config", "--no-cache", "--target", "first",
        "--only-binary", ":all:", "--python", str(setup.interpreter), *lines,
    )  # fmt: skip
    environ = process.environment(home, [setup.interpreter.parent])
    process.run(command, home, environ, limit=setup.limit)
    versions = versions_in(f"{path.name}/" for path in folder.iterdir())
    shutil.rmtree(folder)
    return versions


def _try_imports(entries: Sequence[Entry], packages: PackageSet, setup: Setup) -> None:
    """See what works in each tree, then time it: each tree in turn, several times."""
    for entry, unpacked in _with_trees(entries):
        entry.broken = unpacked.failures(packages.statements)
        entry.works = tuple(m for m in packages.modules if f"import {m}" not in entry.broken)
        setup.say(f"{packages.name}  {entry.builder.title}: imports {' '.join(entry.works)}")
    if not packages.is_timed:
        return
    recipe = next((e.works for e in entries if e.builder.title == RECIPE), ())
    for _ in range(FEWER_IMPORTS if packages.fewer_rounds else IMPORTS):
        for entry, unpacked in _with_trees(entries):
            # Ours also what the recipe's tree can import: like with like.
            sets = {entry.works, recipe} if entry.builder.is_ours else {entry.works}
            for modules in sorted(sets):
                if modules and set(modules) <= set(entry.works):
                    seconds = unpacked.import_seconds(modules)
                    if seconds is None:
                        entry.error = f"{', '.join(modules)} do not import in one process"
                    else:
                        entry.imports.setdefault(" ".join(modules), []).append(seconds)
    setup.say(f"{packages.name}  cold imports measured")


def _with_trees(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Unpacked]]:
    for entry in entries:
        if entry.unpacked:
            yield entry, entry.unpacked


def _row(entry: Entry, packages: PackageSet) -> Row:
    weight = entry.weight or Weight(zip_bytes=0, unzipped_bytes=0, versions={})
    return Row(
        title=entry.builder.title,
        is_ours=entry.builder.is_ours,
        seconds={p: [round(run.seconds, 3) for run in runs] for p, runs in entry.runs.items()},
        cpu_seconds={
            p: [round(run.cpu_seconds, 3) for run in runs] for p, runs in entry.runs.items()
        },
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


def _progress(entry: Entry) -> str:
    title = f"{entry.builder.title:<32}"
    if entry.error:
        return f"{title} {entry.error}"
    times = (f"{which} {runs[-1].seconds:.1f} s" for which, runs in entry.runs.items())
    return f"{title} {', '.join(times)}"
