"""The world around the program, made real on 127.0.0.1: an index of made-up wheels, AWS by moto.

The program itself always runs as a process of its own, in an environment of its own.
"""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from .cloud.fixtures import _ministack, _proxy, ministack, program, proxy  # noqa: F401 (fixtures)
from .cloud.program import Program
from .cloud.sessions import session
from .local_index import Answer, answers, knowing, serving, wheel

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
_READ_AT_START = {"LANG", "LC_ALL", "TZ", "PYTHONHASHSEED", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
"""What an interpreter reads from the environment when it starts."""

Run: TypeAlias = Callable[..., CompletedProcess[str]]


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve a function of requests, which knows the credentials unless told otherwise.

    Gives its address.
    """
    with ExitStack() as stack:

        def start(answer: Answer, *, knows: bool = True) -> str:
            return stack.enter_context(serving(knowing(answer) if knows else answer))

        yield start


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Serve an empty index; `add_wheel` fills it. Gives the address of its root."""
    folder = tmp_path / "index"
    folder.mkdir()
    with serving(answers(folder)) as url:
        yield url


@pytest.fixture
def add_wheel(tmp_path: Path, index: str) -> Callable[..., Path]:
    """Put a wheel on the index."""
    assert index

    def add(name: str, version: str, files: Mapping[str, str | bytes], **more: Any) -> Path:  # noqa: ANN401 (passed on)
        file, content = wheel(name, version, files, **more)
        (tmp_path / "index" / file).write_bytes(content)
        return tmp_path / "index" / file

    return add


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
        "UV_PYTHON_DOWNLOADS": "never",
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "LAYER_BUILDER_PATIENCE": "0.01",
        # Builds anew, but downloads no wheel twice.
        "LAYER_BUILDER_NO_CACHE": "builds",
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
