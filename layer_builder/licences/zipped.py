"""The distributions in a finished zip, and their licences: by the METADATA that always stays."""

import struct
import zipfile
from pathlib import Path

from packaging.utils import canonicalize_name

from layer_builder.inventory import metadata_of
from layer_builder.licences.metadata import read_metadata
from layer_builder.model import Licensed

_ROOT = "python/"
_FILE = "METADATA"
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
                folder, _, file = member.removeprefix(_ROOT).rpartition("/")
                whose = metadata_of(folder) if "/" not in folder and file == _FILE else None
                if whose and member.startswith(_ROOT):
                    with archive.open(member) as opened:
                        text = opened.read(_MOST_BYTES).decode("utf-8", "replace")
                    found[canonicalize_name(whose[0])] = read_metadata(text, *whose)
    except (zipfile.BadZipFile, NotImplementedError, struct.error) as error:
        raise ValueError(f"it is no zip: {error}") from None
    return tuple(found[name] for name in sorted(found))
