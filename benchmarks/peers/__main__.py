"""Measures this program against its peers, and how it scales.

    python -m benchmarks.peers [--rounds 3] [--sets example tiny scale …]

The peers are installed into .cache/bench first, each into an environment of its own. A run of all
sets writes docs/benchmarks.md, docs/benchmarks.json and docs/scale.svg; one of some prints the page.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path

import psutil

from benchmarks.peers import tools
from benchmarks.peers.builders import Builder, Pass, ours, peers
from benchmarks.peers.measure import guard, process, scale, schedule
from benchmarks.peers.measure.runs import Entry, FailedRunError, Setup, run_passes
from benchmarks.peers.report import claims, page, plot
from benchmarks.peers.results import Guard, Results
from benchmarks.peers.sets import SETS, TINY, PackageSet
from benchmarks.peers.tools import Toolbox
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import interpreter

ROOT = Path(__file__).resolve().parents[2]
SCALE = "scale"
_CACHE = ROOT / ".cache" / "bench"
_DOCS = ROOT / "docs"
_PYTHONS = (Python.PY312, Python.PY313)
_EVERYTHING = (*SETS, SCALE)


def main() -> int:
    """Measure, print, write."""
    asked = _arguments()
    found = _find_interpreter()
    if not found:
        print("a Python 3.12 or 3.13 for x86_64 Linux is needed, to build for", file=sys.stderr)
        return 2
    target, python = found
    with tempfile.TemporaryDirectory(prefix="layer-builder-bench-") as folder:
        setup = Setup(
            folder=Path(folder),
            interpreter=python,
            target=target,
            toolbox=Toolbox(folder=_CACHE / "tools", python=python),
            limit=asked.limit,
            say=lambda text: print(text, flush=True),
        )
        # Whoever runs first would pay for compiling this program's own modules.
        run_passes(Entry(builder=ours(), place=Path(folder, "first")), TINY, setup)
        results = _measure(asked.sets, asked.rounds, setup)
    text = page.page(results)
    print(f"\n{text}")
    whole = set(asked.sets) == set(_EVERYTHING)
    _write(results, text, _DOCS if whole else _CACHE)
    return 0


def _measure(names: Sequence[str], count: int, setup: Setup) -> Results:
    results = Results(machine=_machine(setup), pins=_pins(), rounds=count)
    for packages in (packages for name in SETS if name in names for packages in SETS[name]):
        often = max(1, count - packages.fewer_rounds)
        table = schedule.measure(packages, _builders(packages, setup.target), often, setup)
        results = replace(results, tables=(*results.tables, table))
    if SCALE in names:
        try:
            results = replace(results, by_layers=scale.by_layers(max(1, count - 2), setup))
            results = replace(results, by_size=scale.by_size(max(1, count - 2), setup))
        except FailedRunError as error:
            results = replace(results, scale_error=str(error))
        results = replace(results, guard=_guard(results, count, setup))
    return results


def _builders(packages: PackageSet, target: Target) -> list[Builder]:
    if packages.project:
        able = [peer for peer in peers(target) if peer.builds_projects]
        return [*able, ours(claims.DEFAULT, *Pass)]
    rivals = [
        peer if packages.has_warm else replace(peer, passes=(Pass.COLD,)) for peer in peers(target)
    ]
    found = [
        *rivals,
        ours(claims.DEFAULT),
        ours(claims.IMPORTED, Pass.COLD, bytecode="imported"),
    ]
    if packages.name == "core-deps":
        services = ["s3", "lambda"]
        found += [
            ours(claims.ALL, Pass.COLD, bytecode="all"),
            ours(claims.BEST, Pass.COLD, compression="best"),
            ours(claims.TWO_SERVICES, Pass.COLD, sdk=services),
        ]
    return found


def _guard(results: Results, count: int, setup: Setup) -> Guard | None:
    """Measure the guard where the build that it is compared with was measured."""
    table = results.table("core-deps")
    row = table.row(claims.DEFAULT) if table else None
    times = row.times(Pass.REBUILT) if row else ()
    return guard.measure(count, setup.target, statistics.median(times)) if times else None


def _find_interpreter() -> tuple[Target, Path] | None:
    for python in _PYTHONS:
        target = Target(python=python, architecture=Architecture.X86_64)
        found = interpreter.find_interpreter(target, os.environ)
        if found:
            return target, Path(found.path)
    return None


def _pins() -> Mapping[str, str]:
    words = {pin.replace("@", "==") for pins in tools.PINS.values() for pin in pins}
    pairs = (word.partition("==") for word in words)
    found = {name: version for name, _, version in pairs} | {"uv": metadata.version("uv")}
    return dict(sorted(found.items()))


def _machine(setup: Setup) -> str:
    memory = psutil.virtual_memory().total / process.MIB / 1024
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {memory:.0f} GiB, layers for"
        f" Python {setup.target.python}, this program on Python {platform.python_version()}"
    )


def _write(results: Results, text: str, folder: Path) -> None:
    data = {**asdict(results), "claims": [asdict(claim) for claim in claims.check(results)]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.md").write_text(text, encoding="utf-8")
    (folder / "benchmarks.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if results.by_layers and results.by_size:
        picture = plot.draw(results.by_layers, results.by_size)
        (folder / "scale.svg").write_text(picture, encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="of the example; large sets have fewer"
    )
    parser.add_argument("--sets", nargs="+", choices=_EVERYTHING, default=list(_EVERYTHING))
    parser.add_argument("--limit", type=float, default=180, help="the most seconds for a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
