"""What functions go back to is what was meant, and there, or nothing of them is changed."""

import hashlib
import json
from functools import cache
from pathlib import Path

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from .test_attach import MANIFEST, Attach, Cloud, Connect, Run, arns, zipped
from .test_update import UPDATE, Script

HERE, THERE = "eu-west-1", "us-east-1"


@pytest.fixture
def cloud(client: Connect) -> Cloud:
    """Give an AWS whose functions have version 2 of each layer, after version 1."""
    return filled(client, HERE)


def filled(client: Connect, region: str, size: int = 1) -> Cloud:
    made = Cloud(client, region)
    for name in "abc":
        made.layer(name, Content={"ZipFile": content(size)})
        made.layer(name, Content={"ZipFile": content(50)})
    made.function("shop-api", Layers=arns("a:1 b:1", region))
    made.api.publish_version(FunctionName="shop-api")
    made.api.update_function_configuration(FunctionName="shop-api", Layers=arns("a:2 b:2", region))
    made.function("shop-worker", Layers=arns("c:2", region))
    return made


@cache
def content(size: int) -> bytes:
    """Make a zip once: it has the time in it."""
    return zipped({"python/x.py": size})


def digest(size: int) -> str:
    return hashlib.sha256(content(size)).hexdigest()


@pytest.fixture
def attach(run: Run, proxy: Proxy, workspace: Path) -> Attach:
    (workspace / "layers.yml").write_text(MANIFEST)
    env = {"AWS_ENDPOINT_URL": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    return lambda *words: run("attach", *words, env=env)


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_function_version_whose_layer_is_gone_is_not_gone_back_to(
    attach: Attach, cloud: Cloud, proxy: Proxy, words: tuple[str, ...]
) -> None:
    cloud.api.delete_layer_version(LayerName="a", VersionNumber=1)
    done = attach("api@1", *words)
    assert done.returncode == 6, done.stderr
    assert (
        "error: layers.yml:8:3: function api (shop-api) in eu-west-1: it cannot go back to its"
        f" version 1: {arns('a:1')[0]} is no longer there\n"
        "    AWS gives a function no layer version that was deleted\n"
        "  → go back to another version of it, or name layer versions that are there:"
        " `layer-builder attach api LAYER@N`\n"
    ) in done.stderr
    assert UPDATE not in proxy.operations()
    assert cloud.layers("shop-api") == arns("a:2 b:2")


def test_a_gone_layer_that_the_function_has_stays(attach: Attach, cloud: Cloud) -> None:
    layers = arns("a:1 b:2")
    cloud.api.update_function_configuration(FunctionName="shop-api", Layers=layers)
    cloud.api.delete_layer_version(LayerName="a", VersionNumber=1)
    done = attach("api@1", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"- {arns('b:2')[0]}\n    + {arns('b:1')[0]}\n" in done.stderr


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_number_that_means_another_zip_than_its_digest_is_refused(
    attach: Attach, cloud: Cloud, proxy: Proxy, *, is_dry: bool
) -> None:
    words = ["worker", "c@1", *(["--dry-run"] if is_dry else [])]
    done = attach(*words, "--digests", json.dumps({"c": digest(50)}))
    assert done.returncode == 6, done.stderr
    assert (
        f"function worker (shop-worker) in eu-west-1: c@1 ({arns('c:1')[0]}) is not the zip of"
        f" input digests\n    sha256 expected: {digest(50)}\n    sha256 on AWS:   {digest(1)}\n"
    ) in done.stderr
    assert UPDATE not in proxy.operations()
    right = attach(*words, "--digests", json.dumps({"a": digest(50), "c": digest(1)}))
    assert right.returncode == 0, right.stderr
    assert cloud.layers("shop-worker") == arns("c:2" if is_dry else "c:1")


@pytest.mark.parametrize("late", [2, 99])
def test_a_number_may_be_readable_late(
    attach: Attach, cloud: Cloud, proxy: Proxy, late: int
) -> None:
    def refuse(call: Call) -> Answer | None:
        is_late = len(script.calls) <= late
        return refusal(call, 404, "ResourceNotFoundException", "no such") if is_late else None

    script = Script(operation="GetLayerVersion", before=refuse)
    proxy.rules = [script]
    done = attach("worker", "c@1")
    if late == 2:
        assert done.returncode == 0, done.stderr
        assert cloud.layers("shop-worker") == arns("c:1")
        return
    assert done.returncode == 6
    assert "there is no version 1 of its layer c (" in done.stderr
    assert "    looked 5 times\n" in done.stderr
    assert len(script.calls) == 5
    assert cloud.layers("shop-worker") == arns("c:2")


@pytest.mark.parametrize("size", [1, 7])
def test_a_number_that_means_another_zip_in_another_region_is_told(
    attach: Attach, cloud: Cloud, client: Connect, size: int
) -> None:
    other = filled(client, THERE, size)
    done = attach("c@1", "--aws-region", f"{HERE},{THERE}")
    assert done.returncode == 0, done.stderr
    told = (
        f"warning: c@1 is not the same zip in {HERE} and {THERE}\n"
        f"    {HERE}: sha256 {digest(1)}\n    {THERE}: sha256 {digest(7)}\n"
        "  → each region counts for itself: input arns names the version of each region"
    )
    assert (told in done.stderr) == (size == 7)
    assert ("is not the same zip" in done.stderr) == (size == 7)
    assert (cloud.layers("shop-worker"), other.layers("shop-worker")) == (
        arns("c:1"),
        arns("c:1", THERE),
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{}"], "input rollback: '{}' names nothing to go back to"),
        ([","], "input rollback: ',' names nothing to go back to"),
        ([""], "'' names nothing: leave it out, or name something"),
        (["worker", " "], "' ' names nothing: leave it out, or name something"),
        (['{"api": []}'], "input rollback: function api has an empty list: leave it out"),
        (['{"api": null}'], "input rollback: function api: null is neither a version's number"),
        (['["api a@1"]'], "input rollback: '[\"api a@1\"]' is JSON that names no functions"),
        (['{"api": '], "input rollback: '{\"api\":' is not JSON: "),
        (['{"api": "worker"}'], "function api cannot go back to worker: worker is none of its"),
        (["api@1", "api@2"], "function api cannot go back to two versions at once"),
    ],
)
def test_what_names_no_version_of_a_function_changes_none(
    attach: Attach, cloud: Cloud, proxy: Proxy, words: list[str], said: str
) -> None:
    cloud.api.update_function_configuration(FunctionName="shop-worker", Layers=arns("c:1"))
    done = attach(*words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert proxy.operations() == []
    assert cloud.layers("shop-worker") == arns("c:1")


@pytest.mark.parametrize("command", [None, "publish", "promote"])
def test_a_rollback_that_is_no_attach_publishes_nothing(
    run: Run, cloud: Cloud, proxy: Proxy, workspace: Path, command: str | None
) -> None:
    (workspace / "layers.yml").write_text(MANIFEST)
    (workspace / "src").mkdir()
    (workspace / "src/x.py").write_text("X = 1\n")
    asked = {"INPUT_ROLLBACK": "worker c@1"} | ({"INPUT_COMMAND": command} if command else {})
    done = run(env={"AWS_ENDPOINT_URL": proxy.url, "GITHUB_ACTIONS": "true", **asked})
    assert done.returncode == 2, done.stdout
    assert f"input rollback: the command {command or 'publish'} does not read it" in done.stdout
    assert "set command: attach" in done.stdout
    assert proxy.operations() == []
    assert cloud.layers("shop-worker") == arns("c:2")
