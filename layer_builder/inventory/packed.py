"""The files of a finished zip, by its directory alone, and whose they are."""

import struct
import zipfile
from collections.abc import Iterable
from typing import IO

from layer_builder.inventory.places import metadata_of, owner_of
from layer_builder.model import LayerFile, Package

_ROOT = "python/"


def zip_members(file: IO[bytes]) -> list[zipfile.ZipInfo]:
    """Read the directory of a zip. Raises ValueError for what is no zip, OSError."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error) as error:
        # zipfile looks at most of what may be wrong, and lets the rest fail as it will.
        raise ValueError(f"it is no zip: {error}") from None


def packed_files(file: IO[bytes], packages: Iterable[Package] = ()) -> tuple[LayerFile, ...]:
    """Read the files of a zip from its directory, in the order of their paths.

    `packages` are those of its build, whose places tell whose files are; without places, names of
    folders do. Raises ValueError for what is no zip, OSError.
    """
    members = [one for one in zip_members(file) if not one.is_dir()]
    found = tuple(packages)
    owners = {place: package.name for package in found for place in package.places}
    versions = dict(
        metadata for one in members if (metadata := metadata_of(one.filename.removeprefix(_ROOT)))
    )
    names = {package.name for package in found} or versions.keys()

    def whose(path: str) -> str:
        if not path.startswith(_ROOT):
            return ""
        inside = path.removeprefix(_ROOT)
        if metadata := metadata_of(inside):
            return metadata[0]
        # Compiled modules are whose their source is.
        return owner_of(inside.replace("__pycache__/", ""), owners, names) or ""

    return tuple(
        LayerFile(
            path=one.filename,
            size=one.file_size,
            checksum=one.CRC,
            distribution=whose(one.filename),
        )
        for one in sorted(members, key=lambda one: one.filename)
    )
