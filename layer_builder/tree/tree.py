"""The tree on disk: scan it, make it independent of this host, move files out and back in."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import Distribution as Metadata
from itertools import groupby
from pathlib import Path

from layer_builder.errors import InstallError, ManifestError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude, InstalledFile, PrunePlan
from layer_builder.tree import distributions
from layer_builder.tree.console_scripts import rewrite_scripts
from layer_builder.tree.distributions import Distribution, Installation
from layer_builder.tree.files import list_files
from layer_builder.tree.record import (
    broken_wheel,
    read_record,
    record_text,
    rows_with,
    rows_without,
)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A directory that holds installed packages, as `/opt/python` will."""

    root: Path
    attic: Path
    """Where files go that are taken out; on the same file system, so that moving is cheap."""
    aside: Path
    """Where packages go that the Lambda runtime is to bring."""
    bytecode: Path
    """Where the bytecode of a proof goes."""
    compiled: Path
    """Where that goes which was compiled before the proof."""

    @classmethod
    def below(cls, folder: Path) -> "Tree":
        """Lay out an empty tree and what belongs to it in a folder."""
        tree = cls(
            root=folder / "python",
            attic=folder / "attic",
            aside=folder / "runtime",
            bytecode=folder / "bytecode",
            compiled=folder / "compiled",
        )
        tree.root.mkdir()
        tree.bytecode.mkdir()
        return tree

    def read(self, path: str) -> bytes:
        """Give the bytes of a file."""
        return (self.root / path).read_bytes()

    def scan(self) -> list[InstalledFile]:
        """List the files, sorted by path."""
        return list_files(self.root)

    def fingerprint(self) -> frozenset[tuple[str, int, int, int]]:
        """Note what changes when any file is written to."""
        # The time of change is the kernel's own; no program can set it back as it can the time of
        # modification: https://man7.org/linux/man-pages/man7/inode.7.html
        facts = []
        for entry in self.scan():
            status = (self.root / entry.path).lstat()
            facts.append((entry.path, status.st_size, status.st_ctime_ns, status.st_ino))
        return frozenset(facts)

    def distributions(self, entries: Sequence[InstalledFile]) -> list[Distribution]:
        """Read what is installed."""
        return distributions.find_distributions([entry.path for entry in entries], self.read)

    def entry_points(self) -> list[str]:
        """List `module:attribute` of every entry point of the installed distributions.

        Raises InstallError for a file of them that is none.
        """
        found = set()
        for info in self.root.glob("*.dist-info"):
            try:
                points = Metadata.at(info).entry_points
            except (ValueError, AttributeError) as error:
                raise broken_wheel(
                    info.name, f"its entry points cannot be read: {error}"
                ) from error
            matches = (point.pattern.match(point.value) for point in points)
            found |= {f"{m['module']}:{m['attr'] or ''}".rstrip(":") for m in matches if m}
        return sorted(found)

    def installation(self, runtime: str) -> Installation:
        """Make what was installed independent of this host, and say what it is."""
        self.forget_host(runtime)
        files = self.scan()
        return Installation(files=files, distributions=self.distributions(files))

    def follow(self, plan: PrunePlan) -> None:
        """Take out what a plan removes, and set aside for good what the runtime is to bring."""
        self.set_aside(file.path for file in plan.to_runtime)
        self.exchange(plan.removed_paths)

    def include(self, files: Iterable[FileToInclude]) -> list[InstalledFile]:
        """Copy the workspace's files that go below python/ into the tree.

        Raises ManifestError for one that would overwrite a file of a distribution.
        """
        included = []
        for file in files:
            path = file.path.removeprefix("python/")
            if path == file.path:
                continue
            destination = self.root / path
            if destination.exists() or (self.attic / path).exists():
                message = f"{file.source.name} would overwrite {file.path} of a distribution"
                raise ManifestError.because(message, advice=("give it another place with to:",))
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.source, destination)
            destination.chmod(0o755 if file.executable else 0o644)
            size = destination.stat().st_size
            included.append(InstalledFile(path=path, size=size, executable=file.executable))
        return included

    @property
    def libraries(self) -> Path:
        """What lies in /opt/lib, where Lambda's loader looks; it may not be there.

        LD_LIBRARY_PATH: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        return self.root.parent / "lib"

    def include_libraries(self, files: Iterable[FileToInclude]) -> None:
        """Copy the workspace's files that go to lib/ beside the tree: the proof finds them there."""
        for file in files:
            folder, _, name = file.path.rpartition("/")
            if folder == "lib" and name:
                self.libraries.mkdir(exist_ok=True)
                shutil.copyfile(file.source, self.libraries / name)

    def forget_host(self, runtime: str) -> None:
        """Remove the build host's traces: uv's lock file, its interpreter's path in scripts.

        RECORD is kept true to the rewritten scripts.
        """
        (self.root / ".lock").unlink(missing_ok=True)
        self.update_records(rewrite_scripts(self.root, runtime))

    def update_records(self, changed: dict[str, bytes]) -> None:
        """Write the new digests of changed files into the RECORD that lists them."""
        for record in self.root.glob("*.dist-info/RECORD"):
            rows = read_record(record.read_bytes(), record.relative_to(self.root).as_posix())
            if any(row[0] in changed for row in rows):
                _write(record, record_text(rows_with(rows, changed)))

    def exchange(self, paths: Iterable[str]) -> None:
        """Swap files with what the attic has under their paths, nothing counting as a file.

        Taking out, putting back and going back to an original are all this; twice is as before.
        Folders that become empty go, or they would be importable.
        """
        for folder, within in groupby(sorted(paths), os.path.dirname):
            here, there = self.root / folder, self.attic / folder
            there.mkdir(parents=True, exist_ok=True)
            for path in within:
                name = os.path.basename(path)  # noqa: PTH119 (thousands of them)
                _swap(f"{here}/{name}", f"{there}/{name}")
            if here.exists():
                self._remove_empty_folders(here)

    @contextmanager
    def merged(self, lower: Sequence[Path]) -> Iterator[None]:
        """Have the files of the layers below in the tree for a while, as /opt has them.

        Where two have a path, the later one's file stands, and this layer is the last.
        """
        linked: dict[str, Path] = {}
        for folder in reversed(lower):
            for entry in list_files(folder):
                destination = self.root / entry.path
                if not destination.exists():
                    destination.parent.mkdir(parents=True, exist_ok=True)
                    destination.hardlink_to(folder / entry.path)
                    linked[entry.path] = folder
        try:
            yield
        finally:
            for path, folder in linked.items():
                destination = self.root / path
                if destination.exists() and destination.samefile(folder / path):
                    destination.unlink()
                    self._remove_empty_folders(destination.parent)

    def rewrite(self, path: str, content: bytes) -> None:
        """Give a file new contents; its original goes to the attic."""
        self.exchange([path])
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)
        (self.root / path).chmod((self.attic / path).stat().st_mode)

    def set_aside(self, paths: Iterable[str]) -> None:
        """Move files for good to where the proof finds them as the runtime's own."""
        for path in sorted(paths):
            destination = self.aside / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).rename(destination)
            self._remove_empty_folders((self.root / path).parent)

    def seal(self, changed: Iterable[str] = ()) -> None:
        """Make each RECORD true: cross out what is gone, note what changed, fix the lines' order.

        `changed` are paths whose contents were rewritten. The original goes to the attic, so that
        sealing again, after files came back, begins with it.
        """
        paths = list(changed)
        for record in self.root.glob("*.dist-info/RECORD"):
            path = record.relative_to(self.root).as_posix()
            original = self.attic / path
            before = record.read_bytes()
            try:
                rows = read_record(original.read_bytes() if original.exists() else before, path)
            except InstallError:
                # The workspace's own file of that name: those of distributions were read before.
                continue
            # exists() of pathlib raises for names that no file can have.
            gone = {row[0] for row in rows if not os.path.exists(self.root / row[0])}  # noqa: PTH110
            recorded = {row[0] for row in rows}
            news = {p: self.read(p) for p in paths if p in recorded and p not in gone}
            true = record_text(sorted(rows_without(rows_with(rows, news), gone)))
            if true.encode() != before:
                if not original.exists():
                    self.exchange([path])
                record.unlink(missing_ok=True)
                record.parent.mkdir(parents=True, exist_ok=True)
                _write(record, true)

    @property
    def sealed(self) -> frozenset[str]:
        """The paths of RECORDs whose original is in the attic."""
        return frozenset(
            path
            for original in self.attic.glob("*.dist-info/RECORD")
            if (self.root / (path := original.relative_to(self.attic).as_posix())).exists()
        )

    def _remove_empty_folders(self, folder: Path) -> None:
        while folder != self.root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _swap(one: str, other: str) -> None:
    """Exchange two files, of which either may be missing; in the words of `os`, for thousands."""
    if not os.path.lexists(other):
        if os.path.lexists(one):
            os.rename(one, other)  # noqa: PTH104 (said above)
        return
    aside = f"{other}.exchanged"
    if os.path.lexists(one):
        os.rename(one, aside)  # noqa: PTH104 (said above)
    os.makedirs(os.path.dirname(one), exist_ok=True)  # noqa: PTH103, PTH120 (said above)
    os.rename(other, one)  # noqa: PTH104 (said above)
    if os.path.lexists(aside):
        os.rename(aside, other)  # noqa: PTH104 (said above)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
