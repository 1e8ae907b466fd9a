"""Runs real uses of packages in layers that the tool pruned, against the same unpruned.

    python -m benchmarks.uses [--only NAME …] [--jobs 2] [--finished]

Finished rows are kept in .cache/uses and taken up again until the program or our source changes; a
run of all programs writes the second table of docs/proving-ground.md.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.rows import finished_rows
from benchmarks.sections import write_section
from benchmarks.uses import page, trial
from benchmarks.uses.row import Use, UseRow, read_use

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_PAGE = _ROOT / "docs" / "proving-ground.md"


def main() -> int:
    """Run what is asked for; 1 when any answer differs, or a program does not run unpruned."""
    asked = _arguments()
    uses = [read_use(file) for file in sorted(asked.programs.glob("*.py"))]
    uses = [use for use in uses if not asked.only or use.name in asked.only]
    if not uses:
        print("there is no such use", file=sys.stderr)
        return 2
    asked.cache.mkdir(parents=True, exist_ok=True)
    rows = []
    jobs = 0 if asked.finished else asked.jobs
    for number, row in enumerate(_rows(uses, asked.cache, jobs), 1):
        rows.append(row)
        print(f"{number:>4}/{len(uses)}  {page.line(row)}", flush=True)
    if asked.output:
        write_section(asked.output, "uses", page.table(rows, len(uses)))
    print(*page.summary(rows), sep="\n")
    return 0 if all(row.is_equal for row in rows) else 1


def _rows(uses: Sequence[Use], cache: Path, jobs: int) -> Iterator[UseRow]:
    """Yield the rows that are kept; with any jobs, the others too."""
    source = _source_digest()
    with ProcessPoolExecutor(max_workers=max(1, jobs), max_tasks_per_child=1) as pool:
        yield from finished_rows(
            {use: _kept(use, cache, source) for use in uses},
            run=trial.try_out,
            pool=pool if jobs else None,
            read=UseRow.from_data,
            failed=lambda use, error: UseRow(name=use.name, package=use.package, error=error),
        )


def _kept(use: Use, cache: Path, source: str) -> Path:
    digest = hashlib.sha256(f"{use.source}\0{source}".encode()).hexdigest()[:12]
    return cache / f"{use.name}-{digest}.json"


def _source_digest() -> str:
    """Digest our source that decides what a layer holds."""
    digest = hashlib.sha256()
    for folder in ("prune", "prove", "tree"):
        for file in sorted((_ROOT / "layer_builder" / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    digest.update(Path(trial.__file__).read_bytes())
    return digest.hexdigest()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Use packages, pruned against unpruned.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--programs", type=Path, default=_HERE / "programs", metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--finished", action="store_true", help="only rows that were run before")
    parser.add_argument("--cache", type=Path, default=_ROOT / ".cache" / "uses", metavar="FOLDER")
    parser.add_argument("--output", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if not asked.output and not asked.only:
        asked.output = _PAGE
    return asked


if __name__ == "__main__":
    sys.exit(main())
