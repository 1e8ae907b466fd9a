"""How an answer goes over a connection: whole, in pieces, cut short, not at all."""

import os
import select
import socket
import struct
import time
from http import HTTPStatus

from .answers import Answer

_PIECES = 40
_GAP_SECONDS = 0.03
_PATIENCE_SECONDS = 5.0
_HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class GoneError(ConnectionError):
    """The connection was taken down on purpose."""


class Wire:
    """One client's connection, between requests and answers."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, answer: Answer, method: str, *, last: bool = False) -> None:
        """Send all of it; `last` tells the client that the connection ends here."""
        body = b"" if method == "HEAD" else answer.body
        self.connection.sendall(_head(answer, method, last=last) + body)

    def trickle(self, answer: Answer, method: str) -> None:
        """Send all of it, a few bytes at a time."""
        whole = _head(answer, method) + (b"" if method == "HEAD" else answer.body)
        step = max(1, -(-len(whole) // _PIECES))
        for start in range(0, len(whole), step):
            self.connection.sendall(whole[start : start + step])
            time.sleep(_GAP_SECONDS)

    def cut(self, answer: Answer, method: str) -> None:
        """Promise all of it, send half, and hang up; of an answer without a body, half the head."""
        head, body = _head(answer, method), b"" if method == "HEAD" else answer.body
        sent = head + body[: len(body) // 2] if body else head[: len(head) // 2]
        self.connection.sendall(sent)
        self.connection.shutdown(socket.SHUT_RDWR)
        raise GoneError

    def babble(self, answer: Answer, method: str) -> None:
        """Say 200 and nonsense in the answer's own media type; without a body, a nonsense status."""
        if method == "HEAD":
            self.connection.sendall(b"HTTP/1.1 2OO 0K\r\n\r\n")
            self.connection.shutdown(socket.SHUT_RDWR)
            raise GoneError
        broken = Answer(
            status=200, headers=answer.headers, body=b'{"<broken' + answer.body[:20] + b"\x00"
        )
        self.send(broken, method)

    def reset(self) -> None:
        """Reset: the client gets RST, not FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        raise GoneError

    def withhold(self) -> None:
        """Say nothing until the client hangs up; reset when it has more patience than we."""
        select.select([self.connection], [], [], _PATIENCE_SECONDS)
        self.reset()


def _head(answer: Answer, method: str, *, last: bool = False) -> bytes:
    told = {name.lower(): value for name, value in answer.headers.items()}
    kept = [
        (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
    ]
    if answer.status != HTTPStatus.NO_CONTENT:
        # The length in an answer to HEAD is that of the thing itself.
        length = told.get("content-length", "0") if method == "HEAD" else str(len(answer.body))
        kept.append(("Content-Length", length))
    kept += [("Connection", "close")] if last else []
    phrase = HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in kept)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
