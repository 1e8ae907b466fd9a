"""Measures this program; `make bench` writes docs/benchmarks.md, docs/benchmarks.json, docs/scale.svg.

Every figure is a ratio or comes with the others of the same run: machines differ, and are noisy.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from layer_builder import distributions, indexes, rules
from layer_builder.guard import Guard
from layer_builder.pruning import PruneRules
from layer_builder.requirements import Requirements
from layer_builder.rules import Profile
from layer_builder.target import Architecture, Python, Target
from layer_builder.tree import Tree
from layer_builder.uv import Uv

ROOT = Path(__file__).parents[1]
CORE = ("boto3", "openai", "pandas", "pydantic")
TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)
ROUNDS = 5

SMALL = (
    "requests", "jinja2", "attrs", "click", "pyyaml", "orjson", "httpx", "markdown", "pyjwt", "tenacity",
    "msgpack", "python-dotenv", "rich", "cachetools", "jsonschema", "packaging", "tabulate", "simplejson",
    "ujson", "beautifulsoup4",
)  # fmt: skip
"""One for each of the twenty layers."""

_RUN = """
import resource, sys
from layer_builder.main import main
code = main(sys.argv[1:], __import__("os").environ)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stdout.write(f"{code} {peak}")
"""


@dataclass(frozen=True, kw_only=True)
class GuardCost:
    """What the static guard takes of a build, seconds."""

    guard: float
    build: float

    @property
    def share(self) -> float:
        """Guard over build."""
        return self.guard / self.build


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One run over many layers."""

    builds: int
    seconds: float
    peak_mib: float
    again_seconds: float
    """The same run once more, with nothing changed."""


def main() -> None:
    """Measure, print, write."""
    guard = guard_cost()
    print(f"guard {guard.guard:.2f} s of a build of {guard.build:.2f} s: {guard.share:.1%}")
    curve = []
    for layers in (1, 5, 20):
        for fan_out in (False, True) if layers == len(SMALL) else (False,):
            curve.append(scale(layers, fan_out=fan_out))
            print(curve[-1])
    write(guard, curve)


def guard_cost() -> GuardCost:
    """Time the guard on core-deps (aggressive), and whole builds of it; medians, warm cache."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree.below(Path(folder))
        uv = Uv(environ=indexes.environment(os.environ, {}))
        asked = Requirements(lines=CORE, names=frozenset(CORE))
        uv.install(uv.resolve(asked, TARGET), asked, TARGET, tree.root)
        entries = tree.scan()
        owners = distributions.owners(tree.distributions(entries))
        plan = PruneRules(profile=Profile.AGGRESSIVE)(entries, owners, tree.read)
        by_name = {rule.name: rule for rule in rules.AGGRESSIVE}
        gone = {r.entry.path: r.rule for r in plan.removals} | {
            r.path: r.rule for r in plan.restored
        }
        guard = Guard(
            paths={entry.path for entry in entries},
            candidates=gone.keys(),
            dropped=frozenset(),
            readable={path for path, rule in gone.items() if by_name[rule].may_be_read},
            owners=owners,
            read=tree.read,
        )
        guarding = [timed(guard) for _ in range(ROUNDS)]
    manifest = manifest_of(CORE[:1], packages=[list(CORE)], prune="aggressive")
    building = [run(manifest)[0] for _ in range(ROUNDS)]
    return GuardCost(guard=statistics.median(guarding), build=statistics.median(building))


def scale(layers: int, *, fan_out: bool) -> Scale:
    """Build many layers, then the same again."""
    targets = {"python": ["3.12", "3.13"], "architecture": ["x86_64", "arm64"]} if fan_out else {}
    chosen = SMALL[:layers]
    manifest = manifest_of(chosen, packages=[[name] for name in chosen], **targets)
    with tempfile.TemporaryDirectory() as folder:
        seconds, peak = run(manifest, Path(folder))
        again, _ = run(manifest, Path(folder))
    return Scale(
        builds=layers * (4 if fan_out else 1), seconds=seconds, peak_mib=peak, again_seconds=again
    )


def manifest_of(keys: Sequence[str], packages: Sequence[list[str]], **settings: object) -> str:
    """Write a manifest; JSON is YAML."""
    layers = {key: {"packages": names} for key, names in zip(keys, packages, strict=True)}
    top = {"version": 1, "python": "3.12", "name": "{layer}-{python}-{architecture}"}
    return json.dumps({**top, **settings, "layers": layers})


def run(manifest: str, output: Path | None = None) -> tuple[float, float]:
    """Run `build` in a process of its own; gives seconds and peak MiB of that process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "layers.yml")
        path.write_text(manifest, encoding="utf-8")
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _RUN, "build", "--manifest", str(path),
             "--output-dir", str(output or Path(folder, "out"))],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        seconds = time.perf_counter() - start
    code, peak = done.stdout.split()[-2:]
    if code != "0":
        raise SystemExit(done.stderr)
    return seconds, int(peak) / 1024


def timed(work: Guard) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write(guard: GuardCost, curve: Sequence[Scale]) -> None:
    """Write the page, the data and the plot."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    rows = "\n".join(
        f"| {point.builds} | {point.seconds:.1f} | {point.seconds / point.builds:.2f} |"
        f" {point.peak_mib:.0f} | {point.again_seconds:.1f} |"
        for point in curve
    )
    text = f"""\
# Benchmarks

Written by `make bench` ({machine}); the ratios are what to read.

## The guard

Reading the kept sources of core-deps ({", ".join(CORE)}; `prune: aggressive`) for what they import takes
{guard.guard:.2f} s of a build of {guard.build:.2f} s (warm cache, proof on, medians of {ROUNDS}): {guard.share:.1%}.

## Scale

Layers of one small distribution each; the last row is twenty layers for two Pythons and two architectures.
Peak memory is that of our own process, in MiB. "Again" is the same run with nothing changed.

| builds | seconds | seconds a build | peak MiB | again, seconds |
| ---: | ---: | ---: | ---: | ---: |
{rows}

![seconds a build and peak memory by number of builds](scale.svg)
"""
    docs = ROOT / "docs"
    (docs / "benchmarks.md").write_text(text, encoding="utf-8")
    data = {"machine": machine, "guard": asdict(guard), "scale": [asdict(point) for point in curve]}
    (docs / "benchmarks.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (docs / "scale.svg").write_text(plot(curve), encoding="utf-8")


def plot(curve: Sequence[Scale]) -> str:
    """Draw seconds a build and peak memory over the number of builds."""
    series = (
        ("seconds a build", "#3b7dd8", [point.seconds / point.builds for point in curve]),
        ("peak MiB / 100", "#d97706", [point.peak_mib / 100 for point in curve]),
    )
    most = max(value for _, _, values in series for value in values) * 1.15
    xs = [60 + 500 * point.builds / curve[-1].builds for point in curve]
    parts = []
    for row, (label, colour, values) in enumerate(series):
        ys = [240 - 200 * value / most for value in values]
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in zip(xs, ys, strict=True))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="{colour}"/>'
            f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{value:.2f}</text>'
            for x, y, value in zip(xs, ys, values, strict=True)
        ]
        parts.append(f'<text x="70" y="{24 + 16 * row}" fill="{colour}">{label}</text>')
    parts += [
        f'<text x="{x:.0f}" y="258" text-anchor="middle">{point.builds}</text>'
        for x, point in zip(xs, curve, strict=True)
    ]
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 280" font-family="sans-serif"'
        ' font-size="11">\n<rect width="600" height="280" fill="white"/>\n'
        '<line x1="60" y1="240" x2="580" y2="240" stroke="#888"/>\n'
        f'{body}\n<text x="320" y="275" text-anchor="middle">builds in one run</text>\n</svg>\n'
    )


if __name__ == "__main__":
    main()
