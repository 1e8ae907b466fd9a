"""Zips that lie elsewhere: what they unzip to, read from the directory at their end.

No API tells it; the presigned addresses of GetFunction and GetLayerVersion do. S3 honours ranges,
so a few hundred KiB are read of each zip; a server that does not sends all of it. An address is a
secret for as long as it is valid: it is never shown, and no credentials go along with it.
"""

import contextlib
import http.client
import io
import struct
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPResponse
from typing import IO, cast

from layer_builder.archive.ranges import (
    PARTIAL_CONTENT,
    TIMEOUT_SECONDS,
    Ranges,
    UnreadableZipError,
    copy_within,
    get_range,
    opener,
    range_of,
    read_exactly,
    require_address,
)
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import MIB, UNZIPPED_BYTES

# A suffix range, https://www.rfc-editor.org/rfc/rfc9110.html#section-14.1.2; a server without
# ranges answers 200 with all of it.
_TAIL_BYTES = 256 * 1024
"""The first range: an end record with its comment fits 64 KiB (APPNOTE.TXT 4.3.16), and most
directories fit the rest."""

_TAIL_OF_WHEEL_BYTES = 64 * 1024
"""The same of a wheel, of which there are many at once: most directories are shorter."""

_MEMBER_BYTES = 64 * 1024
"""The least that is fetched of a wheel's member: most METADATA is shorter, and lies in the tail."""

_MOST_MEMBER_BYTES = MIB

# zlib: "the limit is 1032:1", https://zlib.net/zlib_tech.html
_MOST_DEFLATED = 1032

_MAX_BYTES = UNZIPPED_BYTES + 16 * MIB
"""Of a whole zip. It may be larger than what it unzips to, by its headers."""


@dataclass(frozen=True, kw_only=True)
class RemoteZips:
    """Zips elsewhere; where `refusal` says why, none is read."""

    refusal: str = ""

    def unzipped_bytes(self, url: str) -> int:
        """Add up the sizes of all files in a zip, as AWS counts them. Raises UnreadableZipError."""
        with self.opened(url) as file:
            return unzipped_bytes(file)

    @contextlib.contextmanager
    def opened(self, url: str) -> "Iterator[IO[bytes]]":
        """Open a zip for reading its directory. Raises UnreadableZipError, also while it is read."""
        if self.refusal:
            raise UnreadableZipError(self.refusal)
        with _opened(url) as file:
            yield cast("IO[bytes]", file)

    @staticmethod
    def wheel(
        url: str, authorization: str = "", wanted: Callable[[str], bool] = lambda _: False
    ) -> tuple[list[zipfile.ZipInfo], dict[str, bytes]]:
        """List the members of a wheel by ranges alone, no more than its length allows them to be.

        Of those whose paths are `wanted` the content is read as well, up to 1 MiB each.
        `authorization` is the header of that name; it is sent to the address's own host, and to
        none that this leads on to. Raises UnreadableZipError, also for a server without ranges, of
        which the wheel is not fetched.
        """
        return _read_wheel(url, authorization, wanted)


@contextlib.contextmanager
def _opened(url: str) -> "Iterator[IO[bytes] | Ranges]":
    require_address(url)
    try:
        with contextlib.closing(_open(url)) as file:
            yield file
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableZipError(f"the server answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        raise UnreadableZipError(f"it cannot be read: {reason or type(error).__name__}") from None


def _read_wheel(
    url: str, authorization: str, wanted: Callable[[str], bool]
) -> tuple[list[zipfile.ZipInfo], dict[str, bytes]]:
    require_address(url)
    try:
        with get_range(url, f"bytes=-{_TAIL_OF_WHEEL_BYTES}", authorization) as response:
            if response.status != PARTIAL_CONTENT:
                raise UnreadableZipError.of_server("the server sends no ranges")
            start, size = range_of(response)
            tail = read_exactly(response, size - start)
            # Where it was led on to, without the login.
            place = response.geturl()
        login = authorization if place == url else ""
        with Ranges(place, size, start, tail, login) as file:
            members = _plausible(_members(file), size)
            names = [one.filename for one in members if wanted(one.filename)]
            return members, _contents(file, names) if names else {}
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableZipError.of_server(f"the server answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        why = f"it cannot be read: {reason or type(error).__name__}"
        raise UnreadableZipError.of_server(why) from None


def _contents(file: Ranges, names: Sequence[str]) -> dict[str, bytes]:
    """Read the beginnings of members. Raises UnreadableZipError, OSError."""
    # Unbuffered, a member's header and each 4 KiB of it would be a request.
    buffered = io.BufferedReader(file, _MEMBER_BYTES)
    try:
        with zipfile.ZipFile(buffered) as archive:
            return {name: _start(archive, name) for name in names}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error) as error:
        raise UnreadableZipError(f"a member cannot be read: {error}") from None
    except (zlib.error, EOFError, ValueError) as error:
        raise UnreadableZipError(f"a member is broken: {error}") from None


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_MOST_MEMBER_BYTES)


def _plausible(members: list[zipfile.ZipInfo], size: int) -> list[zipfile.ZipInfo]:
    """Hold what a directory says of its members to what can be. Raises UnreadableZipError."""
    packed = sum(member.compress_size for member in members)
    grown = any(one.file_size > _MOST_DEFLATED * max(one.compress_size, 1) for one in members)
    if packed > size or grown:
        raise UnreadableZipError("its directory names sizes that cannot be")
    return members


@contextlib.contextmanager
def fetched_zip(url: str) -> Iterator[IO[bytes]]:
    """Fetch a whole zip; gives a file, at its beginning, that goes in the end.

    Raises UnreadableZipError.
    """
    require_address(url)
    request = urllib.request.Request(url)  # noqa: S310 (http and https only)
    try:
        with contextlib.closing(opener().open(request, timeout=TIMEOUT_SECONDS)) as response:
            file = _download(response)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableZipError(f"the server answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        raise UnreadableZipError(f"it cannot be read: {reason or type(error).__name__}") from None
    with file:
        file.seek(0)
        yield file


def unzipped_bytes(file: "IO[bytes] | Ranges") -> int:
    """Add up what the directory of a zip says of its files. Raises UnreadableZipError, OSError."""
    return sum(member.file_size for member in _members(file))


def _members(file: "IO[bytes] | Ranges") -> list[zipfile.ZipInfo]:
    """Read the directory of a zip. Raises UnreadableZipError, OSError."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
        # zipfile looks at most of what may be wrong, and lets the rest fail as it will.
        raise UnreadableZipError(f"it is no zip: {error}") from None


def _open(url: str) -> "IO[bytes] | Ranges":
    """Open a zip for reading from its end: by ranges, or whole."""
    with get_range(url, f"bytes=-{_TAIL_BYTES}") as response:
        if response.status != PARTIAL_CONTENT:
            return _download(response)
        start, size = range_of(response)
        return Ranges(url, size, start, read_exactly(response, size - start))


def _download(response: HTTPResponse) -> IO[bytes]:
    """Take a whole zip, as far as a zip of Lambda's can be long."""
    announced = response.headers.get("Content-Length", "")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        size = copy_within(response, file, _MAX_BYTES)
        if announced.isdigit() and int(announced) != size:
            raise UnreadableZipError(f"{size:,} of {int(announced):,} bytes arrived")
        stack.pop_all()
    return file
