"""The folders that a function sees: its layers merged as at /opt, its code as at /var/task."""

import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude


@dataclass(frozen=True, kw_only=True)
class LayerTree:
    """What one layer brings to /opt."""

    python: Path
    """What it has below python/."""
    bytecode: tuple[Path, ...]
    """What was compiled before its proof; nothing of a layer that was not built now."""
    archive: Path
    """Its zip, for what it has beside python/."""


@dataclass(frozen=True, kw_only=True)
class StackFolder:
    """The merged folders of one stack."""

    opt: Path
    task: Path
    runtime: tuple[Path, ...] = ()
    """Folders of packages that Lambda's runtime brings."""

    @classmethod
    def merge(
        cls, trees: Sequence[LayerTree], code: Iterable[FileToInclude], folder: Path
    ) -> "StackFolder":
        """Merge layers in order, a later one's files over an earlier one's, into a new folder.

        https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html. Files are linked where that
        can be done: nothing that runs here may write to them.
        """
        merged = cls(opt=folder / "opt", task=folder / "task")
        (merged.opt / "python").mkdir(parents=True)
        merged.task.mkdir()
        for tree in trees:
            _link_all(tree.python, merged.opt / "python")
            _extract_rest(tree.archive, merged.opt)
        copy_files(code, merged.task)
        return merged


def copy_files(files: Iterable[FileToInclude], into: Path) -> None:
    """Copy files of the workspace below a folder."""
    for file in files:
        place = into / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.source, place)
        place.chmod(0o755 if file.executable else 0o644)


def _link_all(source: Path, into: Path) -> None:
    for folder, _, names in os.walk(source):
        here = into / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            place = here / name
            place.unlink(missing_ok=True)
            try:
                place.hardlink_to(Path(folder, name))
            except OSError:
                shutil.copy2(Path(folder, name), place)


def _extract_rest(archive: Path, opt: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if not name.startswith("python/")]
        file.extractall(opt, names)
