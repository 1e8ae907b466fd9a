"""Files that lie elsewhere, read by ranges of bytes, within bounds of bytes and seconds.

An address is a secret for as long as it is valid: no error shows it.
"""

import io
import os
import re
import ssl
import time
import urllib.request
from functools import cache
from http.client import HTTPResponse
from typing import IO, TYPE_CHECKING

from layer_builder.archive.lookups import PlainHandler, SecureHandler
from layer_builder.model import MIB

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAX_DIRECTORY_BYTES = 64 * MIB

TIMEOUT_SECONDS = 30.0

_MAX_SECONDS = 120.0

PARTIAL_CONTENT = 206

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


class Ranges(io.RawIOBase):
    """A file elsewhere, of which what is read is fetched; its tail is here already."""

    def __init__(
        self, url: str, size: int, start: int, tail: bytes, authorization: str = ""
    ) -> None:
        """Take an address, the file's size, and its bytes from `start` to the end."""
        super().__init__()
        self._url = url
        self._authorization = authorization
        self._size = size
        self._start = start
        self._tail = tail
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True

    def tell(self) -> int:
        """Say where it is read next, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as `io` has it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fetch what fits a buffer. Raises UnreadableZipError, OSError."""
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
        with get_range(self._url, f"bytes={start}-{end - 1}", self._authorization) as response:
            if response.status != PARTIAL_CONTENT or range_of(response) != (start, self._size):
                raise UnreadableZipError("the server answers another range than was asked for")
            return read_exactly(response, end - start)


def get_range(url: str, byte_range: str, authorization: str = "") -> HTTPResponse:
    """Ask for a range of bytes, as RFC 9110 14.2 writes it."""
    request = urllib.request.Request(url, headers={"Range": byte_range})  # noqa: S310 (http and https only)
    if authorization:
        # Of a redirected request urllib takes over all headers but these.
        request.add_unredirected_header("Authorization", authorization)
    response: HTTPResponse = opener().open(request, timeout=TIMEOUT_SECONDS)
    return response


def opener() -> urllib.request.OpenerDirector:
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


def range_of(response: HTTPResponse) -> tuple[int, int]:
    """Say where the range begins that was answered, and how long the whole is."""
    match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if not match:
        raise UnreadableZipError("the server answers a range without saying which")
    return int(match[1]), int(match[3])


def read_exactly(response: HTTPResponse, size: int) -> bytes:
    """Read an answer of a known length, in bytes. Raises UnreadableZipError, OSError."""
    content = io.BytesIO()
    arrived = copy_within(response, content, size)
    if arrived != size:
        raise UnreadableZipError(f"{arrived:,} of {size:,} bytes arrived")
    return content.getvalue()


def copy_within(response: HTTPResponse, file: IO[bytes], limit: int) -> int:
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


def require_address(url: str) -> None:
    """Raise UnreadableZipError for what is no address of http or https."""
    if not url.startswith(("https://", "http://")):
        scheme = url.partition(":")[0] if "://" in url else "none"
        raise UnreadableZipError(f"AWS gives no address to read it from (scheme: {scheme})")
