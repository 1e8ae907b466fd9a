"""Has functions answer on layers as installed and as hard as the tool goes, and compares.

    python -m benchmarks.functions [--only NAME …] [--jobs 1]

Finished rows are kept in .cache/proving-ground and taken up again until the function or our source
changes; a run of all functions writes its section of docs/proving-ground.md. Ends with 1 when an
answer differs; whether the medians are within their bounds, the section says.
"""

import argparse
import hashlib
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.functions import page, trial
from benchmarks.functions.case import FOLDER, FunctionCase, FunctionRow, all_cases
from benchmarks.rows import finished_rows
from benchmarks.sections import write_section

_PAGE = trial.ROOT / "docs" / "proving-ground.md"
_CACHE = trial.ROOT / ".cache" / "proving-ground"
_PACKAGES = trial.ROOT / "benchmarks" / "proving_ground" / "packages.toml"


def main() -> int:
    """Run what is asked for."""
    asked = _arguments()
    cases = [c for c in all_cases(asked.cases) if not asked.only or c.name in asked.only]
    if not cases and asked.only and set(asked.only) <= _packages():
        return 0  # rows of the other ground
    if not cases:
        print("there is no such function", file=sys.stderr)
        return 2
    asked.cache.mkdir(parents=True, exist_ok=True)
    rows: dict[str, FunctionRow] = {}
    for number, row in enumerate(_rows(cases, asked.cache, asked.jobs), 1):
        rows[row.name] = row
        print(f"{number:>4}/{len(cases)}  {page.line(row)}", flush=True)
    found = [rows[case.name] for case in cases]
    if asked.output:
        write_section(asked.output, "functions", page.section(found))
    print(*page.summary(found), sep="\n")
    return 1 if any(row.why_not for row in found) else 0


def _packages() -> set[str]:
    data = tomllib.loads(_PACKAGES.read_text(encoding="utf-8"))
    trouble = [name for named in data.get("trouble", {}).values() for name in named]
    return {*data["packages"], *data.get("combinations", {}), *trouble}


def _rows(cases: Sequence[FunctionCase], cache: Path, jobs: int) -> Iterator[FunctionRow]:
    source = _source_digest()
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        yield from finished_rows(
            {case: _kept(case, cache, source) for case in cases},
            run=trial.try_out,
            pool=pool,
            read=FunctionRow.from_data,
            failed=lambda case, error: FunctionRow(
                name=case.name, requirements=case.requirements, error=error
            ),
            is_kept=lambda row: not row.error,
        )


def _kept(case: FunctionCase, cache: Path, source: str) -> Path:
    digest = hashlib.sha256(f"{case.digest} {source}".encode()).hexdigest()[:12]
    return cache / f"function-{case.name}-{digest}.json"


def _source_digest() -> str:
    """Digest all of our source that a row runs through."""
    digest = hashlib.sha256()
    ours = sorted((trial.ROOT / "layer_builder").rglob("*.py"))
    for path in [*ours, Path(trial.__file__), Path(trial.__file__).with_name("pip_zip.py")]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Have functions answer before and after.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--cases", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=1, help="more at a time spoil the times")
    parser.add_argument("--cache", type=Path, default=_CACHE, metavar="FOLDER")
    parser.add_argument("--output", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if not asked.output and not asked.only and asked.cases == FOLDER:
        asked.output = _PAGE
    return asked


if __name__ == "__main__":
    sys.exit(main())
