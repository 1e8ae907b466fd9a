"""Of each name one version goes: two are refused before anything is read, one for two keys goes once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..attach.test_attach import arns, zipped
from ..cloud.answers import Answer
from ..cloud.calls import Call
from ..cloud.proxy import Proxy

Promote: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
Versions: TypeAlias = Callable[..., list[str]]

ONE, TWO = arns("core:1 core:2")
THEIRS = arns("X:1")[0].replace(":X:", ":core:")
MORE = arns("more:1")[0]
THERE = "arn:aws:lambda:us-east-1:123456789012:layer:{}:1"


class Zips:
    """Serves the zips of layer versions at addresses that can be read, which moto does not."""

    def __init__(self, client: Connect, serve: Callable[..., str]) -> None:
        self.fetched: list[str] = []
        self.called: set[str] = set()
        self._urls: dict[str, str] = {}
        both = ["x86_64", "arm64"]
        for arn, size in ((ONE, 1), (TWO, 900), (MORE, 20)):
            content = zipped({"python/x.py": size})
            name = arn.split(":")[-2]
            client("lambda").publish_layer_version(
                LayerName=name,
                Content={"ZipFile": content},
                CompatibleRuntimes=["python3.12"],
                CompatibleArchitectures=both if name == "core" else both[:1],
            )
            self._urls[arn] = serve(lambda _, arn=arn, content=content: self._give(arn, content))

    def _give(self, arn: str, content: bytes) -> tuple[int, Mapping[str, str], bytes]:
        self.fetched.append(arn)
        return 200, {}, content

    def refuse(self, call: Call) -> Answer | None:
        self.called.add(call.operation)
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != "GetLayerVersion" or answer.status != 200:
            return answer
        found = json.loads(answer.body)
        if url := self._urls.get(found["LayerVersionArn"]):
            found["Content"]["Location"] = url
        return Answer(status=200, body=json.dumps(found).encode())


@pytest.fixture
def zips(client: Connect, serve: Callable[..., str], proxy: Proxy) -> Zips:
    made = Zips(client, serve)
    proxy.rules = [made]
    return made


@pytest.fixture
def promote(run: Promote, proxy: Proxy) -> Promote:
    """Promote to another region."""
    env = {"AWS_ENDPOINT_URL": proxy.url}

    def promoted(named: object, *words: str) -> CompletedProcess[str]:
        return run("promote", json.dumps(named), "--aws-region", "us-east-1", *words, env=env)

    return promoted


def handed_on(workspace: Path) -> object:
    return json.loads((workspace / "dist/layers/layers.json").read_text())


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"a": ONE, "b": TWO}, [f"a: {ONE}", f"b: {TWO}"]),
        ({"a": ONE, "b": THEIRS, "c": MORE}, [f"a: {ONE}", f"b: {THEIRS}"]),
        (
            {"a": {"3.12-x86_64": ONE, "3.12-arm64": TWO}},
            [f"a 3.12-x86_64: {ONE}", f"a 3.12-arm64: {TWO}"],
        ),
    ],
)
def test_two_versions_of_a_name_are_refused_before_anything_is_read(
    promote: Promote, zips: Zips, versions: Versions, named: object, told: list[str]
) -> None:
    done = promote(named)
    assert done.returncode == 2, done.stderr
    assert (
        "error: input arns: 2 different versions would be published as core, and a run publishes one"
        " of a name\n"
    ) in done.stderr
    for line in told:
        assert f"    {line}\n" in done.stderr
    assert "  → leave one out, or promote one after the other, the oldest first\n" in done.stderr
    assert zips.called <= {"GetCallerIdentity"}
    assert (zips.fetched, versions("us-east-1")) == ([], [])


def test_one_of_two_can_be_asked_for(
    promote: Promote, zips: Zips, workspace: Path, versions: Versions
) -> None:
    done = promote({"a": ONE, "b": TWO}, "--layers", "b")
    assert done.returncode == 0, done.stderr
    assert versions("us-east-1") == [THERE.format("core")]
    assert handed_on(workspace) == {"b": THERE.format("core")}
    assert zips.fetched == [TWO]


@pytest.mark.parametrize(
    "named",
    [{"a": ONE, "c": MORE, "b": ONE}, {"a": {"3.12-x86_64": ONE, "3.12-arm64": ONE}, "c": MORE}],
)
def test_one_version_for_two_keys_is_fetched_and_published_once(
    promote: Promote, zips: Zips, workspace: Path, versions: Versions, named: dict[str, object]
) -> None:
    done = promote(named)
    assert done.returncode == 0, done.stderr
    assert sorted(zips.fetched) == [ONE, MORE]
    assert versions("us-east-1") == [THERE.format("core"), THERE.format("more")]
    there = json.loads(
        json.dumps(named).replace(ONE, THERE.format("core")).replace(MORE, THERE.format("more"))
    )
    assert handed_on(workspace) == there


def test_a_version_goes_under_no_target_that_it_is_not_for(
    promote: Promote, zips: Zips, versions: Versions
) -> None:
    done = promote({"a": {"3.12-x86_64": ONE, "3.12-arm64": MORE}})
    assert done.returncode == 2, done.stderr
    assert f"error: layer a: {MORE} is not for 3.12-arm64\n" in done.stderr
    assert "    it says that it is for python3.12, x86_64\n" in done.stderr
    assert "  → name it as one for 3.12-x86_64\n" in done.stderr
    assert versions("us-east-1") == []
    assert "PublishLayerVersion" not in zips.called


def test_a_layer_that_the_first_region_lacks_is_told(
    promote: Promote, zips: Zips, versions: Versions
) -> None:
    elsewhere = ONE.replace("eu-west-1", "eu-west-2")
    done = promote({"eu-west-1": {"a": ONE}, "eu-west-2": {"a": elsewhere, "b": elsewhere}})
    assert done.returncode == 2, done.stderr
    assert "error: input arns has no version in eu-west-1 of b\n" in done.stderr
    assert (zips.fetched, versions("us-east-1")) == ([], [])
