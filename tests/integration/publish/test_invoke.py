"""Layers in use: published by the program, attached to a function, and the function is invoked.

ministack runs it, with its own Python and the layers' files where Lambda has them.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import boto3
import pytest

from ..conftest import REGION

Run: TypeAlias = Callable[..., CompletedProcess[str]]

HANDLER = """
from importlib.metadata import version

import demo
import shared.greeting


def handle(event, context):
    return {
        "said": shared.greeting.to(event["name"]),
        "version": [demo.__version__, version("demo")],
        "files": [demo.__file__, shared.greeting.__file__],
    }
"""


@pytest.fixture
def api(ministack: str) -> Iterator[Any]:
    """Open a Lambda client of ministack."""
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    made: Any = session.client("lambda", endpoint_url=ministack)
    yield made
    made.close()


def make_function(api: Any, handler: str) -> str:  # noqa: ANN401 (a client)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("app.py", handler)
    made = api.create_function(
        FunctionName="api",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="app.handle",
        Code={"ZipFile": code.getvalue()},
    )
    api.get_waiter("function_active_v2").wait(FunctionName="api")
    return str(made["FunctionName"])


def invoke(api: Any, name: str, event: object) -> Any:  # noqa: ANN401 (what it returns)
    answer = api.invoke(FunctionName=name, Payload=json.dumps(event))
    with answer["Payload"] as payload:
        said = json.loads(payload.read())
    assert "FunctionError" not in answer, said
    return said


def test_a_function_imports_from_the_layers_that_were_published(
    run: Run, workspace: Path, add_wheel: Callable[..., Path], ministack: str, api: Any  # noqa: ANN401 (a client)
) -> None:  # fmt: skip
    add_wheel("demo", "2.1", {"demo/__init__.py": "__version__ = '2.1'\n"})
    (workspace / "shared").mkdir()
    (workspace / "shared/greeting.py").write_text("def to(name): return f'hello {name}'\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers:\n'
        "  code: {include: shared/}\n  deps: {packages: [demo]}\n"
        "functions: {api: {layers: [code, deps]}}\n"
    )
    done = run("publish", env={"AWS_ENDPOINT_URL": ministack})
    assert done.returncode == 0, done.stderr
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    arns = report["functions"][0]["arns"][REGION]
    name = make_function(api, HANDLER)
    api.update_function_configuration(FunctionName=name, Layers=arns)
    api.get_waiter("function_updated_v2").wait(FunctionName=name)
    answer = invoke(api, name, {"name": "you"})
    assert answer["said"] == "hello you"
    assert answer["version"] == ["2.1", "2.1"]
    assert [file.split("/python/")[-1] for file in answer["files"]] == [
        "demo/__init__.py",
        "shared/greeting.py",
    ]


def test_without_its_layers_the_function_fails(api: Any) -> None:  # noqa: ANN401 (a client)
    name = make_function(api, HANDLER)
    with pytest.raises(AssertionError, match="No module named 'demo'"):
        invoke(api, name, {"name": "you"})
