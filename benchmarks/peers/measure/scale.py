"""How builds scale: by the number of layers in a run, and by the size of one."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import uv

from benchmarks.peers import builders, figures, results
from benchmarks.peers.measure import process, wheels
from benchmarks.peers.measure.process import MIB, Run
from benchmarks.peers.measure.runs import FailedRunError, Setup
from benchmarks.peers.results import Point
from layer_builder.keeping import find_cache_folder

LAYERS = (1, 5, 20, 80)
SIZES = (1, 10, 50, 100, 200, 245)
"""MiB, installed."""

SMALL = (
    "requests", "jinja2", "attrs", "click", "pyyaml", "orjson", "httpx", "markdown", "pyjwt", "tenacity",
    "msgpack", "python-dotenv", "rich", "cachetools", "jsonschema", "packaging", "tabulate", "simplejson",
    "ujson", "beautifulsoup4",
)  # fmt: skip
"""One for each of twenty layers."""

_MATERIAL = ("boto3", "openai", "pandas", "pydantic", "scipy", "scikit-learn", "pyarrow")


def by_layers(rounds: int, setup: Setup) -> list[Point]:
    """Build few and many layers of one small distribution each, with uv's cache filled.

    The most are twenty layers for two Pythons and two architectures.
    """
    folder = _emptied(setup.folder / "layers")
    manifests = {count: _small(count) for count in LAYERS}
    _build(folder / "first", manifests[max(LAYERS)], folder / "home", setup, {})
    points = _points(folder, manifests, {}, rounds, setup)
    shutil.rmtree(folder)
    return points


def by_size(rounds: int, setup: Setup) -> list[Point]:
    """Build one layer out of one wheel of real files, small and large."""
    folder = _emptied(setup.folder / "size")
    material = folder / "material"
    subprocess.run(
        [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--target", str(material),
         "--only-binary", ":all:", "--no-compile-bytecode", "--python", str(setup.interpreter),
         *_MATERIAL],
        check=True,
    )  # fmt: skip
    environs = {}
    for size in SIZES:
        wheelhouse = _emptied(folder / f"wheels-{size}")
        wheels.make(material, size * MIB, wheelhouse, setup.target)
        environs[size] = {"UV_FIND_LINKS": str(wheelhouse), "UV_NO_INDEX": "1"}
    shutil.rmtree(material)
    manifest = _manifest({wheels.NAME: [wheels.NAME]}, python=str(setup.target.python))
    points = _points(folder, dict.fromkeys(SIZES, manifest), environs, rounds, setup)
    shutil.rmtree(folder)
    return points


def _points(
    folder: Path,
    manifests: Mapping[int, str],
    environs: Mapping[int, Mapping[str, str]],
    rounds: int,
    setup: Setup,
) -> list[Point]:
    """Run each manifest, and once more unchanged; all of them in turn, round after round."""
    runs: dict[int, list[tuple[Run, Run]]] = {size: [] for size in manifests}
    reports: dict[int, dict[str, Any]] = {}
    for _ in range(rounds):
        for size, manifest in manifests.items():
            more = environs.get(size, {})
            # Wheels of one name and different contents must not meet in uv's cache.
            home = _emptied(folder / f"home-{size}") if more else folder / "home"
            work = _emptied(folder / "work")
            # All of it is to be built: a run with more layers has those of one with fewer.
            _remove_builds(home)
            pair = tuple(_build(work, manifest, home, setup, more) for _ in range(2))
            runs[size].append((pair[0], pair[1]))
            reports[size] = json.loads((work / "out" / "report.json").read_text(encoding="utf-8"))
            setup.say(
                f"{folder.name} {size}: {pair[0].seconds:.1f} s, again {pair[1].seconds:.1f} s"
            )
    return [
        Point(
            layers=len(reports[size]["layers"]),
            mib=round(sum(layer["unzipped_bytes"] for layer in reports[size]["layers"]) / MIB, 1),
            seconds=[round(first.seconds, 3) for first, _ in pairs],
            again=[round(again.seconds, 3) for _, again in pairs],
            peak_bytes=max(first.own_bytes for first, _ in pairs),
            steps=results.summed(reports[size]),
        )
        for size, pairs in runs.items()
    ]


def _build(folder: Path, manifest: str, home: Path, setup: Setup, more: Mapping[str, str]) -> Run:
    folder.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    (folder / "layers.yml").write_text(manifest, encoding="utf-8")
    environ = process.environment(home, [setup.interpreter.parent], **more)
    run = process.run(builders.ours().command, folder, environ, limit=setup.limit)
    if run.exit_code != 0:
        raise FailedRunError(figures.reason(run.log, [str(folder)]))
    return run


def _remove_builds(home: Path) -> None:
    """Remove what was built; what is known of the wheels in uv's cache lies below, and stays."""
    folder = find_cache_folder({"HOME": str(home)})
    for path in folder.iterdir() if folder and folder.is_dir() else ():
        if path.is_file():
            path.unlink()


def _small(count: int) -> str:
    layers = {name: [name] for name in SMALL[:count]}
    if count <= len(SMALL):
        return _manifest(layers, python="3.12")
    targets = {"python": ["3.12", "3.13"], "architecture": ["x86_64", "arm64"]}
    return _manifest(layers, name="{layer}-{python}-{architecture}", **targets)


def _manifest(layers: Mapping[str, Sequence[str]], **settings: object) -> str:
    entries = {key: {"packages": list(names)} for key, names in layers.items()}
    # JSON is YAML.
    return json.dumps({"version": 1, **settings, "layers": entries})


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
