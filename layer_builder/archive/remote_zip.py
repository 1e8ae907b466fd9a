"""A zip that lies elsewhere, as others ask for it: what it unzips to, what is in it."""

import zipfile
from dataclasses import dataclass, field

from layer_builder.archive.remote import remote_members, remote_unzipped_bytes


@dataclass(frozen=True, kw_only=True)
class RemoteZip:
    """An address of one, which may be a secret."""

    url: str = field(repr=False)
    authorization: str = field(default="", repr=False)
    """The header of that name; empty sends none."""

    def unzipped_bytes(self) -> int:
        """Add up the sizes of all files in it, as AWS counts them. Raises UnreadableZipError."""
        return remote_unzipped_bytes(self.url)

    def members(self) -> list[zipfile.ZipInfo]:
        """List its members, by ranges alone. Raises UnreadableZipError."""
        return remote_members(self.url, self.authorization)
