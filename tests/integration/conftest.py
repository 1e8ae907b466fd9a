"""The world around the program, made real on 127.0.0.1: an index of made-up wheels, AWS by moto.

The program itself always runs as a process of its own, in an environment of its own.
"""

import base64
import csv
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from .cloud.fixtures import _ministack, _proxy, ministack, program, proxy  # noqa: F401 (fixtures)
from .cloud.program import Program
from .cloud.sessions import session

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
_READ_AT_START = {"LANG", "LC_ALL", "TZ", "PYTHONHASHSEED", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
"""What an interpreter reads from the environment when it starts."""

Request: TypeAlias = tuple[str, str, Mapping[str, str], bytes]  # method, path, headers, body
Response: TypeAlias = tuple[int, Mapping[str, str], bytes]
Answer: TypeAlias = Callable[[Request], Response]
Run: TypeAlias = Callable[..., CompletedProcess[str]]


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
def _serving(answer: Answer) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.answer = answer  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Serve a function of requests; gives its address."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(_serving(answer))


def _index(folder: Path) -> Answer:
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


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Serve an empty index; `add_wheel` and `add_sdist` fill it. Gives the address of its root."""
    folder = tmp_path / "index"
    folder.mkdir()
    with _serving(_index(folder)) as url:
        yield url


@pytest.fixture
def add_wheel(tmp_path: Path, index: str) -> Callable[..., Path]:
    """Put a wheel on the index."""
    assert index

    def add(name: str, version: str, files: Mapping[str, str | bytes], **more: Any) -> Path:  # noqa: ANN401 (passed on)
        file, content = _wheel(name, version, files, **more)
        (tmp_path / "index" / file).write_bytes(content)
        return tmp_path / "index" / file

    return add


@pytest.fixture
def add_sdist(tmp_path: Path, index: str) -> Callable[..., Path]:
    """Put an sdist on the index whose own backend gives out a wheel that is inside it."""
    assert index
    backend = (
        "import pathlib, shutil\n"
        "def build_wheel(folder, settings=None, metadata=None):\n"
        "    wheel = next(pathlib.Path('wheel').iterdir())\n"
        "    shutil.copy(wheel, folder)\n"
        "    return wheel.name\n"
    )
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'

    def add(name: str, version: str, files: Mapping[str, str | bytes], **more: Any) -> Path:  # noqa: ANN401 (passed on)
        file, content = _wheel(name, version, files, **more)
        members = {
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
            "pyproject.toml": project.encode(),
            "backend.py": backend.encode(),
            f"wheel/{file}": content,
        }
        path = tmp_path / "index" / f"{name}-{version}.tar.gz"
        with tarfile.open(path, "w:gz") as sdist:
            for member, data in members.items():
                info = tarfile.TarInfo(f"{name}-{version}/{member}")
                info.size = len(data)
                sdist.addfile(info, io.BytesIO(data))
        return path

    return add


def _wheel(  # noqa: PLR0913 (what a wheel has)
    name: str,
    version: str,
    files: Mapping[str, str | bytes],
    *,
    tag: str = "py3-none-any",
    requires: Iterable[str] = (),
    scripts: Mapping[str, str] | None = None,
) -> tuple[str, bytes]:
    """Make a wheel, as the binary distribution format of the Python packaging guide says."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    pure = str(tag.endswith("-any")).lower()
    members = {path: c.encode() if isinstance(c, str) else c for path, c in files.items()}
    members[f"{info}/METADATA"] = "".join(
        [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
        + [f"Requires-Dist: {requirement}\n" for requirement in requires]
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
            archive.writestr(path, content)
    return f"{stem}-{tag}.whl", data.getvalue()


def _digest(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


@pytest.fixture(scope="session")
def _moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(_moto: str) -> str:
    """Give the address of an AWS without anything in it."""
    urllib.request.urlopen(urllib.request.Request(f"{_moto}/moto-api/reset", method="POST")).close()
    return _moto


@pytest.fixture
def client(aws: str) -> Iterator[Callable[..., Any]]:
    """Open clients of that AWS, to look at what was published."""
    with ExitStack() as stack:

        def connect(service: Any, region: str = REGION) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
            config = Config(region_name=region, retries={"total_max_attempts": 1})
            made = session().client(service, endpoint_url=aws, config=config)
            stack.callback(made.close)
            return made

        yield connect


@pytest.fixture
def versions(client: Callable[..., Any]) -> Callable[..., list[str]]:
    """List the ARNs of everything that is published in a region, oldest first."""

    def find(region: str = REGION) -> list[str]:
        api = client("lambda", region)
        layers = api.list_layers()["Layers"]
        return sorted(
            version["LayerVersionArn"]
            for layer in layers
            for version in api.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]
        )

    return find


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give an empty workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path: Path, index: str, aws: str) -> dict[str, str]:
    """Give the environment that the program gets."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(REPOSITORY),
        "UV_DEFAULT_INDEX": f"{index}/simple",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAYER_BUILDER_PATIENCE": "0.01",
        "LAYER_BUILDER_NO_CACHE": "1",
    }


@pytest.fixture
def run(workspace: Path, environ: Mapping[str, str], program: Program) -> Run:  # noqa: F811 (a fixture)
    """Run the program in the workspace; `env` changes its environment, None takes a name out.

    It is forked from one that is imported already, unless the test asks for one that starts anew
    or changes what an interpreter reads when it starts.
    """

    def start(
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        cwd: Path = workspace,
        umask: int = -1,
        python: str = sys.executable,
        anew: bool = False,
    ) -> CompletedProcess[str]:
        asked = {**environ, **(env or {})}
        wanted = {name: value for name, value in asked.items() if value is not None}
        differs = umask != -1 or python != sys.executable or _READ_AT_START & set(env or {})
        if not (anew or differs or program.is_busy):
            done = program.run(*arguments, folder=cwd, environment=wanted)
            return CompletedProcess([*arguments], done.code, done.stdout, done.stderr)
        return subprocess.run(
            [python, "-m", "layer_builder", *arguments],
            cwd=cwd,
            env=wanted,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            umask=umask,
            check=False,
        )

    return start
