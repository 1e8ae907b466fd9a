"""Attaching layers to functions of an AWS that runs here: what is written, when, and what is told."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.proxy import Proxy
from ..conftest import REGION

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
Attach: TypeAlias = Callable[..., CompletedProcess[str]]

ARN = "arn:aws:lambda:{}:{}:layer:{}"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
MANIFEST = """\
version: 1
python: "3.12"
layers:
  a: {include: src/}
  b: {include: src/}
  c: {include: src/}
functions:
  api: {function-name: shop-api, layers: [a, b]}
  worker: {function-name: shop-worker, layers: [c]}
  unnamed: {layers: [a]}
"""


def arns(text: str, region: str = REGION) -> list[str]:
    """Write `a:3` for version 3 of our layer a, `X:1` for another account's."""
    owner = {True: "123456789012", False: "999999999999"}
    return [ARN.format(region, owner[one.islower()], one) for one in text.split()]


def zipped(files: Mapping[str, int]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, size in files.items():
            file.writestr(name, bytes(size))
    return data.getvalue()


class Cloud:
    """Fills an AWS with layers and functions, and looks at them."""

    def __init__(self, client: Connect, region: str = REGION) -> None:
        self.api = client("lambda", region)
        iam, name = client("iam", region), f"role-{region}"
        policy = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        self.role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]

    def layer(self, name: str, versions: int = 1, **more: Any) -> None:  # noqa: ANN401 (passed on)
        content = {"ZipFile": zipped({"python/x.py": more.pop("size", 1)})}
        for _ in range(versions):
            said: dict[str, Any] = {
                "Content": content,
                "CompatibleRuntimes": ["python3.12"],
                "CompatibleArchitectures": ["x86_64"],
            }
            self.api.publish_layer_version(LayerName=name, **said | more)

    def function(self, name: str, layers: str = "", size: int = 1, **more: Any) -> None:  # noqa: ANN401 (passed on)
        said: dict[str, Any] = {
            "Runtime": "python3.12",
            "Handler": "code.handler",
            "Architectures": ["x86_64"],
        }
        code = {"ZipFile": zipped({"code.py": size})}
        said |= {"Role": self.role, "Code": code, "Layers": arns(layers)}
        self.api.create_function(FunctionName=name, **said | more)

    def layers(self, name: str) -> list[str]:
        found = self.api.get_function_configuration(FunctionName=name).get("Layers") or []
        return [layer["Arn"] for layer in found]


@pytest.fixture
def cloud(client: Connect) -> Cloud:
    return Cloud(client)


@pytest.fixture
def attach(run: Run, proxy: Proxy, workspace: Path) -> Attach:
    """Attach through the proxy; what moto says of where code lies leads nowhere."""
    (workspace / "layers.yml").write_text(MANIFEST)
    env = {"AWS_ENDPOINT_URL": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    return lambda *words, **more: run("attach", *words, env=env, **more)


def report(workspace: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((workspace / "dist/layers/report.json").read_text())
    return read


def test_functions_get_the_newest_versions_in_stack_order(
    attach: Attach, cloud: Cloud, workspace: Path
) -> None:
    for name in "abc":
        cloud.layer(name, versions=2)
    cloud.function("shop-api")
    cloud.function("shop-worker", "c:1")
    done = attach()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"api": arns("a:2 b:2"), "worker": arns("c:2")}
    assert cloud.layers("shop-api") == arns("a:2 b:2")
    assert cloud.layers("shop-worker") == arns("c:2")
    told = report(workspace)["attachments"]
    assert [(one["function"], one["status"]) for one in told] == [
        ("api", "attached"),
        ("worker", "attached"),
    ]
    assert (told[1]["had"], told[1]["has"]) == (arns("c:1"), arns("c:2"))
    assert told[1]["changes"] == [
        {"kind": "replaced", "before": arns("c:1")[0], "after": arns("c:2")[0]}
    ]
    assert "Lambda functions: 2 got their layers, 0 unchanged\n" in done.stderr


def test_what_a_function_has_is_not_written_again(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    for name in "abc":
        cloud.layer(name)
    cloud.function("shop-api", "a:1 b:1")
    cloud.function("shop-worker", "c:1")
    done = attach()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"api": arns("a:1 b:1"), "worker": arns("c:1")}
    assert "UpdateFunctionConfiguration" not in proxy.operations()
    assert "function api (shop-api) in eu-west-1: unchanged, 2 layers\n" in done.stderr
    assert [one["status"] for one in report(workspace)["attachments"]] == ["unchanged"] * 2


def test_a_dry_run_shows_before_and_after_and_writes_nothing(
    attach: Attach, cloud: Cloud, proxy: Proxy
) -> None:
    for name in "abc":
        cloud.layer(name, versions=2)
    cloud.layer("other")
    cloud.function("shop-api", "c:1 other:1 b:1")
    cloud.function("shop-worker", "c:2")
    done = attach("--dry-run")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"worker": arns("c:2")}
    lines = "".join(
        f"    {mark} {arns(one)[0]}\n"
        for mark, one in [("-", "c:1"), (" ", "other:1"), ("-", "b:1"), ("+", "a:2"), ("+", "b:2")]
    )
    assert f"function api (shop-api) in eu-west-1: would be changed:\n{lines}" in done.stderr
    assert (
        f"would be removed, since the manifest's list of its layers has it no longer: {arns('c:1')[0]}\n"
        in done.stderr
    )
    assert cloud.layers("shop-api") == arns("c:1 other:1 b:1")
    assert "UpdateFunctionConfiguration" not in proxy.operations()
    assert "dry run, 1 would change, 1 unchanged\n" in done.stderr


def test_each_region_has_its_own_versions(attach: Attach, client: Connect) -> None:
    regions = {"eu-central-1": 1, "us-east-1": 3}
    clouds = {region: Cloud(client, region) for region in regions}
    for region, cloud in clouds.items():
        for name in "abc":
            cloud.layer(name, versions=regions[region])
        cloud.function("shop-api")
        cloud.function("shop-worker")
    done = attach("--aws-region", "us-east-1,eu-central-1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["worker"] == arns("c:3", "us-east-1")
    assert clouds["eu-central-1"].layers("shop-api") == arns("a:1 b:1", "eu-central-1")
    assert clouds["us-east-1"].layers("shop-api") == arns("a:3 b:3", "us-east-1")


def test_a_layer_that_was_never_published_stops_its_functions_only(
    attach: Attach, cloud: Cloud, workspace: Path
) -> None:
    cloud.layer("a")
    cloud.layer("c")
    cloud.function("shop-api")
    cloud.function("shop-worker")
    done = attach()
    assert done.returncode == 6
    assert (
        "error: layers.yml:5:3: layer b: it has no version in eu-west-1 (it is called b there)\n"
        "  → publish first: attach sets layers that are there, and builds none\n"
    ) in done.stderr
    assert done.stderr.count("error: ") == 1
    assert (cloud.layers("shop-api"), cloud.layers("shop-worker")) == ([], arns("c:1"))
    told = {one["function"]: one for one in report(workspace)["attachments"]}
    assert (told["api"]["status"], told["api"]["has"]) == ("failed", None)
    assert json.loads(done.stdout) == {"worker": arns("c:1")}


@pytest.mark.parametrize(
    ("layer", "function", "exit_code", "said"),
    [
        ({"CompatibleRuntimes": ["python3.13"]}, {}, 6,
         "layer c: its newest version is not for python3.12 on x86_64"),
        ({"CompatibleArchitectures": ["arm64"]}, {}, 6,
         "layer c: its newest version is not for python3.12 on x86_64"),
        ({"CompatibleRuntimes": [], "CompatibleArchitectures": []}, {}, 0, "attached:"),
        ({}, {"Runtime": "python3.13"}, 2,
         "it runs python3.13 on x86_64, and its layers are for python3.12 on x86_64"),
        ({}, {"Architectures": ["arm64"]}, 2, "it runs python3.12 on arm64"),
    ],
)  # fmt: skip
def test_layers_and_functions_must_be_of_the_same_target(  # noqa: PLR0913, PLR0917 (the table's columns)
    attach: Attach, cloud: Cloud, layer: dict[str, Any], function: dict[str, Any],
    exit_code: int, said: str,
) -> None:  # fmt: skip
    cloud.layer("c", **layer)
    cloud.function("shop-worker", **function)
    done = attach("--layers", "c")
    assert done.returncode == exit_code, done.stderr
    assert said in done.stderr
    assert "function api: left out: it has layers that were not asked for\n" in done.stderr
    assert cloud.layers("shop-worker") == ([] if exit_code else arns("c:1"))


def test_a_sixth_layer_is_refused_before_anything_is_written(
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path
) -> None:
    for name in ("a", "b", "c", "w", "x", "y", "z"):
        cloud.layer(name)
    cloud.function("shop-api", "w:1 x:1 y:1 z:1")
    cloud.function("shop-worker")
    done = attach()
    assert done.returncode == 5
    assert (
        "error: layers.yml:8:3: function api (shop-api) in eu-west-1: it would have 6 layers;"
        " AWS attaches 5 at most\n"
    ) in done.stderr
    assert f"    foreign {arns('w:1')[0]}\n" in done.stderr
    assert proxy.operations().count("UpdateFunctionConfiguration") == 1
    told = {one["function"]: one for one in report(workspace)["attachments"]}
    assert told["api"]["has"] == arns("w:1 x:1 y:1 z:1")
    assert told["worker"]["status"] == "attached"


def test_a_function_that_is_not_there_is_named(attach: Attach, cloud: Cloud) -> None:
    cloud.layer("c")
    done = attach("--layers", "c")
    assert done.returncode == 6
    assert "function worker (shop-worker) in eu-west-1: the function does not exist" in done.stderr
    assert "  → attach sets the layers of functions that are there" in done.stderr


def test_other_peoples_layers_of_the_stack_are_attached_too(
    attach: Attach, cloud: Cloud, workspace: Path
) -> None:
    (external,) = arns("theirs:7")
    elsewhere = external.replace("eu-west-1", "us-east-1")
    (workspace / "layers.yml").write_text(
        MANIFEST.replace(
            "layers: [c]}",
            f"layers: [c], external: [{{arn: '{external}', unzipped: 1 MiB}},"
            f" {{arn: '{elsewhere}', unzipped: 1 MiB}}]}}",
        )
    )
    cloud.layer("theirs", versions=7)
    cloud.layer("c")
    cloud.function("shop-worker")
    done = attach("--layers", "c")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-worker") == [external, *arns("c:1")]
    assert f"external {elsewhere} is in another region, and is not attached here" in done.stderr
    parts = report(workspace)["attachments"][0]["unzipped"]["parts"]
    assert (parts[1]["bytes"], parts[1]["source"]) == (1024 * 1024, "declared in external:")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fx:live", "names the alias live; layers can be set on the function alone"),
        ("fx:7", "names the version 7; layers can be set on the function alone"),
        ("fx:$LATEST", "names the version $LATEST; layers can be set on the function alone"),
        ("'arn:aws:lambda:eu-west-1:123456789012:function:fx:live'", "names the alias live"),
        ("no such name", "AWS takes no function name 'no such name'"),
    ],
)
def test_a_function_name_with_a_qualifier_is_refused(
    attach: Attach, workspace: Path, proxy: Proxy, name: str, said: str
) -> None:
    (workspace / "layers.yml").write_text(MANIFEST.replace("shop-worker", name))
    done = attach()
    assert done.returncode == 2
    assert "error: layers.yml:9:27: function worker: " in done.stderr
    assert said in done.stderr
    assert (": fx, and alias: live\n" in done.stderr) == (name == "fx:live")
    assert proxy.operations() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--layers", "a"], "no function has only the layers that were asked for"),
        (["--layers", "d"], "there is no layer 'd'"),
        ([], "no function of the manifest has a function-name"),
    ],
)
def test_there_must_be_something_to_attach(
    attach: Attach, workspace: Path, words: list[str], said: str
) -> None:
    if not words:
        text = MANIFEST.replace("function-name: shop-api, ", "")
        (workspace / "layers.yml").write_text(text.replace("function-name: shop-worker, ", ""))
    done = attach(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_rehearsal_in_the_sandbox_reaches_nobody(
    run: Run, workspace: Path, serve: Callable[..., str]
) -> None:
    heard: list[object] = []

    def answer(request: object) -> tuple[int, dict[str, str], bytes]:
        heard.append(request)
        return 500, {}, b""

    (workspace / "layers.yml").write_text(MANIFEST)
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    assert run("build").returncode == 0
    url = serve(answer)
    everywhere = dict.fromkeys(("AWS_ENDPOINT_URL", "HTTPS_PROXY", "HTTP_PROXY"), url)
    done = run("attach", "--sandbox", env=everywhere)
    assert done.returncode == 0, done.stderr
    assert heard == []
    assert json.loads(done.stdout)["api"] == arns("a:1 b:1")
    assert "sandbox: its functions and layers are made up: this is a rehearsal\n" in done.stderr
    parts = report(workspace)["attachments"][0]["unzipped"]["parts"]
    assert [part["bytes"] for part in parts] == [None, 6, 6]
