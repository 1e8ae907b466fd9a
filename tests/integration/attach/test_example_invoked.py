"""The example in use: published, attached and invoked by the program's own commands (on ministack).

ministack runs functions with the Python that it runs on itself, so the layers are made for that one.
"""

import io
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ..cloud.fixtures import MINISTACK
from ..conftest import REGION, REPOSITORY
from .test_attach import Cloud, Run
from .test_update import ACCOUNT, connected

pytestmark = pytest.mark.network

EXAMPLE = REPOSITORY / "examples" / "cr2a"
PROBE = """
import importlib
from importlib.metadata import version

import src.cr2a.api


def handler(event, context):
    if "modules" not in event:
        return src.cr2a.api.handler(event, context)
    modules = {name: importlib.import_module(name) for name in event["modules"]}
    return {
        "files": {name: getattr(module, "__file__", None) for name, module in modules.items()},
        "versions": {name: version(name) for name in event["distributions"]},
    }
"""
CONTRACT = {
    "title": "Supply <of bolts>",
    "parties": ["Anvil", "Bellows"],
    "clauses": [{"number": "4", "kind": "liability", "text": "Unlimited liability of the buyer."}],
}


def zipped(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return content.getvalue()


class Functions:
    """Creates the example's functions, and invokes them."""

    interpreter = str(MINISTACK.with_name("python"))
    """What runs them."""

    def __init__(self, url: str, python: str) -> None:
        self.cloud = Cloud(connected(url))
        self.s3 = connected(url)("s3")
        self.python = python
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "testing",
        }

    def create(self, name: str, handler: str, files: dict[str, str]) -> None:
        self.cloud.function(
            name,
            Runtime=f"python{self.python}",
            Handler=handler,
            Code={"ZipFile": zipped(files)},
            Timeout=120,
            MemorySize=1024,
            Environment={"Variables": self.environment},
        )

    def invoke(self, name: str, event: object) -> Any:  # noqa: ANN401 (what it returns)
        answer = self.cloud.api.invoke(FunctionName=name, Payload=json.dumps(event))
        with answer["Payload"] as payload:
            said = json.loads(payload.read())
        assert "FunctionError" not in answer, said
        return said


@pytest.fixture
def functions(ministack: str) -> Functions:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    words = [Functions.interpreter, "-c", asked]
    python = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    made = Functions(ministack, python)
    made.create("cr2a-api", "probe.handler", {"probe.py": PROBE})
    # The worker brings its code in its own package.
    code = {
        str(path.relative_to(EXAMPLE)): path.read_text()
        for folder in ("src", "schemas")
        for path in sorted((EXAMPLE / folder).rglob("*.*"))
        if path.suffix in {".py", ".json"}
    }
    made.create("cr2a-worker", "src.cr2a.worker.handler", code)
    return made


def hold_nothing_twice_and_work_as_a_stack(
    output: Path, report: dict[str, Any], functions: Functions
) -> None:
    packages = {
        layer["key"]: {package["name"] for package in layer["packages"]}
        for layer in report["layers"]
    }
    assert not packages["core-deps"] & packages["optional-deps"]
    assert {"anyio", "pydantic"} <= packages["core-deps"]

    def imported(*keys: str) -> subprocess.CompletedProcess[str]:
        opt = output / "-".join(keys)
        for key in keys:
            with zipfile.ZipFile(output / f"cr2a-{key}.zip") as archive:
                archive.extractall(opt)
        code = "import sys; sys.path.insert(0, sys.argv[1]); import fastapi, flask, reportlab, PIL"
        return subprocess.run(
            [functions.interpreter, "-I", "-S", "-B", "-c", code, str(opt / "python")],
            capture_output=True,
            text=True,
            check=False,
        )

    stacked = imported("core-deps", "optional-deps")
    assert stacked.returncode == 0, stacked.stderr
    alone = imported("optional-deps")
    assert alone.returncode == 1
    assert "ModuleNotFoundError: No module named 'anyio'" in alone.stderr


def test_the_examples_functions_run_on_their_layers(
    run: Run, workspace: Path, functions: Functions
) -> None:
    shutil.copytree(EXAMPLE, workspace, dirs_exist_ok=True)
    manifest = (EXAMPLE / "layers.yml").read_text()
    assert manifest.count('python: "3.12"') == 1
    (workspace / "layers.yml").write_text(
        manifest.replace('python: "3.12"', f'python: "{functions.python}"')
    )
    # The real index, by whichever way leads there from this machine.
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env = {"UV_DEFAULT_INDEX": None, "UV_CACHE_DIR": None, **mine, **functions.environment}
    published = run("publish", env=env)
    assert published.returncode == 0, published.stderr
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert "shared-deps: same content as core-deps: built once\n" in published.stderr
    hold_nothing_twice_and_work_as_a_stack(workspace / "dist/layers", report, functions)
    attached = run("attach", env=env)
    assert attached.returncode == 0, attached.stderr
    stacks = json.loads(attached.stdout)
    assert stacks == {one["key"]: one["arns"][REGION] for one in report["functions"]}
    assert functions.cloud.layers("cr2a-api") == stacks["api"]

    layers = {layer["key"]: layer for layer in report["layers"]}
    stack = [layers[key] for key in ("shared-code", "core-deps", "optional-deps")]
    modules = sorted(
        {
            name
            for layer in stack
            if layer["proof"]
            for name in layer["proof"]["imported"]
            if ":" not in name
        }
    )
    versions = {one["name"]: one["version"] for layer in stack for one in layer["packages"]}
    assert {"pandas", "openai", "reportlab", "flask", "fastapi"} <= versions.keys() & set(modules)
    answer = functions.invoke("cr2a-api", {"modules": modules, "distributions": sorted(versions)})
    assert answer["versions"] == versions
    outside = {
        name: file for name, file in answer["files"].items() if file and "/layer_" not in file
    }
    assert outside == {}

    asked = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/reviews"}
    review = functions.invoke("cr2a-api", {**asked, "body": json.dumps(CONTRACT)})
    assert review["statusCode"] == 200

    where = {"LocationConstraint": REGION}
    functions.s3.create_bucket(Bucket="contracts", CreateBucketConfiguration=where)
    functions.s3.put_object(
        Bucket="contracts", Key="contracts/a.json", Body=json.dumps(CONTRACT).encode()
    )
    assert functions.invoke("cr2a-worker", {"bucket": "contracts"}) == {
        "written": "s3://contracts/findings.csv"
    }
    with functions.s3.get_object(Bucket="contracts", Key="findings.csv")["Body"] as body:
        assert body.read().decode().splitlines()[0] == "message,contracts"
    again = run("attach", env=env)
    assert again.returncode == 0, again.stderr
    assert "2 got" not in again.stderr
    assert "Lambda functions: 0 got their layers, 2 unchanged\n" in again.stderr
