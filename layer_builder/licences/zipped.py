"""The distributions in a finished zip, and their licences: by the METADATA that always stays."""

import struct
import zipfile
from pathlib import Path

from packaging.utils import canonicalize_name

from layer_builder.licences.metadata import is_metadata, licensed_in
from layer_builder.model import Licensed

_ROOT = "python/"
_MOST_BYTES = 1 << 20
"""What is longer is read to here: the fields stand at the top."""


def read_licences(path: Path) -> tuple[Licensed, ...]:
    """Read whose licences are in a layer, by the names of its distributions.

    Raises ValueError for what is no zip, OSError.
    """
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                below = member.removeprefix(_ROOT)
                if below == member or not is_metadata(below):
                    continue
                with archive.open(member) as opened:
                    if one := licensed_in(below, opened.read(_MOST_BYTES)):
                        found[canonicalize_name(one.name)] = one
    except (zipfile.BadZipFile, NotImplementedError, struct.error) as error:
        raise ValueError(f"it is no zip: {error}") from None
    return tuple(found[name] for name in sorted(found))
