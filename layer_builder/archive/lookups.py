"""Handlers of urllib that look each host's addresses up once in a run.

Dozens of wheels are read at once from one host. Each connection of urllib's asks the resolver anew, and
glibc waits five seconds for an answer that was lost: https://man7.org/linux/man-pages/man5/resolv.conf.5.html
"""

import socket
import threading
import urllib.request
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any

_found: dict[tuple[str, int], list[Any]] = {}

_lock = threading.Lock()


def connect(
    address: tuple[str, int],
    timeout: float | None = None,
    source_address: tuple[str, int] | None = None,
) -> socket.socket:
    """Connect as `socket.create_connection` does, with the addresses that were found before."""
    with _lock:
        if address not in _found:
            _found[address] = socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)
        known = _found[address]
    failed: OSError | None = None
    for *_, place in known:
        try:
            return socket.create_connection(place[:2], timeout, source_address)
        except OSError as error:
            failed = error
    raise failed or OSError("no address was found")


class PlainHandler(urllib.request.HTTPHandler):
    """Opens http."""

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        """Open an address."""
        return self.do_open(_plain, req)


class SecureHandler(urllib.request.HTTPSHandler):
    """Opens https."""

    def https_open(self, req: urllib.request.Request) -> HTTPResponse:
        """Open an address."""
        return self.do_open(_secure, req, context=vars(self)["_context"])


def _plain(host: str, **more: Any) -> HTTPConnection:  # noqa: ANN401 (as http.client has them)
    return _looking_up_once(HTTPConnection(host, **more))


def _secure(host: str, **more: Any) -> HTTPConnection:  # noqa: ANN401 (as http.client has them)
    return _looking_up_once(HTTPSConnection(host, **more))


def _looking_up_once(connection: HTTPConnection) -> HTTPConnection:
    # What http.client keeps there for this; where it no longer does, hosts are looked up as ever.
    vars(connection)["_create_connection"] = connect
    return connection
