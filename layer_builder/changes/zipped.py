"""What a finished zip says of itself, by its directory alone."""

from collections import Counter
from collections.abc import Iterable
from typing import IO

from layer_builder.changes.snapshot import LayerPart, LayerSnapshot
from layer_builder.inventory import metadata_of, owner_of, zip_members
from layer_builder.model import Package

_ROOT = "python/"
# Fixed parts of the local header and of the directory's, APPNOTE.TXT 4.3.7 and 4.3.12:
# https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
_HEADERS_BYTES = 30 + 46


def read_snapshot(
    file: IO[bytes], packages: Iterable[Package] = (), *, source: str = ""
) -> LayerSnapshot:
    """Read distributions and bytes from a zip's directory, of which nothing else is read.

    Versions are those in the names of metadata folders. `packages` are those of a build of the same
    layer, whose places tell whose files are; of what neither they nor names tell, the bytes are in
    no distribution's. Raises ValueError for what is no zip, OSError.
    """
    members = zip_members(file)
    files = {one.filename: one for one in members if not one.is_dir()}
    versions: dict[str, str] = {}
    for path in files:
        if found := metadata_of(path.removeprefix(_ROOT)):
            versions.setdefault(*found)
    owners = {place: package.name for package in packages for place in package.places}
    unzipped: Counter[str] = Counter()
    zipped: Counter[str] = Counter()
    for path, member in files.items():
        inside = path.removeprefix(_ROOT)
        metadata = metadata_of(inside)
        owner = metadata[0] if metadata else owner_of(inside, owners, versions)
        if owner in versions:
            unzipped[owner] += member.file_size
            zipped[owner] += member.compress_size + _HEADERS_BYTES + 2 * len(path.encode())
    return LayerSnapshot(
        source=source,
        parts=tuple(
            LayerPart(name=name, version=version, unzipped=unzipped[name], zipped=zipped[name])
            for name, version in sorted(versions.items())
        ),
        unzipped_bytes=sum(member.file_size for member in members),
    )
