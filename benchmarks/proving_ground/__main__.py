"""Prunes what is most often shipped to Lambda as hard as the tool can, and proves each module.

    python -m benchmarks.proving_ground [--only NAME …] [--python 3.13 …] [--jobs 2]

Finished rows are kept in .cache/proving-ground and taken up again until a version or our source
changes; a run of the whole ground writes docs/proving-ground.md, but for the sections of others.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.functions.case import all_cases
from benchmarks.proving_ground import page, trial
from benchmarks.proving_ground.row import Case, Row
from benchmarks.rows import finished_rows
from benchmarks.sections import write_page

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_DATA = _HERE / "packages.toml"
_PAGE = _ROOT / "docs" / "proving-ground.md"
_CACHE = _ROOT / ".cache" / "proving-ground"


def main() -> int:
    """Run what is asked for; 1 when any row is not equal."""
    asked = _arguments()
    cases = [
        case
        for case in cases_of(tomllib.loads(asked.data.read_text(encoding="utf-8")))
        if (not asked.only or case.name in asked.only)
        and (not asked.python or case.python in asked.python)
    ]
    if not cases and asked.only and set(asked.only) <= {case.name for case in all_cases()}:
        return 0  # rows of `benchmarks.functions`
    if not cases:
        print("the ground has no such row", file=sys.stderr)
        return 2
    asked.cache.mkdir(parents=True, exist_ok=True)
    rows: dict[Case, Row] = {}
    for number, row in enumerate(_rows(cases, asked.cache, asked.jobs), 1):
        rows[row.case] = row
        print(f"{number:>4}/{len(cases)}  {page.line(row)}", flush=True)
    found = [rows[case] for case in cases]
    if asked.output:
        write_page(asked.output, page.page(found))
    print(*page.summary(found), sep="\n")
    return 0 if all(row.is_equal for row in found) else 1


def cases_of(data: dict[str, Any]) -> list[Case]:
    """List the rows of the ground, each package alone, then the combinations."""
    pins: dict[str, str] = data.get("packages", {})
    cases = [
        Case(name=name, python=python, requirements=(_pinned(name, version),))
        for name, version in pins.items()
        for python in data["python"]
    ]
    cases += [
        Case(
            name=name,
            python=python,
            requirements=tuple(_pinned(one, own.get(one) or pins[one]) for one in names),
        )
        for name, names in data.get("combinations", {}).items()
        for own in [data.get("combination-pins", {}).get(name, {})]
        for python in data["python"]
    ]
    cases += [
        Case(
            name=name,
            python=python,
            requirements=tuple(_pinned(one, version) for one, version in parts.items()),
        )
        for python, named in data.get("trouble", {}).items()
        for name, parts in named.items()
    ]
    return cases


def _pinned(name: str, version: str) -> str:
    return name if version == "*" else f"{name}=={version}"


def _rows(cases: Sequence[Case], cache: Path, jobs: int) -> Iterator[Row]:
    source = _source_digest()
    with ProcessPoolExecutor(max_workers=jobs, max_tasks_per_child=1) as pool:
        yield from finished_rows(
            {case: _kept(case, cache, source) for case in cases},
            run=trial.try_out,
            pool=pool,
            read=Row.from_data,
            failed=lambda case, error: Row(case=case, error=error),
        )


def _kept(case: Case, cache: Path, source: str) -> Path:
    words = json.dumps([case.name, case.python, case.requirements, source])
    digest = hashlib.sha256(words.encode()).hexdigest()[:12]
    return cache / f"{case.name}-{case.python}-{digest}.json"


def _source_digest() -> str:
    """Digest all of our source that a row runs through."""
    digest = hashlib.sha256()
    loaded = [m for n, m in sorted(sys.modules.items()) if n.startswith("layer_builder.")]
    paths = [Path(m.__file__) for m in loaded if m.__file__]
    for path in [
        *paths,
        Path(trial.__file__),
        _ROOT / "layer_builder/prove/programs/import_modules.py",
    ]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Prune aggressively, prove every module.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--python", nargs="+", default=[], metavar="3.12")
    parser.add_argument("--data", type=Path, default=_DATA, metavar="FILE")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=_CACHE, metavar="FOLDER")
    parser.add_argument("--output", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if not asked.output and not asked.only and not asked.python and asked.data == _DATA:
        asked.output = _PAGE
    return asked


if __name__ == "__main__":
    sys.exit(main())
