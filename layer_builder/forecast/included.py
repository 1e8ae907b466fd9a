"""What the workspace's own files add to a layer: they are at hand, so it is not estimated."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from layer_builder.archive import ZipMember, write_zip
from layer_builder.forecast.wheel_files import WheelMember
from layer_builder.model import Compression, FileToInclude


def weigh_included(
    files: Sequence[FileToInclude], compression: Compression, folder: Path
) -> tuple[WheelMember, ...]:
    """Pack files as a build does, into a folder; gives their sizes. Raises OSError."""
    if not files:
        return ()
    packed = folder / "included.zip"
    write_zip([ZipMember(path=one.path, source=one.source) for one in files], packed, compression)
    with zipfile.ZipFile(packed) as archive:
        return tuple(
            WheelMember(path=one.filename, size=one.file_size, packed=one.compress_size)
            for one in archive.infolist()
        )
