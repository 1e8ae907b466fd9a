"""The tree on disk: scan it, make it independent of this host, apply a prune plan."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from layer_builder import distributions
from layer_builder.distributions import Distribution
from layer_builder.pruning import Entry, PrunePlan


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A directory that holds installed packages, as `/opt/python` will."""

    root: Path

    def read(self, path: str) -> bytes:
        """Give the bytes of a file."""
        return (self.root / path).read_bytes()

    def scan(self) -> list[Entry]:
        """List the files, sorted by path."""
        return sorted(_entries(str(self.root), ""))

    def distributions(self, entries: Sequence[Entry]) -> list[Distribution]:
        """Read what is installed."""
        return distributions.find([entry.path for entry in entries], self.read)

    def forget_host(self, runtime: str) -> None:
        """Remove the build host's traces: uv's lock file, its interpreter's path in scripts.

        RECORD is kept true to the rewritten scripts.
        """
        (self.root / ".lock").unlink(missing_ok=True)
        changed = {}
        for script in sorted((self.root / "bin").glob("*")):
            content = script.read_bytes()
            rewritten = distributions.with_runtime_shebang(content, runtime)
            if rewritten != content:
                script.write_bytes(rewritten)
                changed[f"bin/{script.name}"] = rewritten
        for record in self.root.glob("*.dist-info/RECORD"):
            text = record.read_text(encoding="utf-8")
            if "bin/" in text and any(path in text for path in changed):
                record.write_text(
                    distributions.record_with(text, changed), encoding="utf-8", newline=""
                )

    def apply(self, plan: PrunePlan) -> None:
        """Delete what the plan removes, and cross it out in each RECORD."""
        gone = plan.removed_paths
        for path in gone:
            (self.root / path).unlink()
        for record in self.root.glob("*.dist-info/RECORD"):
            text = record.read_text(encoding="utf-8")
            record.write_text(
                distributions.record_without(text, gone), encoding="utf-8", newline=""
            )


def _entries(root: str, prefix: str) -> list[Entry]:
    found = []
    with os.scandir(os.path.join(root, prefix)) as children:  # noqa: PTH118 (pathlib is slower by half on 10,000 files)
        for child in children:
            path = f"{prefix}/{child.name}" if prefix else child.name
            if child.is_dir(follow_symlinks=False):
                found += _entries(root, path)
            else:
                status = child.stat(follow_symlinks=False)
                found.append(
                    Entry(path=path, size=status.st_size, executable=bool(status.st_mode & 0o100))
                )
    return found
