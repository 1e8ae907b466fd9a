"""A proxy that looks into TLS, as companies have it: it answers for every host, by its own authority."""

import base64
import http.client
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from ..local_index import Answer, Request, Response

USER, PASSWORD = "mole", "pr0xy-s3cret"
_OF_THE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass(kw_only=True)
class TlsProxy:
    """What it answers for which hosts (patterns), and what went through it."""

    authority: Path
    """The certificate that clients have to trust, PEM."""
    port: int = 0
    routes: dict[str, Answer] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    """Host and path of each request in a tunnel."""
    distrusted: list[str] = field(default_factory=list)
    """Hosts whose certificate a client did not take."""
    unknown: list[str] = field(default_factory=list)
    """Hosts that somebody asked for without a login, or with another."""

    @property
    def url(self) -> str:
        """Its address, with the login."""
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def hosts(self) -> set[str]:
        """The hosts that were asked through it."""
        return {host for host, _ in self.heard}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = ""

    @property
    def proxy(self) -> TlsProxy:
        found: TlsProxy = self.server.proxy  # type: ignore[attr-defined]
        return found

    def do_CONNECT(self) -> None:  # (http.server's name)
        host = self.path.partition(":")[0]
        login = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Proxy-Authorization") != login:
            self.proxy.unknown.append(host)
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        context = self.server.context_of(host)  # type: ignore[attr-defined]
        self.close_connection = True
        try:
            tunnel = context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.proxy.distrusted.append(host)
            return
        with tunnel, suppress(OSError):
            _Tunnel(tunnel, self.client_address, self.server, host)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        pass


class _Tunnel(_Handler):
    def __init__(
        self, connection: ssl.SSLSocket, address: object, server: object, host: str
    ) -> None:
        self.host = host
        super().__init__(connection, address, server)  # type: ignore[arg-type]

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        self.proxy.heard.append((self.host, self.path))
        routes = [
            to for pattern, to in self.proxy.routes.items() if fnmatchcase(self.host, pattern)
        ]
        answer = routes[0] if routes else lambda _: (502, {}, b"nobody is there")
        status, headers, content = answer((self.command, self.path, dict(self.headers), body))
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _OF_THE_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (http.server's names)


def forwarded(address: str) -> Answer:
    """Answer as a server without TLS does; it is told the name that was asked for."""
    where = urlsplit(address)

    def answer(request: Request) -> Response:
        method, path, headers, body = request
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    return answer


@contextmanager
def intercepting(folder: Path, routes: Mapping[str, Answer]) -> Iterator[TlsProxy]:
    """Run such a proxy; the certificate of its authority lies in the folder."""
    authority = trustme.CA(organization_name="Mole & Co")
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))

    @cache
    def context_of(host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        return context

    proxy = TlsProxy(authority=path, routes=dict(routes))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.proxy, server.context_of = proxy, context_of  # type: ignore[attr-defined]
        proxy.port = server.server_port
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield proxy
        server.shutdown()
