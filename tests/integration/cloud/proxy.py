"""A proxy before an AWS: real HTTP on 127.0.0.1 that writes down every call and fails on request."""

import contextlib
import http.client
import os
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import urlsplit

from .answers import Answer
from .calls import Call, recognise
from .faults import Fault, Trouble, refused
from .wire import GoneError, Wire

_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "transfer-encoding"}
)
_POLL_SECONDS = 0.02
_AWAY_SECONDS = 0.3
_ANSWER_SECONDS = 10.0


class Rules(Protocol):
    """What a server has that the emulator behind the proxy has not."""

    def refuse(self, call: Call) -> Answer | None:
        """Give the answer to a call that does not get through."""

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Change what the emulator answered."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A call that arrived, and what became of it."""

    service: str
    region: str
    operation: str
    nth: int
    """Counted from 1, by operation, over all regions."""
    target: str
    fault: Fault | None

    def __str__(self) -> str:
        """Name it as a report does."""
        return f"{self.operation} #{self.nth}"


class Proxy:
    """Forwards to the emulator at `upstream`; `url` is where the program goes instead."""

    def __init__(self, upstream: str) -> None:
        # Holds the port while nothing listens, so that a connection is refused and not somebody's.
        self._seat = socket.socket()
        self._seat.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._seat.bind(("127.0.0.1", 0))
        self.port: int = self._seat.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.upstream = upstream
        self.failures: list[BaseException] = []
        """Of the proxy itself: a test with one proves nothing."""
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._back: threading.Timer | None = None
        self.clear()

    def clear(self) -> None:
        """Forget calls, troubles, rules and the program; listen."""
        self.heard: list[Heard] = []
        self.troubles: tuple[Trouble, ...] = ()
        self.rules: Sequence[Rules] = ()
        self.victim: Callable[[], int] | None = None
        """Gives the process to kill."""
        self._counts: Counter[str] = Counter()
        if self._back:
            self._back.cancel()
        self.listen()

    def listen(self) -> None:
        """Take connections."""
        with self._lock:
            if self._server is None:
                self._server = _Server(self)
                threading.Thread(
                    target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
                ).start()

    def vanish(self, *, but: socket.socket | None = None) -> None:
        """Take no more connections and drop the idle ones, but one: whoever comes is refused.

        A call on its way is answered first: a lost answer is another fault.
        """
        if self._back:
            self._back.cancel()
            self._back.join()
            self._back = None
        with self._lock:
            server, self._server = self._server, None
        if server:
            server.shutdown()
            server.server_close()
            server.hang_up(but)

    def leave(self, *, but: socket.socket | None = None) -> None:
        """Vanish, and be back after a moment."""
        self.vanish(but=but)
        self._back = threading.Timer(_AWAY_SECONDS, self.listen)
        self._back.start()

    def close(self) -> None:
        """End for good."""
        self.vanish()
        self._seat.close()

    def operations(self) -> list[str]:
        """List the operations that were called, in order."""
        return [heard.operation for heard in self.heard]

    def note(self, call: Call) -> Fault | None:
        """Write a call down and tell what goes wrong with it."""
        with self._lock:
            self._counts[call.operation] += 1
            nth = self._counts[call.operation]
            begun = any(heard.fault for heard in self.heard)
            hit = [t for t in self.troubles if t.hits(call.operation, nth, begun=begun)]
            fault = hit[0].fault if hit else None
            self.heard.append(
                Heard(
                    service=call.service,
                    region=call.region,
                    operation=call.operation,
                    nth=nth,
                    target=call.target,
                    fault=fault,
                )
            )
            return fault

    def answer(self, call: Call) -> Answer:
        """Have the rules and the emulator answer."""
        for rule in self.rules:
            if refusal := rule.refuse(call):
                return refusal
        answer = _forward(self.upstream, call)
        for rule in self.rules:
            answer = rule.amend(call, answer)
        return answer

    def kill(self) -> None:
        """Kill the program at once."""
        assert self.victim, "a kill needs a program"
        os.kill(self.victim(), signal.SIGKILL)


def _forward(upstream: str, call: Call) -> Answer:
    address = urlsplit(upstream)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {n: v for n, v in call.headers.items() if n.lower() not in _HOP_BY_HOP}
    headers["Content-Length"] = str(len(call.body))
    with contextlib.closing(connection):
        connection.request(call.method, call.target, call.body, headers)
        response = connection.getresponse()
        return Answer(
            status=response.status, headers=dict(response.getheaders()), body=response.read()
        )


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self._open: set[socket.socket] = set()
        self._busy: set[socket.socket] = set()
        self._gone = False
        self._closing = threading.Condition()
        super().__init__(("127.0.0.1", proxy.port), _Handler)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def process_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._closing:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        assert isinstance(request, socket.socket)
        with self._closing:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self, but: socket.socket | None) -> None:
        with self._closing:
            self._gone = True
            self._closing.wait_for(lambda: not self._busy - {but}, _ANSWER_SECONDS)
            for connection in self._open - {but}:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def busy(self, connection: socket.socket) -> Iterator[None]:
        """Answer a call on a connection, unless the server is gone."""
        with self._closing:
            if self._gone:
                raise GoneError
            self._busy.add(connection)
        try:
            yield
        finally:
            with self._closing:
                self._busy.discard(connection)
                self._closing.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (socketserver's)
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.proxy.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # kept alive, and 100 Continue, as AWS has it
    server: _Server

    def _answer(self) -> None:
        call = recognise(self.command, self.path, dict(self.headers), self._body())
        proxy = self.server.proxy
        wire = Wire(self.connection)
        try:
            with self.server.busy(self.connection):
                fault = proxy.note(call)
                if fault and (answer := refused(call, fault)):
                    wire.send(answer, call.method)
                    return
                _conduct(proxy, call, fault, wire)
        except GoneError:
            self.close_connection = True

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 (http.server's names)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        pass


def _conduct(proxy: Proxy, call: Call, fault: Fault | None, wire: Wire) -> None:
    """Answer a call, with the fault that hits it."""
    match fault:
        case Fault.RESET_BEFORE:
            wire.reset()
        case Fault.KILL_BEFORE:
            proxy.kill()
            wire.reset()
        case _:
            answer = proxy.answer(call)
            _deliver(proxy, call, fault, wire, answer)


def _deliver(proxy: Proxy, call: Call, fault: Fault | None, wire: Wire, answer: Answer) -> None:
    """Send what the server answered, or what the fault leaves of it."""
    match fault:
        case Fault.RESET_AFTER:
            wire.reset()
        case Fault.KILL_AFTER:
            proxy.kill()
            wire.reset()
        case Fault.TIMEOUT_AFTER:
            wire.withhold()
        case Fault.TRUNCATED:
            wire.cut(answer, call.method)
        case Fault.MALFORMED:
            wire.babble(answer, call.method)
        case Fault.TRICKLE:
            wire.trickle(answer, call.method)
        case Fault.REFUSED | Fault.AWAY:
            (proxy.leave if fault is Fault.AWAY else proxy.vanish)(but=wire.connection)
            wire.send(answer, call.method, last=True)
            raise GoneError
        case _:
            wire.send(answer, call.method)
