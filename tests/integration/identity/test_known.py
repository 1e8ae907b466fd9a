"""What AWS has by its stamps is not built again, and what changed is."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from layer_builder.model import Stamp

from ..cloud.proxy import Proxy
from ..conftest import REGION

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Versions: TypeAlias = Callable[..., list[str]]
Connect: TypeAlias = Callable[..., Any]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MANIFEST = f"""\
version: 1
python: "{PYTHON}"
architecture: {os.uname().machine.replace("aarch64", "arm64")}
layers:
  code: {{include: {{from: src/, to: python/}}}}
  deps: {{packages: [demo]}}
  apart: {{packages: [other]}}
functions:
  api: {{layers: [code, deps], code: api/, handler: app.handler, events: events/*.json}}
"""
FILES = {
    "layers.yml": MANIFEST,
    "src/shop.py": "import demo\n\n\ndef greet(name):\n    return f'Hello {name}'\n",
    "api/app.py": "import shop\n\n\ndef handler(event, context):\n    return shop.greet(event['name'])\n",
    "events/one.json": '{"name": "Ann"}',
}
ARN = "arn:aws:lambda:{}:123456789012:layer:{}:{}"
FIRST = [ARN.format(REGION, key, 1) for key in ("apart", "code", "deps")]
_RECORDER = """
import os, sys
def note(event, arguments):
    if event in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}:
        with open(os.environ["STARTED"], "a") as file:
            words = arguments[1] if event == "subprocess.Popen" else arguments[0:1]
            file.write(" ".join(map(os.fsdecode, words)) + "\\n")
sys.addaudithook(note)
"""


def write(workspace: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def job(workspace: Path, add_wheel: Add, run: Run) -> Path:
    """Give a workspace whose layers are published, and a machine that remembers nothing of it."""
    for name in ("demo", "other"):
        add_wheel(name, "1.0", {f"{name}/__init__.py": "A = 1\n", f"{name}/tests/__init__.py": ""})
    write(workspace, FILES)
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert "3 published" in done.stderr
    forget(workspace)
    return workspace


def forget(workspace: Path) -> None:
    """Have the next run begin on a fresh runner."""
    for folder in ("workspace/dist", "home", "uv-cache"):
        shutil.rmtree(workspace.parent / folder, ignore_errors=True)


def report(workspace: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((workspace / "dist/layers/report.json").read_text())
    return read


def is_known(workspace: Path) -> dict[str, bool]:
    return {layer["key"]: layer["known"] for layer in report(workspace)["layers"]}


def test_an_unchanged_run_installs_proves_zips_and_uploads_nothing(  # noqa: PLR0913, PLR0917 (the fixtures it needs)
    run: Run, job: Path, proxy: Proxy, versions: Versions, tmp_path: Path, client: Connect
) -> None:
    hook, started, output = tmp_path / "hook", tmp_path / "started", tmp_path / "GITHUB_OUTPUT"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_RECORDER)
    output.touch()
    env = {
        "PYTHONPATH": f"{hook}:{Path(__file__).resolve().parents[3]}",
        "STARTED": str(started),
        "AWS_ENDPOINT_URL": proxy.url,
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(output),
    }
    done = run("publish", env=env, anew=True)
    assert done.returncode == 0, done.stderr
    words = [line.split() for line in started.read_text().splitlines()]
    # uv finds out what its Python is, as resolving with an empty cache always begins.
    assert {(Path(line[0]).name, *line[1:3]) for line in words} == {
        ("uv", "python", "find"),
        ("uv", "pip", "compile"),
    }
    assert proxy.operations() == ["GetCallerIdentity", *["ListLayerVersions"] * 3]
    assert versions() == FIRST
    assert not list((job / "dist/layers").glob("*.zip"))
    found = report(job)
    for layer in found["layers"]:
        told = client("lambda").get_layer_version(LayerName=layer["name"], VersionNumber=1)
        _, stamp = Stamp.parse(told["Description"])
        assert stamp
        assert layer["stamp"] == {"key": stamp.key, "owner": stamp.owner, "commit": stamp.commit}
        assert (layer["action"], layer["known"], layer["zip"], layer["sha256"]) == (
            "unchanged", True, None, None
        )  # fmt: skip
        assert layer["arn"] == {REGION: ARN.format(REGION, layer["key"], 1)}
    assert [one["version"] for one in found["layers"][1]["packages"]] == ["1.0"]
    (function,) = found["functions"]
    assert (function["known"], function["proof"]) == (True, None)
    assert function["arns"] == {REGION: [ARN.format(REGION, key, 1) for key in ("code", "deps")]}
    markdown = (job / "dist/layers/report.md").read_text()
    assert markdown.count("not built: AWS has it") == 3
    assert "function **api**: its layers were not built" in markdown
    assert "not built: AWS has it" in (job / "dist/layers/report.html").read_text()
    assert "function api: not tried in this run: it was proven with" in done.stdout + done.stderr
    outputs = output.read_text()
    assert "digests<<" in outputs
    assert '"code": "' not in outputs.partition("digests<<")[2].splitlines()[1]
    assert json.loads((job / "dist/layers/layers.json").read_text()).keys() == {
        "code",
        "deps",
        "apart",
    }


def test_the_first_run_starts_what_the_second_does_not(run: Run, job: Path, tmp_path: Path) -> None:
    """The watch of the test above sees a build."""
    hook, started = tmp_path / "hook", tmp_path / "started"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_RECORDER)
    env = {"PYTHONPATH": f"{hook}:{Path(__file__).resolve().parents[3]}", "STARTED": str(started)}
    done = run("publish", "--rebuild", env=env, anew=True)
    assert done.returncode == 0, done.stderr
    text = started.read_text()
    assert " pip install " in text
    assert "python" in text
    assert set(is_known(job).values()) == {False}


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        ({"api/app.py": FILES["api/app.py"] + "# changed\n"}, {"code", "deps"}),
        ({"events/one.json": '{"name": "Bob"}'}, {"code", "deps"}),
        ({"events/two.json": '{"name": "Bob"}'}, {"code", "deps"}),
        ({"layers.yml": MANIFEST.replace("code: api/", "timeout: 9, code: api/")}, {"code", "deps"}),
        ({"layers.yml": MANIFEST.replace("code: api/", "reserve: 1 MiB, code: api/")}, {"code", "deps"}),
        ({"layers.yml": MANIFEST.replace("[other]", "[other], limits: {unzipped: 1 MiB}")}, {"apart"}),
        ({"layers.yml": MANIFEST.replace("[other]", "[other], compression: best")}, {"apart"}),
        ({"layers.yml": MANIFEST.replace("[other]", "[other], imports: [other]")}, {"apart"}),
        ({"README.md": "more words"}, set()),
    ],
)  # fmt: skip
def test_what_the_bytes_or_the_proof_rest_on_is_built_and_published_only_when_bytes_change(
    run: Run, job: Path, versions: Versions, files: Mapping[str, str], groups: set[str]
) -> None:
    write(job, files)
    done = run("publish")
    assert {key for key, known in is_known(job).items() if not known} == groups
    assert done.returncode == 0, done.stderr
    assert versions() == FIRST
    assert [one["action"] for one in report(job)["layers"]] == ["unchanged"] * 3


def test_a_function_that_breaks_ends_the_run_although_its_layers_are_there(
    run: Run, job: Path, versions: Versions
) -> None:
    write(job, {"api/app.py": "import nothing_of_the_kind\n"})
    done = run("publish")
    assert done.returncode == 4
    assert versions() == FIRST


def test_own_code_is_published_and_vouches_for_all_that_was_proven_with_it(
    run: Run, job: Path, versions: Versions
) -> None:
    write(job, {"src/shop.py": FILES["src/shop.py"] + "# changed\n"})
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert versions() == sorted([*FIRST, ARN.format(REGION, "code", 2)])
    assert is_known(job) == {"code": False, "deps": False, "apart": True}
    forget(job)
    assert run("publish").returncode == 0
    assert is_known(job) == {"code": True, "deps": True, "apart": True}


def test_a_newer_version_on_the_index_is_built(
    run: Run, job: Path, versions: Versions, add_wheel: Add
) -> None:
    add_wheel("other", "2.0", {"other/__init__.py": "A = 2\n"})
    assert run("publish").returncode == 0
    assert is_known(job) == {"code": True, "deps": True, "apart": False}
    assert versions() == sorted([*FIRST, ARN.format(REGION, "apart", 2)])


@pytest.mark.parametrize("change", ["description: new", "license: MIT"])
def test_other_words_are_published(run: Run, job: Path, versions: Versions, change: str) -> None:
    write(job, {"layers.yml": MANIFEST.replace("[other]", f"[other], {change}")})
    assert run("publish").returncode == 0
    assert is_known(job) == {"code": True, "deps": True, "apart": False}
    assert versions() == sorted([*FIRST, ARN.format(REGION, "apart", 2)])


def test_a_licence_that_is_taken_out_goes_from_aws(run: Run, job: Path, versions: Versions) -> None:
    write(job, {"layers.yml": MANIFEST.replace("[other]", "[other], license: MIT")})
    assert run("publish").returncode == 0
    forget(job)
    write(job, {"layers.yml": MANIFEST})
    assert run("publish").returncode == 0
    assert versions() == sorted([*FIRST, *(ARN.format(REGION, "apart", n) for n in (2, 3))])
    forget(job)
    assert run("publish").returncode == 0
    assert set(is_known(job).values()) == {True}


def test_what_one_region_lacks_is_built(run: Run, job: Path, versions: Versions) -> None:
    done = run("publish", "--aws-region", f"{REGION},us-east-1")
    assert done.returncode == 0, done.stderr
    assert set(is_known(job).values()) == {False}
    assert (versions(), len(versions("us-east-1"))) == (FIRST, 3)
    forget(job)
    assert run("publish", "--aws-region", f"{REGION},us-east-1").returncode == 0
    assert set(is_known(job).values()) == {True}


def test_what_goes_with_a_version_is_seen_to_all_the_same(
    run: Run, job: Path, client: Connect
) -> None:
    more = 'permissions: {accounts: ["111122223333"]}\nssm: /shop/{layer}\nretain: 3\n'
    write(job, {"layers.yml": MANIFEST + more})
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert set(is_known(job).values()) == {True}
    policy = client("lambda").get_layer_version_policy(LayerName="deps", VersionNumber=1)["Policy"]
    assert "layer-builder-111122223333" in policy
    value = client("ssm").get_parameter(Name="/shop/deps")["Parameter"]["Value"]
    assert value == ARN.format(REGION, "deps", 1)


def test_a_rebuild_compares_the_digests(
    run: Run, job: Path, versions: Versions, client: Connect
) -> None:
    done = run("publish", "--rebuild")
    assert (done.returncode, versions()) == (0, FIRST)
    assert f"deps: rebuilt: the same bytes as {ARN.format(REGION, 'deps', 1)}\n" in done.stderr
    api = client("lambda")
    there = api.get_layer_version(LayerName="deps", VersionNumber=1)
    code = api.get_layer_version(LayerName="code", VersionNumber=1)
    forged = {
        name: there[name]
        for name in ("Description", "CompatibleRuntimes", "CompatibleArchitectures")
    }
    (job / "forged.zip").write_bytes((job / "dist/layers/code.zip").read_bytes())
    content = {"ZipFile": (job / "forged.zip").read_bytes()}
    api.publish_layer_version(LayerName="deps", Content=content, **forged)
    assert code["Content"]["CodeSize"] == len(content["ZipFile"])
    done = run("publish", "--rebuild")
    assert done.returncode == 0, done.stderr
    second = ARN.format(REGION, "deps", 2)
    assert f"layer deps: built other bytes than {second} has, whose stamp" in done.stderr
    assert ARN.format(REGION, "deps", 3) in versions()


def test_what_was_not_isolated_is_not_taken_for_proven(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {"demo/__init__.py": "A = 1\n"})
    add_wheel("other", "1.0", {"other/__init__.py": "A = 1\n"})
    write(
        workspace, FILES | {"layers.yml": MANIFEST.replace("layers:", "proof: static\nlayers:", 1)}
    )
    assert run("publish").returncode == 0
    assert all("." in one["stamp"]["key"] for one in report(workspace)["layers"])


def test_where_there_is_no_python_for_it_then_as_now_the_files_count(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    for name in ("demo", "other"):
        add_wheel(name, "1.0", {f"{name}/__init__.py": "A = 1\n"})
    other = "x86_64" if "arm64" in MANIFEST else "arm64"
    manifest = MANIFEST.partition("functions:")[0]
    native = manifest.replace("include:", f"architecture: {other}, include:")
    write(workspace, FILES | {"layers.yml": native})
    first = run("publish")
    assert first.returncode == 0, first.stderr
    forget(workspace)
    again = run("publish")
    assert again.returncode == 0, again.stderr
    assert set(is_known(workspace).values()) == {True}
