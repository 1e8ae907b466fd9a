"""An index of made-up wheels on 127.0.0.1.

Pages: https://packaging.python.org/en/latest/specifications/simple-repository-api/; wheels:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
"""

import base64
import csv
import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

Request: TypeAlias = tuple[str, str, Mapping[str, str], bytes]  # method, path, headers, body
Response: TypeAlias = tuple[int, Mapping[str, str], bytes]
Answer: TypeAlias = Callable[[Request], Response]


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer: Answer = self.server.answer  # type: ignore[attr-defined]
        status, headers, content = answer((self.command, self.path, dict(self.headers), body))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = _answer  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        pass


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve a function of requests; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.answer = answer  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    b"<Arn>arn:aws:sts::123456789012:assumed-role/layers/run</Arn>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def knowing(answer: Answer) -> Answer:
    """Answer who the credentials are of, and all else as `answer` does."""
    return lambda request: (
        (200, {}, IDENTITY) if b"Action=GetCallerIdentity" in request[3] else answer(request)
    )


def answers(folder: Path) -> Answer:
    """Answer as a simple index of the folder's files; below /private only to user:hunter2."""
    login = "Basic " + base64.b64encode(b"user:hunter2").decode()

    def answer(request: Request) -> Response:
        _, path, headers, _ = request
        if path.startswith("/private/"):
            if headers.get("Authorization") != login:
                return 401, {"WWW-Authenticate": 'Basic realm="index"'}, b""
            path = path.removeprefix("/private")
        _, kind, name, *_ = f"{path}/".split("/")
        if kind == "files":
            return 200, {"Content-Type": "application/zip"}, (folder / name).read_bytes()
        files = [file for file in sorted(folder.iterdir()) if _name_of(file) == name]
        rows = [
            f'<a href="../../files/{file.name}#sha256={_sha256(file).hex()}">{file.name}</a>'
            for file in files
        ]
        page = "<!DOCTYPE html><html><body>" + "".join(rows) + "</body></html>"
        return 200 if files else 404, {"Content-Type": "text/html"}, page.encode()

    return answer


def _name_of(file: Path) -> str:
    return re.sub(r"[-_.]+", "-", file.name.split("-")[0]).lower()


def _sha256(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def wheel(  # noqa: PLR0913 (what a wheel has)
    name: str,
    version: str,
    files: Mapping[str, str | bytes],
    *,
    tag: str = "py3-none-any",
    requires: Iterable[str] = (),
    extras: Iterable[str] = (),
    scripts: Mapping[str, str] | None = None,
    headers: Iterable[str] = (),
) -> tuple[str, bytes]:
    """Make a wheel, as the binary distribution format of the Python packaging guide says."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    pure = str(tag.endswith("-any")).lower()
    members = {path: c.encode() if isinstance(c, str) else c for path, c in files.items()}
    members[f"{info}/METADATA"] = "".join(
        [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
        + [f"Requires-Dist: {requirement}\n" for requirement in requires]
        + [f"{header}\n" for header in headers]
        + [f"Provides-Extra: {extra}\n" for extra in extras]
    ).encode()
    members[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()
    )
    if scripts:
        lines = "".join(f"{script} = {where}\n" for script, where in scripts.items())
        members[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}".encode()
    record = io.StringIO()
    rows = [(path, _digest(content), len(content)) for path, content in members.items()]
    csv.writer(record).writerows([*rows, (f"{info}/RECORD", "", "")])
    members[f"{info}/RECORD"] = record.getvalue().encode()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, content in members.items():
            member = zipfile.ZipInfo(path)
            member.external_attr = (0o100755 if ".data/scripts/" in path else 0o100600) << 16
            archive.writestr(member, content)
    return f"{stem}-{tag}.whl", data.getvalue()


def _digest(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
