"""Regions that take no word of architectures, and layers that say none."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.members import data_of
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
REGIONS = ("eu-west-1", "af-south-1")


class Older:
    """A region that refuses CompatibleArchitectures, in AWS's words."""

    def __init__(self, region: str = "af-south-1") -> None:
        self.region = region

    def refuse(self, call: Call) -> Answer | None:
        asked = call.operation == "PublishLayerVersion" and call.region == self.region
        if not asked or "CompatibleArchitectures" not in data_of(call):
            return None
        # https://github.com/elastic/apm-aws-lambda/pull/112
        return refusal(
            call, 400, "InvalidParameterValueException",
            f"CompatibleArchitectures are not supported in {self.region}. Please remove the"
            " CompatibleArchitectures value from your request and try again",
        )  # fmt: skip

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (a rule of the proxy has both)
        return answer


def write(workspace: Path, top: str = "", settings: str = "") -> None:
    (workspace / "a.py").write_text("A = 1\n")
    (workspace / "b.py").write_text("B = 1\n")
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nproof: off\nregions: [{", ".join(REGIONS)}]\n{top}'
        f"layers:\n  a: {{include: a.py{settings}}}\n  b: {{include: b.py}}\n"
    )


def said(client: Connect, region: str, name: str) -> list[list[str]]:
    listed = client("lambda", region).list_layer_versions(LayerName=name)["LayerVersions"]
    return [version.get("CompatibleArchitectures") or [] for version in listed]


def delivery(workspace: Path, region: str) -> dict[str, Any]:
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    found: dict[str, Any] = report["layers"][0]["delivery"].get(region, {})
    return found


def test_a_region_that_refuses_them_gets_the_layers_without(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    write(workspace)
    proxy.rules = [Older()]
    env = {"AWS_ENDPOINT_URL": proxy.url}
    done = run("publish", env=env)
    assert done.returncode == 0, done.stderr
    for name in ("a", "b"):
        assert said(client, "eu-west-1", name) == [["x86_64"]]
        assert said(client, "af-south-1", name) == [[]]
    assert proxy.operations().count("PublishLayerVersion") == 5, "it is refused once"
    assert "a: without its architectures: Lambda in af-south-1 takes no word of them" in done.stderr
    assert delivery(workspace, "af-south-1")["architectures_omitted"] is True
    assert "architectures_omitted" not in delivery(workspace, "eu-west-1")
    proxy.clear()
    proxy.rules = [Older()]
    for words in (["publish"], ["publish", "--rebuild"]):
        done = run(*words, env=env)
        assert done.returncode == 0, done.stderr
        assert "PublishLayerVersion" not in proxy.operations(), "nothing has changed"


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.INTERNAL, Fault.THROTTLED])
def test_what_comes_after_the_refusal_is_published_once(
    run: Run, workspace: Path, client: Connect, proxy: Proxy, fault: Fault
) -> None:
    write(workspace)
    proxy.rules = [Older("eu-west-1"), Older("af-south-1")]
    proxy.troubles = (Trouble(fault=fault, operation="PublishLayerVersion", nth=3, times=2),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert [said(client, region, name) for region in REGIONS for name in ("a", "b")] == [[[]]] * 4


def test_a_layer_may_say_none(run: Run, workspace: Path, client: Connect) -> None:
    write(workspace, settings=", architectures: omit")
    assert run("publish").returncode == 0
    assert said(client, "eu-west-1", "a") == [[]]
    assert said(client, "eu-west-1", "b") == [["x86_64"]]
    write(workspace, top="architectures: omit\n")
    for words in (["publish"], ["publish", "--rebuild"]):
        done = run(*words)
        assert done.returncode == 0, done.stderr
        assert "a: unchanged in eu-west-1" in done.stderr
        assert "b: unchanged in eu-west-1" in done.stderr, "what is said already is not taken back"


def test_no_other_word_than_omit(run: Run, workspace: Path) -> None:
    write(workspace, top="architectures: [arm64]\n")
    done = run("build")
    assert done.returncode == 2
    assert "layers.yml:5:16: architectures: " in done.stderr


def test_a_function_that_wants_signed_layers_is_told_as_that(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    write(workspace)
    manifest = workspace / "layers.yml"
    manifest.write_text(
        manifest.read_text().replace("af-south-1", "eu-west-1")
        + "functions: {api: {function-name: f, layers: [a]}}\n"
    )
    assert run("publish").returncode == 0

    class Signed(Older):
        def refuse(self, call: Call) -> Answer | None:
            if call.operation != "UpdateFunctionConfiguration":
                return None
            said = "The code signature failed one or more of the validation checks for signature"
            return refusal(call, 400, "CodeVerificationFailedException", f"{said} mismatch.")

    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="a.b",
        Code={"ZipFile": (workspace / "dist/layers/a.zip").read_bytes()},
    )  # fmt: skip
    proxy.rules = [Signed()]
    env = {"AWS_ENDPOINT_URL": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = run("attach", env=env)
    assert done.returncode == 6, done.stderr
    assert "the function takes only signed code" in done.stderr
    assert "  → layers are published unsigned: sign the zip with AWS Signer" in done.stderr
