"""The AWS SDK in a layer: whole, left to the runtime, or with some services' data."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]


@pytest.fixture(autouse=True)
def _(add_wheel: Add) -> None:
    services = {
        f"botocore/data/{name}/2020-01-01/service-2.json.gz": b"\x1f\x8b" + name.encode()
        for name in ("s3", "sqs", "ec2")
    }
    add_wheel(
        "boto3",
        "1.40.0",
        {"boto3/__init__.py": "import botocore, six"},
        requires=["botocore", "six"],
    )
    add_wheel("botocore", "1.40.0", {
        "botocore/__init__.py": "", "botocore/data/endpoints.json": "{}", **services,
    })  # fmt: skip
    add_wheel("six", "1.16.0", {"six.py": ""})


def build(run: Run, workspace: Path, packages: str, sdk: str) -> CompletedProcess[str]:
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.11"\nlayers:\n  demo: {{packages: [{packages}], sdk: {sdk}}}\n'
    )
    return run("build")


def modules(workspace: Path) -> set[str]:
    with zipfile.ZipFile(workspace / "dist/layers/demo.zip") as archive:
        names = [name.removeprefix("python/") for name in archive.namelist()]
    return {name for name in names if "-info/" not in name}


def layer(workspace: Path) -> dict[str, Any]:
    (found,) = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    assert isinstance(found, dict)
    return found


def test_the_runtimes_sdk_is_left_out_whole_and_the_rest_is_proven_with_it(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("app", "1.0", {"app.py": "import boto3, botocore"}, requires=["boto3>=1.20"])
    done = build(run, workspace, "app", "runtime")
    assert done.returncode == 0, done.stderr
    assert modules(workspace) == {"app.py"}
    assert layer(workspace)["proof"]["imported"] == ["app"]
    assert "warning" not in done.stderr
    (rule,) = [rule for rule in layer(workspace)["pruned"] if rule["rule"] == "sdk"]
    metadata = 3 * 3  # METADATA, WHEEL and RECORD of three distributions
    assert rule["files"] == 1 + 5 + 1 + metadata


def test_what_needs_a_newer_sdk_than_the_runtimes_is_an_error_that_names_both(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("app", "1.0", {"app.py": ""}, requires=["boto3>=1.40"])
    add_wheel("fine", "1.0", {"fine.py": ""}, requires=["boto3>=1.20", "six"])
    done = build(run, workspace, "app, fine", "runtime")
    assert done.returncode == 3, done.stderr
    assert "app 1.0 needs boto3>=1.40; the runtime may have boto3 1.38.36" in done.stderr
    assert "fine 1.0" not in done.stderr


def test_only_the_listed_services_data_stays(run: Run, workspace: Path) -> None:
    done = build(run, workspace, "boto3", "[s3, sqs]")
    assert done.returncode == 0, done.stderr
    assert modules(workspace) == {
        "boto3/__init__.py", "botocore/__init__.py", "six.py", "botocore/data/endpoints.json",
        "botocore/data/s3/2020-01-01/service-2.json.gz",
        "botocore/data/sqs/2020-01-01/service-2.json.gz",
    }  # fmt: skip


def test_a_service_that_botocore_does_not_know_is_an_error(run: Run, workspace: Path) -> None:
    done = build(run, workspace, "boto3", "[s3, sqss]")
    assert done.returncode == 2, done.stderr
    assert "sdk: botocore has no service 'sqss'" in done.stderr


def test_code_that_asks_for_an_omitted_service_is_a_warning_with_its_line(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel(
        "app",
        "1.0",
        {"app.py": "import boto3\n\ndef f():\n    boto3.client('ec2')\n    boto3.resource('s3')\n"},
    )
    done = build(run, workspace, "app, boto3", "[s3]")
    assert done.returncode == 0, done.stderr
    assert "sdk: app.py:4 asks for the service 'ec2', whose data is left out" in done.stderr
    assert "'s3'" not in done.stderr


def test_other_peoples_clients_are_no_services(run: Run, workspace: Path, add_wheel: Add) -> None:
    add_wheel("app", "1.0", {"app.py": "def f(docker):\n    docker.client('unix')\n"})
    done = build(run, workspace, "app, boto3", "[s3]")
    assert done.returncode == 0, done.stderr
    assert "unix" not in done.stderr


def test_data_that_an_import_needs_is_kept_though_not_listed(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    source = "import botocore, os\nname = '/data/ec2/2020-01-01/service-2.json.gz'\nopen(os.path.dirname(botocore.__file__) + name).close()\n"
    add_wheel("app", "1.0", {"app.py": source})
    done = build(run, workspace, "app, boto3", "[s3]")
    assert done.returncode == 0, done.stderr
    assert [(r["path"], r["needed_by"]) for r in layer(workspace)["restored"]] == [
        ("botocore/data/ec2/2020-01-01/service-2.json.gz", "import app")
    ]


def test_the_list_and_the_whole_sdk_leave_the_rest_of_the_family_alone(
    run: Run, workspace: Path
) -> None:
    done = build(run, workspace, "boto3", "bundle")
    assert done.returncode == 0, done.stderr
    assert len([name for name in modules(workspace) if name.startswith("botocore/data/")]) == 4
