"""The real boto3 with the data of some services: each that is used makes a client, no other does."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

pytestmark = pytest.mark.network

Run: TypeAlias = Callable[..., CompletedProcess[str]]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
APP = """\
from functools import lru_cache

import boto3

SERVICE = "sqs"
table = boto3.Session().resource("dynamodb", region_name="eu-west-1").Table("contracts")


@lru_cache
def queue():
    return boto3.client(SERVICE, region_name="eu-west-1")


def handler(event, context):
    clients = {name: boto3.client(name, region_name="eu-west-1") for name in ("s3", "sns")}
    return sorted(clients)
"""
LAYERS = """\
version: 1
python: "{python}"
compression: fast
layers:
  code: {{include: [src/]}}
  deps: {{packages: [boto3], sdk: {sdk}}}
functions: {{f: {{layers: [code, deps], handler: src.app.handler}}}}
"""


@pytest.fixture
def build(run: Run, workspace: Path) -> Callable[[str, str], tuple[Path, str, Mapping[str, Any]]]:
    """Build the layers from the real index; gives what is on `sys.path`, the log, and the report."""

    def start(sdk: str, app: str = APP) -> tuple[Path, str, Mapping[str, Any]]:
        (workspace / "src").mkdir()
        (workspace / "src/app.py").write_text(app)
        (workspace / "layers.yml").write_text(LAYERS.format(python=PYTHON, sdk=sdk))
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = run("build", env={"UV_DEFAULT_INDEX": None, "UV_CACHE_DIR": None, **mine})
        assert done.returncode == 0, done.stderr
        output = workspace / "dist/layers"
        for key in ("code", "deps"):
            with zipfile.ZipFile(output / f"{key}.zip") as archive:
                archive.extractall(workspace / "opt")
        found = json.loads((output / "report.json").read_text())["layers"]
        return workspace / "opt/python", done.stderr, {one["key"]: one for one in found}

    return start


def says(path: Path, code: str, **environ: str) -> str:
    """Run code with the layers alone on `sys.path`; gives the last line that it says."""
    start = "import sys; sys.path.insert(0, sys.argv[1]); exec(sys.argv[2])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", start, str(path), code],
        env={"AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip().splitlines()[-1]


def test_each_service_that_the_code_names_makes_a_client_and_no_other_does(
    build: Callable[..., tuple[Path, str, Mapping[str, Any]]],
) -> None:
    path, log, layers = build("auto")
    used = "import src.app as a; print(a.handler({}, None), a.queue().meta.service_model, a.table)"
    assert says(path, used) == ("['s3', 'sns'] ServiceModel(sqs) dynamodb.Table(name='contracts')")
    kept = {use["name"]: use["needed_by"] for use in layers["deps"]["services"]["kept"]}
    assert {name: place for name, place in kept.items() if place.startswith("src/")} == {
        "dynamodb": "src/app.py:6", "sqs": "src/app.py:11",
        "s3": "src/app.py:15", "sns": "src/app.py:15",
    }  # fmt: skip
    for name in kept:
        made = f"import boto3; print(boto3.client({name!r}).meta.service_model.service_name)"
        assert says(path, made) == name
    assert {"sts", "sso", "sso-oidc"} <= kept.keys()
    other = says(path, "import boto3; boto3.client('ec2')")
    assert "UnknownServiceError: Unknown service: 'ec2'" in other
    assert "warning" not in log
    assert layers["deps"]["zip_bytes"] < 4_000_000


def test_a_name_that_cannot_be_read_leaves_all_services(
    build: Callable[..., tuple[Path, str, Mapping[str, Any]]],
) -> None:
    code = f"{APP}\n\ndef make(service):\n    return boto3.client(service)\n"
    path, log, layers = build("auto", code)
    assert "src/app.py:20: layer deps: sdk: auto keeps the data of all services" in log
    assert layers["deps"]["services"]["kept"] == []
    assert "<botocore.client.EC2" in says(path, "import src.app as a; print(a.make('ec2'))")


@pytest.mark.parametrize("sdk", ["[s3]", "auto"])
def test_a_web_identity_gets_credentials(
    build: Callable[..., tuple[Path, str, Mapping[str, Any]]], aws: str, tmp_path: Path, sdk: str
) -> None:
    path, _, _ = build(sdk, "import boto3\n\n\ndef handler(event, context): boto3.client('s3')\n")
    (tmp_path / "token").write_text("a.b.c")
    said = says(
        path,
        "import boto3; print(boto3.Session().get_credentials().get_frozen_credentials().token[:4])",
        AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/pod",
        AWS_ENDPOINT_URL=aws,
    )
    assert "Error" not in said
    assert len(said) == 4
