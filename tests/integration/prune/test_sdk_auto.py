"""`sdk: auto`: the data of the services that the code of a layer's functions asks for."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

SERVICES = ("ec2", "s3", "sns", "sqs", "sso", "sts")
APP = "import boto3\n\nboto3.client('s3')\n"
LAYERS = """\
layers:
  code: {include: [src/]}
  deps: {packages: [boto3], sdk: auto}
functions: {f: {layers: [code, deps]}}
"""


@pytest.fixture(autouse=True)
def _(add_wheel: Add) -> None:
    data = {
        f"botocore/data/{name}/2020-01-01/service-2.json.gz": b"\x1f\x8b" + name.encode()
        for name in SERVICES
    }
    add_wheel(
        "boto3",
        "1.40.0",
        {"boto3/__init__.py": "import botocore\ndef client(name): return name\n"},
        requires=["botocore"],
    )
    made = "def f(session, name):\n    return session.create_client(name)\n"
    add_wheel("botocore", "1.40.0", {
        "botocore/__init__.py": made, "botocore/data/endpoints.json": "{}", **data,
    })  # fmt: skip


def build(run: Run, workspace: Path, manifest: str = LAYERS, **files: str) -> CompletedProcess[str]:
    text = f'version: 1\npython: "3.11"\n{manifest}'
    for path, content in {"layers.yml": text, **files}.items():
        file = workspace / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return run("build")


def kept(workspace: Path, key: str = "deps") -> set[str]:
    with zipfile.ZipFile(workspace / f"dist/layers/{key}.zip") as archive:
        names = [name.removeprefix("python/") for name in archive.namelist()]
    return {
        name.split("/")[2] for name in names if name.count("/") > 3 and "botocore/data/" in name
    }


def layer(workspace: Path, key: str = "deps") -> dict[str, Any]:
    found = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    (one,) = [item for item in found if item["key"] == key]
    assert isinstance(one, dict)
    return one


def test_what_code_in_other_layers_and_distributions_ask_for_stays_and_is_told(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("queue", "1.0", {"queue_.py": "import boto3\nclient = lambda: boto3.client('sqs')\n"})
    manifest = LAYERS.replace("[boto3]", "[boto3, queue]")
    done = build(run, workspace, manifest, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {"s3", "sqs", "sso", "sts"}
    services = layer(workspace)["services"]
    assert services["kept"] == [
        {"name": "s3", "needed_by": "src/app.py:3"},
        {"name": "sqs", "needed_by": "queue_.py:2"},
        {"name": "sso", "needed_by": "botocore's credentials"},
        {"name": "sts", "needed_by": "botocore's credentials"},
    ]
    assert (services["known"], services["all_because"]) == (6, [])
    assert services["bytes_left_out"] == len("\x1f\x8becc\x1f\x8bsns")
    assert (
        "deps: kept the data of 4 of 6 services: s3 (src/app.py:3), sqs (queue_.py:2)"
        in done.stderr
    )
    assert "warning" not in done.stderr


def test_a_functions_own_code_counts(run: Run, workspace: Path) -> None:
    manifest = """\
layers:
  deps: {packages: [boto3], sdk: auto}
functions: {f: {layers: [deps], code: [functions/f/]}}
"""
    done = build(run, workspace, manifest, **{"functions/f/app.py": APP})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {"s3", "sso", "sts"}
    assert layer(workspace)["services"]["kept"][0]["needed_by"] == "functions/f/app.py:3"
    assert "notice" not in done.stderr.replace("notice: this job", "")


def test_code_that_is_in_no_layer_of_its_functions_does_not(run: Run, workspace: Path) -> None:
    manifest = LAYERS.replace(
        "functions: {", "  other: {include: [other/]}\nfunctions: {g: {layers: [other]}, "
    )
    files = {"src/app.py": APP, "other/app.py": "def f(session): session.client('ec2')\n"}
    done = build(run, workspace, manifest, **files)
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {"s3", "sso", "sts"}


def test_a_call_in_code_that_does_not_say_which_keeps_everything_with_its_line(
    run: Run, workspace: Path
) -> None:
    code = f"{APP}\n\ndef make(name):\n    return boto3.client(name)\n"
    done = build(run, workspace, **{"src/app.py": code})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {*SERVICES}
    assert (
        "warning: src/app.py:7: layer deps: sdk: auto keeps the data of all services: the code"
        " does not say which one this call asks for\n"
        "    src/app.py:7: boto3.client(name)\n"
        "  → write the name as a text, or name the services that it asks for: sdk: [s3, sqs]\n"
    ) in done.stderr
    services = layer(workspace)["services"]
    assert services["all_because"] == ["src/app.py:7: boto3.client(name)"]
    assert services["kept"] == []


def test_a_distribution_that_does_not_say_which_keeps_everything_too(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    wrapper = "import boto3\n\ndef make(name):\n    return boto3.client(name)\n"
    add_wheel("wrapper", "1.0", {"wrapper.py": wrapper})
    manifest = LAYERS.replace("[boto3]", "[boto3, wrapper]")
    done = build(run, workspace, manifest, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {*SERVICES}
    assert "wrapper.py:4 does not say which it asks for" in done.stderr


@pytest.mark.parametrize("call", ["boto3.client('sns')", "boto3.client(name)"])
def test_distributions_of_layers_above_are_read_before_they_are_built(
    run: Run, workspace: Path, add_wheel: Add, call: str
) -> None:
    add_wheel(
        "tools",
        "1.0",
        {"tools.py": f"import boto3\n\ndef make(name):\n    return {call}\n"},
        requires=["boto3"],
    )
    manifest = LAYERS.replace(
        "functions: {f: {layers: [code, deps]}}",
        "  above: {packages: [tools], requires: [deps], sdk: auto}\n"
        "functions: {f: {layers: [code, deps, above]}}",
    )
    done = build(run, workspace, manifest, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    if "sns" in call:
        assert kept(workspace) == {"s3", "sns", "sso", "sts"}
        uses = {use["name"]: use["needed_by"] for use in layer(workspace)["services"]["kept"]}
        assert uses["sns"] == "tools.py:4 of layer above"
    else:
        assert kept(workspace) == {*SERVICES}
        assert "tools.py:4 of layer above: boto3.client(name)" in done.stderr
    assert layer(workspace, "above")["services"] is None


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ("f: {layers: [code, deps]}, g: {layers: [deps]}", "function g has no code here"),
        (
            "f: {layers: [code, deps], external: [{arn:"
            " 'arn:aws:lambda:eu-west-1:017000801446:layer:x:7', unzipped: 1 MiB}]}",
            "function f loads arn:aws:lambda:eu-west-1:017000801446:layer:x:7",
        ),
    ],
)
def test_code_that_was_not_there_to_be_read_keeps_everything(
    run: Run, workspace: Path, functions: str, said: str
) -> None:
    manifest = LAYERS.replace("f: {layers: [code, deps]}", functions)
    done = build(run, workspace, manifest, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {*SERVICES}
    assert "notice: layers.yml:5:3: layer deps: sdk: auto keeps the data of all" in done.stderr
    assert said in done.stderr


def test_code_that_asks_for_nothing_keeps_everything(run: Run, workspace: Path) -> None:
    done = build(run, workspace, **{"src/app.py": "import boto3\n"})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {*SERVICES}
    assert "kept the data of all 6 services: no code was found to ask for any" in done.stderr


def test_what_functions_bring_in_their_own_packages_is_said_not_to_be_read(
    run: Run, workspace: Path
) -> None:
    done = build(run, workspace, **{"src/app.py": APP})
    assert "what functions bring in their own packages was not: f" in done.stderr
    known = LAYERS.replace("[code, deps]}", "[code, deps], handler: src.app.handler}")
    code = f"{APP}\ndef handler(event, context): return 1\n"
    done = build(run, workspace, known, **{"src/app.py": code})
    assert done.returncode == 0, done.stderr
    assert "their own packages" not in done.stderr


def test_a_layer_is_another_when_the_services_change_and_not_when_the_code_does(
    run: Run, workspace: Path
) -> None:
    env = {"LAYER_BUILDER_NO_CACHE": None}

    def rebuilt(code: str) -> tuple[bool, str]:
        (workspace / "src/app.py").write_text(code)
        done = run("build", env=env)
        assert done.returncode == 0, done.stderr
        found = layer(workspace)
        return not found["reused"], str(found["services"]["kept"][0]["needed_by"])

    assert build(run, workspace, **{"src/app.py": APP}).returncode == 0
    assert rebuilt(APP) == (True, "src/app.py:3")
    assert rebuilt(f"\n\n{APP}# other words\n") == (False, "src/app.py:5")
    assert rebuilt(f"{APP}boto3.client('s3')\n") == (False, "src/app.py:3")
    assert rebuilt(f"{APP}boto3.client('sqs')\n") == (True, "src/app.py:3")


def test_layers_of_one_content_are_built_once_though_their_companies_differ(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("web", "1.0", {"web.py": ""})
    manifest = """\
layers:
  code: {include: [src/]}
  deps: {packages: [boto3], sdk: auto}
  above: {packages: [web], requires: [deps]}
  again: {packages: [boto3], sdk: auto}
functions:
  f: {layers: [code, deps, above], handler: src.app.handler}
  g: {layers: [again], code: [{from: src/, to: src/}], handler: src.app.handler}
"""
    code = f"{APP}\ndef handler(event, context): return 1\n"
    done = build(run, workspace, manifest, **{"src/app.py": code})
    assert done.returncode == 0, done.stderr
    assert "again: same content as deps: built once\n" in done.stderr
    assert kept(workspace, "again") == {"s3", "sso", "sts"}


def test_a_layer_built_alone_is_what_it_is_among_the_others(run: Run, workspace: Path) -> None:
    done = build(run, workspace, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    whole = layer(workspace)["sha256"]
    alone = run("build", "--layers", "deps", "--output-dir", "alone")
    assert alone.returncode == 0, alone.stderr
    (one,) = json.loads((workspace / "alone/report.json").read_text())["layers"]
    assert one["sha256"] == whole
    assert one["services"]["kept"][0] == {"name": "s3", "needed_by": "src/app.py:3"}


def test_code_in_a_layer_that_requires_it_counts_without_any_function(
    run: Run, workspace: Path
) -> None:
    manifest = """\
layers:
  deps: {packages: [boto3], sdk: auto}
  code: {include: [src/], requires: [deps]}
"""
    done = build(run, workspace, manifest, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {"s3", "sso", "sts"}
    assert "notice: layers.yml" not in done.stderr


def test_a_zip_is_not_taken_up_when_the_code_asks_for_another_service(
    run: Run, workspace: Path
) -> None:
    done = build(run, workspace, **{"src/app.py": APP})
    assert done.returncode == 0, done.stderr
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    digests = json.dumps({one["name"]: one["sha256"] for one in report["layers"]})
    words = ("publish", "--digests", digests, "--build", "never", "--layers", "deps")
    (workspace / "src/app.py").write_text(f"# other words\n{APP}")
    taken = run(*words)
    assert taken.returncode == 0, taken.stderr
    (workspace / "src/app.py").write_text(APP.replace("s3", "sqs"))
    refused = run(*words)
    assert refused.returncode == 2
    assert "changed since deps.zip was built" in refused.stderr


def test_code_that_a_function_names_and_that_is_not_there_is_an_error(
    run: Run, workspace: Path
) -> None:
    manifest = LAYERS.replace("[code, deps]}", "[code, deps], code: [functions/]}")
    done = build(run, workspace, manifest, **{"src/app.py": APP})
    assert done.returncode == 2
    assert "there is nothing at functions" in done.stderr


def test_what_a_distribution_above_lacks_is_told_of_that_layer(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    wheel = add_wheel("tools", "1.0", {"tools.py": ""}, requires=["boto3"])
    manifest = LAYERS.replace(
        "functions: {f: {layers: [code, deps]}}",
        "  above: {packages: [tools], requires: [deps]}\n"
        "functions: {f: {layers: [code, deps, above]}}",
    )
    assert build(run, workspace, manifest, **{"src/app.py": APP}).returncode == 0
    assert run("lock").returncode == 0
    wheel.write_bytes(wheel.read_bytes() + b"other bytes")
    done = run("build", env={"UV_CACHE_DIR": str(workspace / "empty")})
    assert done.returncode == 3, done.stderr
    assert "layers.yml:6:3: layer above: uv could not install" in done.stderr


def test_distributions_of_layers_above_are_read_once_for_all_runs(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    wheel = add_wheel(
        "tools", "1.0", {"tools.py": "import boto3\nboto3.client('sns')\n"}, requires=["boto3"]
    )
    manifest = LAYERS.replace(
        "functions: {f: {layers: [code, deps]}}",
        "  above: {packages: [tools], requires: [deps]}\n"
        "functions: {f: {layers: [code, deps, above]}}",
    )
    build(run, workspace, manifest, **{"src/app.py": APP})
    assert run("lock").returncode == 0
    env = {"LAYER_BUILDER_NO_CACHE": None}
    assert run("build", env=env).returncode == 0
    wheel.unlink()
    again = run("build", env={**env, "UV_CACHE_DIR": str(workspace / "empty")})
    assert again.returncode == 0, again.stderr
    assert layer(workspace)["reused"]
    assert kept(workspace) == {"s3", "sns", "sso", "sts"}
    anew = run("build", env={"UV_CACHE_DIR": str(workspace / "empty")})
    assert anew.returncode == 3, anew.stderr


def test_what_others_put_into_the_cache_is_not_believed(
    run: Run, workspace: Path, add_wheel: Add, tmp_path: Path
) -> None:
    add_wheel(
        "tools", "1.0", {"tools.py": "import boto3\nboto3.client('sns')\n"}, requires=["boto3"]
    )
    manifest = LAYERS.replace(
        "functions: {f: {layers: [code, deps]}}",
        "  above: {packages: [tools], requires: [deps]}\n"
        "functions: {f: {layers: [code, deps, above]}}",
    )
    cache = tmp_path / "cache"
    env = {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(cache)}
    build(run, workspace, manifest, **{"src/app.py": APP})
    assert run("build", env=env).returncode == 0
    (note,) = [
        path for path in cache.rglob("*") if path.is_file() and path.parent.name == "services"
    ]
    note.write_bytes(note.read_bytes().replace(b"sns", b"sqs"))
    assert run("build", env=env).returncode == 0
    assert kept(workspace) == {"s3", "sns", "sso", "sts"}
    assert b"sns" in note.read_bytes()


ASKED_AT_RUN_TIME = """\
import operator

import boto3

KEPT = boto3.client("s3")


def handler(event, context):
    return [operator.methodcaller("client", name)(boto3) for name in event["services"]]
"""
READING = """\
import pathlib

import botocore


def client(name):
    folder = pathlib.Path(botocore.__file__).parent / "data" / name / "2020-01-01"
    return (folder / "service-2.json.gz").read_bytes()[2:].decode()
"""


@pytest.fixture
def tried(run: Run, workspace: Path, add_wheel: Add) -> Callable[..., CompletedProcess[str]]:
    """Build a layer whose function asks for services that its events name."""
    add_wheel("boto3", "1.41.0", {"boto3/__init__.py": READING}, requires=["botocore"])
    manifest = """\
layers:
  deps: {{packages: [boto3], sdk: auto}}
  twin: {{packages: [boto3], sdk: auto}}
functions:
  f:
    layers: [deps]
    code: [{{from: src/, to: .}}]
    handler: app.handler
    events: {events}
  g: {{layers: [twin], code: [{{from: src/, to: .}}]}}
"""

    def build_with(*events: object) -> CompletedProcess[str]:
        named = [{"event": event} for event in events]
        text = manifest.format(events=json.dumps(named))
        return build(run, workspace, text, **{"src/app.py": ASKED_AT_RUN_TIME})

    return build_with


def test_what_events_were_seen_to_ask_for_stays_too(
    tried: Callable[..., CompletedProcess[str]], workspace: Path
) -> None:
    done = tried({"services": ["s3"]})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {"s3", "sso", "sts"}
    done = tried({"services": ["s3"]}, {"services": ["sqs", "sns"]}, {"services": ["ec2"]})
    assert done.returncode == 0, done.stderr
    assert kept(workspace) == {"ec2", "s3", "sns", "sqs", "sso", "sts"}
    assert kept(workspace, "twin") == {"s3", "sso", "sts"}, "no function that has it misses more"
    needed = {item["name"]: item["needed_by"] for item in layer(workspace)["services"]["kept"]}
    assert needed["sqs"] == "function f, event #2"
    assert needed["ec2"] == "function f, event #3"
    (function,) = json.loads((workspace / "dist/layers/report.json").read_text())["functions"][:1]
    assert [event["verdict"] for event in function["proof"]["events"]] == ["answered"] * 3
    again = tried({"services": ["s3"]})
    assert again.returncode == 0, again.stderr
    assert kept(workspace) == {"s3", "sso", "sts"}


def test_events_that_ask_for_more_are_published_and_then_known(
    tried: Callable[..., CompletedProcess[str]], workspace: Path, run: Run
) -> None:
    for service, published in (("s3", 2), ("sqs", 1), ("sqs", 0)):
        tried({"services": [service]})
        shutil.rmtree(workspace / "dist")
        done = run("publish")
        assert done.returncode == 0, done.stderr
        assert f"{published} published" in done.stderr
        assert ("deps: AWS has it" in done.stderr) is (published == 0)
        if published:
            assert kept(workspace) == {"s3", service, "sso", "sts"}


def test_a_service_that_another_rule_took_is_no_reason_to_build_anew(
    tried: Callable[..., CompletedProcess[str]], workspace: Path, run: Run
) -> None:
    tried()
    manifest = workspace / "layers.yml"
    text = (
        manifest.read_text()
        .replace("sdk: auto}", 'sdk: auto, drop: ["botocore/data/sqs/"]}')
        .replace("events: []", 'events: [{event: {"services": ["sqs"]}}]')
    )
    manifest.write_text(text)
    done = run("build")
    assert done.returncode == 4, done.stderr
    assert "it opened python/botocore/data/sqs/2020-01-01/service-2.json.gz, which" in done.stderr


def test_a_service_that_nothing_has_is_an_error_as_before(
    tried: Callable[..., CompletedProcess[str]],
) -> None:
    done = tried({"services": ["none"]})
    assert done.returncode == 4
    assert "built anew" not in done.stderr
