"""Measure 20 legs one by one, and simulate 80 on 1 to 80 runners; writes a section of docs/workflow.md.

Each leg is a process of the program that builds one entry of the matrix, with nothing kept but
what uv has downloaded before. Each group is built for this machine's own target and counts for all four.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.legs.schedule import least, makespan
from benchmarks.sections import write_section

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "legs.json"
PAGE = ROOT / "docs" / "workflow.md"
RUNNERS = (1, 2, 5, 10, 20, 40, 80)
PYTHONS, ARCHITECTURES = ("3.12", "3.13"), ("x86_64", "arm64")
LAYERS = {
    "boto3": "boto3", "numpy": "numpy", "pandas": "pandas", "pydantic": "pydantic",
    "requests": "requests", "pillow": "pillow", "lxml": "lxml", "cryptography": "cryptography",
    "fastapi": "fastapi", "flask": "flask", "sqlalchemy": "sqlalchemy", "aiohttp": "aiohttp",
    "orjson": "orjson", "pyyaml": "pyyaml", "jinja2": "jinja2", "httpx": "httpx",
    "psycopg": "psycopg[binary]", "reportlab": "reportlab", "openpyxl": "openpyxl", "six": "six",
}  # fmt: skip


def manifest() -> str:
    """Write a manifest of 20 layers, each a group of its own, for four targets."""
    layers = "".join(f"  {key}: {{packages: ['{name}']}}\n" for key, name in LAYERS.items())
    targets = f"python: {json.dumps(PYTHONS)}\narchitecture: {json.dumps(ARCHITECTURES)}\n"
    return f'version: 1\n{targets}name: "{{layer}}-{{python}}-{{architecture}}"\nlayers:\n{layers}'


def measure(rounds: int) -> dict[str, float]:
    """Give the median of each leg's seconds, by group."""
    taken: dict[str, list[float]] = {}
    around = os.environ | {"LAYER_BUILDER_NO_CACHE": "1", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "layers.yml").write_text(manifest(), encoding="utf-8")
        for _ in range(rounds):
            for key in LAYERS:
                words = ["build", "--layers", key, "--python", PYTHONS[0]]
                words += ["--architecture", ARCHITECTURES[0]]
                begin = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-m", "layer_builder", *words],
                    cwd=name, env=around, capture_output=True, text=True, check=False,
                )  # fmt: skip
                seconds = time.perf_counter() - begin
                if done.returncode:
                    raise SystemExit(f"{words}: {done.stderr[-2000:]}")
                taken.setdefault(key, []).append(seconds)
                print(key, f"{seconds:.2f}", file=sys.stderr)
    return {leg: round(median(found), 2) for leg, found in taken.items()}


def section(seconds: dict[str, float]) -> str:
    """Write the curve as a table."""
    # The matrix has its entries in the order of layers: all targets of one behind each other.
    legs = [one for one in seconds.values() for _ in range(len(PYTHONS) * len(ARCHITECTURES))]
    longest = max(seconds, key=lambda leg: seconds[leg])
    lines = [
        f"{len(legs)} builds ({len(LAYERS)} groups × {len(PYTHONS)} Pythons × {len(ARCHITECTURES)} architectures), each group measured"
        f" once as a leg of its own, for python{PYTHONS[0]} and {ARCHITECTURES[0]}, and counted for all four targets, on a machine of two cores that other work shared, downloads that uv had not cached included: together"
        f" {sum(legs):.0f} s, the median {median(legs):.1f} s, the longest {max(legs):.1f} s ({longest}). Runners are simulated:"
        " each takes the matrix's next leg when it is free (`make legs`). `before` is what a leg takes until it builds, for its runner,"
        " checkout and set-up; 30 s is an assumption, not measured.",
        "",
        "| runners at a time | seconds | no order beats | seconds with 30 s before each leg |",
        "| ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {count} | {makespan(legs, count):.0f} | {least(legs, count):.0f} | {makespan(legs, count, 30):.0f} |"
        for count in RUNNERS
        if count <= len(legs)
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, unless kept measurements are asked for, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kept", action="store_true", help="of docs/legs.json, without measuring")
    asked = parser.parse_args()
    if not asked.kept:
        RESULTS.write_text(json.dumps(measure(asked.rounds), indent=1) + "\n", encoding="utf-8")
    write_section(PAGE, "legs", section(json.loads(RESULTS.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
