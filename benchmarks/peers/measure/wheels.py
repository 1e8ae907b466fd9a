"""Wheels of a given size, made of files that were really installed."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from layer_builder.model.target import Target
from layer_builder.native import base_system, elf

NAME = "bulk"
_VERSION = "1.0"
_INFO = f"{NAME}-{_VERSION}.dist-info"
# Not a name that Python could import: what a proof costs depends on modules, not on MiB.
_PAYLOAD = f"{NAME}/pay-load"


def make(material: Path, size: int, folder: Path, target: Target) -> Path:
    """Write a wheel whose files take `size` bytes, or a little less, once it is installed.

    The material is taken in an order that mixes it, and again, under another folder, when it is
    used up. Left out are tests, which pruning would remove, and native libraries that need others,
    which would not load here.
    """
    wheel = folder / f"{NAME}-{_VERSION}-py3-none-any.whl"
    names = [f"{NAME}/__init__.py"]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(names[0], "")
        for name, path in _chosen(material, size, target):
            archive.write(path, f"{_PAYLOAD}/{name}")
            names.append(f"{_PAYLOAD}/{name}")
        _describe(archive, names)
    return wheel


def _chosen(material: Path, size: int, target: Target) -> Iterator[tuple[str, Path]]:
    files = [
        (path.relative_to(material).as_posix(), path)
        for path in material.rglob("*")
        if path.is_file() and not {"tests", "__pycache__"} & set(path.parts)
    ]
    files = [
        (name, path)
        for name, path in sorted(files, key=lambda file: hashlib.sha256(file[0].encode()).digest())
        if _stands_alone(path, target)
    ]
    left, copy, did_fit = size, 0, True
    while did_fit:
        did_fit = False
        for name, path in files:
            if 0 < (taken := path.stat().st_size) <= left:
                left -= taken
                did_fit = True
                yield f"{copy}/{name}", path
        copy += 1


def _stands_alone(path: Path, target: Target) -> bool:
    with path.open("rb") as file:
        if file.read(len(elf.ELF_MAGIC)) != elf.ELF_MAGIC:
            return True
    library = elf.read_elf(path.read_bytes())
    return bool(library and set(library.needed) <= base_system.base_libraries(target))


def _describe(archive: zipfile.ZipFile, names: list[str]) -> None:
    """Add the metadata of the wheel format: packaging.python.org, Binary distribution format."""
    archive.writestr(
        f"{_INFO}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {_VERSION}\n"
    )
    archive.writestr(
        f"{_INFO}/WHEEL",
        "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    )
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows([name, "", ""] for name in names)
    archive.writestr(f"{_INFO}/RECORD", record.getvalue())
