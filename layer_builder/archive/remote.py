"""Zips that lie elsewhere: what they unzip to, read from the directory at their end.

No API tells it; the presigned addresses of GetFunction and GetLayerVersion do. S3 honours ranges,
so a few hundred KiB are read of each zip; a server that does not sends all of it. An address is a
secret for as long as it is valid: it is never shown, and no credentials go along with it.
"""

import contextlib
import http.client
import io
import os
import re
import ssl
import struct
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from functools import cache
from http.client import HTTPResponse
from typing import IO, TYPE_CHECKING

from layer_builder.archive.lookups import PlainHandler, SecureHandler
from layer_builder.model import MIB, UNZIPPED_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# A suffix range, https://www.rfc-editor.org/rfc/rfc9110.html#section-14.1.2; a server without
# ranges answers 200 with all of it.
_TAIL_BYTES = 256 * 1024
"""The first range: an end record with its comment fits 64 KiB (APPNOTE.TXT 4.3.16), and most
directories fit the rest."""

_TAIL_OF_WHEEL_BYTES = 64 * 1024
"""The same of a wheel, of which there are many at once: most directories are shorter."""

# zlib: "the limit is 1032:1", https://zlib.net/zlib_tech.html
_MOST_DEFLATED = 1032

_MAX_BYTES = UNZIPPED_BYTES + 16 * MIB
"""Of a whole zip. It may be larger than what it unzips to, by its headers."""

_MAX_DIRECTORY_BYTES = 64 * MIB

_TIMEOUT_SECONDS = 30.0

_MAX_SECONDS = 120.0

_PARTIAL_CONTENT = 206

_CHUNK = 1 << 20

# Content-Range: https://www.rfc-editor.org/rfc/rfc9110.html#section-14.4
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class UnreadableZipError(Exception):
    """A zip that cannot be measured; says why, and never its address."""

    is_of_server = False
    """Whether others from the same place will not do either."""

    @classmethod
    def of_server(cls, why: str) -> "UnreadableZipError":
        """Say what a server does not do, or that it does not answer."""
        error = cls(why)
        error.is_of_server = True
        return error


def remote_unzipped_bytes(url: str) -> int:
    """Add up the sizes of all files in a zip, as AWS counts them. Raises UnreadableZipError."""
    _require_address(url)
    try:
        with contextlib.closing(_open(url)) as file:
            return unzipped_bytes(file)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableZipError(f"the server answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        raise UnreadableZipError(f"it cannot be read: {reason or type(error).__name__}") from None


def remote_members(url: str, authorization: str = "") -> list[zipfile.ZipInfo]:
    """List the members of a wheel by ranges alone, and no more than its length allows them to be.

    `authorization` is the header of that name; it is sent to the address's own host, and to none
    that this leads on to. Raises UnreadableZipError, also for a server without ranges, of which
    the wheel is not fetched.
    """
    _require_address(url)
    try:
        with _get(url, f"bytes=-{_TAIL_OF_WHEEL_BYTES}", authorization) as response:
            if response.status != _PARTIAL_CONTENT:
                raise UnreadableZipError.of_server("the server sends no ranges")
            start, size = _range_of(response)
            tail = _read_exactly(response, size - start)
            # Where it was led on to, without the login.
            place = response.geturl()
        login = authorization if place == url else ""
        with _Ranges(place, size, start, tail, login) as file:
            return _plausible(_members(file), size)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnreadableZipError.of_server(f"the server answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None)
        why = f"it cannot be read: {reason or type(error).__name__}"
        raise UnreadableZipError.of_server(why) from None


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
    _require_address(url)
    request = urllib.request.Request(url)  # noqa: S310 (http and https only)
    try:
        with contextlib.closing(_opener().open(request, timeout=_TIMEOUT_SECONDS)) as response:
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


def _require_address(url: str) -> None:
    if not url.startswith(("https://", "http://")):
        scheme = url.partition(":")[0] if "://" in url else "none"
        raise UnreadableZipError(f"AWS gives no address to read it from (scheme: {scheme})")


def unzipped_bytes(file: "IO[bytes] | _Ranges") -> int:
    """Add up what the directory of a zip says of its files. Raises UnreadableZipError, OSError."""
    return sum(member.file_size for member in _members(file))


def _members(file: "IO[bytes] | _Ranges") -> list[zipfile.ZipInfo]:
    """Read the directory of a zip. Raises UnreadableZipError, OSError."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError) as error:
        # zipfile looks at most of what may be wrong, and lets the rest fail as it will.
        raise UnreadableZipError(f"it is no zip: {error}") from None


def _open(url: str) -> "IO[bytes] | _Ranges":
    """Open a zip for reading from its end: by ranges, or whole."""
    with _get(url, f"bytes=-{_TAIL_BYTES}") as response:
        if response.status != _PARTIAL_CONTENT:
            return _download(response)
        start, size = _range_of(response)
        return _Ranges(url, size, start, _read_exactly(response, size - start))


def _get(url: str, byte_range: str, authorization: str = "") -> HTTPResponse:
    """Ask for a range of bytes, as RFC 9110 14.2 writes it."""
    request = urllib.request.Request(url, headers={"Range": byte_range})  # noqa: S310 (http and https only)
    if authorization:
        # Of a redirected request urllib takes over all headers but these.
        request.add_unredirected_header("Authorization", authorization)
    response: HTTPResponse = _opener().open(request, timeout=_TIMEOUT_SECONDS)
    return response


def _opener() -> urllib.request.OpenerDirector:
    """Make an opener for http and https, wherever a redirection leads: no files, no ftp."""
    # build_opener() would add handlers for file: and ftp:, which a redirection must not reach:
    # https://docs.python.org/3/library/urllib.request.html#urllib.request.build_opener
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        PlainHandler(),
        SecureHandler(
            context=_trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        ),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


@cache
def _trusting(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Trust what the two variables name, as OpenSSL reads them; reading it takes 30 ms each time."""
    return ssl.create_default_context()


def _range_of(response: HTTPResponse) -> tuple[int, int]:
    """Say where the range begins that was answered, and how long the whole is."""
    match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not match:
        raise UnreadableZipError("the server answers a range without saying which")
    return int(match[1]), int(match[3])


def _read_exactly(response: HTTPResponse, size: int) -> bytes:
    content = io.BytesIO()
    arrived = _copy(response, content, size)
    if arrived != size:
        raise UnreadableZipError(f"{arrived:,} of {size:,} bytes arrived")
    return content.getvalue()


def _download(response: HTTPResponse) -> IO[bytes]:
    """Take a whole zip, as far as a zip of Lambda's can be long."""
    announced = response.headers.get("Content-Length", "")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        size = _copy(response, file, _MAX_BYTES)
        if announced.isdigit() and int(announced) != size:
            raise UnreadableZipError(f"{size:,} of {int(announced):,} bytes arrived")
        stack.pop_all()
    return file


def _copy(response: HTTPResponse, file: IO[bytes], limit: int) -> int:
    """Take what comes, within bounds of bytes and seconds; gives how much it was."""
    deadline = time.monotonic() + _MAX_SECONDS
    size = 0
    while chunk := response.read1(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise UnreadableZipError(f"it is longer than {limit:,} bytes")
        if time.monotonic() > deadline:
            raise UnreadableZipError(f"it took longer than {_MAX_SECONDS:.0f} s")
        file.write(chunk)
    return size


class _Ranges(io.RawIOBase):
    """A file elsewhere, of which what is read is fetched; its tail is here already."""

    def __init__(
        self, url: str, size: int, start: int, tail: bytes, authorization: str = ""
    ) -> None:
        super().__init__()
        self._url = url
        self._authorization = authorization
        self._size = size
        self._start = start
        self._tail = tail
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._size)
        content = self._fetch(self._position, end) if end > self._position else b""
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def _fetch(self, start: int, end: int) -> bytes:
        if start >= self._start:
            return self._tail[start - self._start : end - self._start]
        if end - start > _MAX_DIRECTORY_BYTES:
            raise UnreadableZipError(f"its directory is longer than {_MAX_DIRECTORY_BYTES:,} bytes")
        with _get(self._url, f"bytes={start}-{end - 1}", self._authorization) as response:
            if response.status != _PARTIAL_CONTENT or _range_of(response) != (start, self._size):
                raise UnreadableZipError("the server answers another range than was asked for")
            return _read_exactly(response, end - start)
