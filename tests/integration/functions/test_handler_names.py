"""Handlers are found as Lambda's own runtime client finds them, and its words are ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import uv

from ..conftest import REPOSITORY

pytestmark = pytest.mark.network

NAMES = (
    "app.handler",
    "app.nothing",
    "app.inner.handler",
    "handler",
    "",
    ".handler",
    "app.",
    "sub/app.handler",
    "sub.app.handler",
    "sub/app.Class.method",
    "sys.exit",
    "sys/x.y",
    "absent.handler",
    "absent/sub.handler",
    "imports_absent.handler",
    "broken.handler",
    "raises.handler",
    "app-with-dashes.handler",
    "app.VALUE",
)
FILES = {
    "app.py": "VALUE = 1\n\n\ndef handler(event, context):\n    return 1\n",
    "sub/__init__.py": "",
    "sub/app.py": "def handler(event, context):\n    return 1\n\n\nclass Class:\n    method = handler\n",
    "imports_absent.py": "import absent_too\n",
    "broken.py": "def (\n",
    "raises.py": "raise KeyError('x')\n",
    "app-with-dashes.py": "def handler(event, context):\n    return 1\n",
}
THEIRS = """
import json, sys
from awslambdaric.bootstrap import _get_handler
from awslambdaric.lambda_runtime_exception import FaultException
try:
    found = _get_handler(sys.argv[1])
    print(json.dumps(["found", repr(found).partition(" at ")[0]]))
except FaultException as error:
    print(json.dumps([error.exception_type, error.msg]))
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
OURS = (
    THEIRS.replace(
        "from awslambdaric.bootstrap import _get_handler",
        "from layer_builder.runtime.programs.call_handler import find_handler as _get_handler",
    )
    .replace(
        "from awslambdaric.lambda_runtime_exception import FaultException",
        "from layer_builder.runtime.programs.call_handler import FaultError as FaultException",
    )
    .replace("error.exception_type, error.msg", "error.kind, str(error)")
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install `awslambdaric`."""
    folder = tmp_path_factory.mktemp("awslambdaric")
    subprocess.run(
        [uv.find_uv_bin(), "pip", "install", "--quiet", "--target", folder, "--python", sys.executable,
         "awslambdaric==4.2.2"],
        check=True,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_handler_is_found_as_lambda_finds_it(client: Path, tmp_path: Path, name: str) -> None:
    for file, text in FILES.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)

    def ask(text: str, *folders: str) -> object:
        paths = "".join(f"import sys; sys.path.insert(0, {folder!r})\n" for folder in folders)
        done = subprocess.run(
            [sys.executable, "-c", paths + text, name], cwd=tmp_path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    ours = ask(OURS, str(REPOSITORY), str(tmp_path))
    assert ours == ask(THEIRS, str(client), str(tmp_path))
