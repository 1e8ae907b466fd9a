"""Zips as AWS sees them, and as Python does once they are unpacked below /opt."""

import json
import os
import re
import subprocess
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import figures

_SECONDS = 120
_DIST_INFO = re.compile(r"(?:^|/)([^/]+)-([^/-]+)\.dist-info/")


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What zips weigh together."""

    zip_bytes: int
    unzipped_bytes: int
    versions: Mapping[str, str]
    """Of the distributions whose metadata is in them."""


def weigh(zips: Iterable[Path]) -> Weight:
    """Add up the sizes of zips and of the files in them."""
    size = unzipped = 0
    versions: dict[str, str] = {}
    for path in zips:
        size += path.stat().st_size
        with zipfile.ZipFile(path) as archive:
            unzipped += sum(entry.file_size for entry in archive.infolist())
            versions |= versions_in(archive.namelist())
    return Weight(zip_bytes=size, unzipped_bytes=unzipped, versions=versions)


def versions_in(names: Iterable[str]) -> dict[str, str]:
    """Read the distributions' versions from the paths of their metadata."""
    found = {match.groups() for name in names if (match := _DIST_INFO.search(name))}
    return {name.lower().replace("_", "-"): version for name, version in sorted(found)}


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """Layers of one function, unpacked over one another."""

    root: Path
    """Stands for /opt."""
    python: str
    """The runtime's interpreter."""

    @classmethod
    def of(cls, zips: Sequence[Path], root: Path, python: str) -> "Unpacked":
        """Unpack zips, the lowest layer first, with their modification times as unzip does."""
        root.mkdir(parents=True)
        for path in zips:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    written = archive.extract(entry, root)
                    if not entry.is_dir():
                        at = time.mktime((*entry.date_time, 0, 0, -1))
                        os.utime(written, (at, at))
        return cls(root=root, python=python)

    def failures(self, statements: Sequence[str]) -> dict[str, str]:
        """Run each statement in a process of its own; gives those that fail, with the reason."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            reasons = list(pool.map(self._reason, statements))
        return {text: reason for text, reason in zip(statements, reasons, strict=True) if reason}

    def import_seconds(self, modules: Sequence[str]) -> float | None:
        """Import modules in a new process that writes no bytecode, as below a read-only /opt.

        None when they do not import together.
        """
        done = self._run(
            "import time; start = time.perf_counter()\n"
            f"import {', '.join(modules)}\nprint(time.perf_counter() - start)",
            "-B",
        )
        return None if done.returncode else float(done.stdout.split()[-1])

    def _reason(self, statement: str) -> str:
        # The bytecode goes elsewhere, for the next statement.
        cache = self.root.with_name(self.root.name + "-bytecode")
        try:
            done = self._run(statement, "-X", f"pycache_prefix={cache}")
        except subprocess.TimeoutExpired:
            return f"not done after {_SECONDS} s"
        if done.returncode == 0:
            return ""
        return figures.reason(done.stderr or f"exit code {done.returncode}", [str(self.root)])

    def _run(self, program: str, *options: str) -> subprocess.CompletedProcess[str]:
        folders = [str(self.root / "python")]
        folders += map(str, (self.root / "python" / "lib").glob("python3.*/site-packages"))
        start = f"import sys; sys.path[:0] = {json.dumps(folders)}\n"
        # -I and -S: as in Lambda's start, nothing of this machine's packages is on the path.
        return subprocess.run(
            [self.python, "-I", "-S", *options, "-c", start + program],
            cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
