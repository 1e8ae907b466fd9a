"""Exact versions are there for every region that is asked for, or nothing is changed."""

import json
from pathlib import Path

import pytest

from ..cloud.proxy import Proxy
from .test_attach import MANIFEST, Attach, Cloud, Connect, Run, arns
from .test_update import UPDATE

HERE, THERE = "eu-west-1", "us-east-1"
BOTH = ("--aws-region", f"{HERE},{THERE}")


@pytest.fixture
def clouds(client: Connect) -> dict[str, Cloud]:
    """Give functions with old layers in two regions."""
    made = {region: Cloud(client, region) for region in (HERE, THERE)}
    for region, cloud in made.items():
        for name in "abc":
            cloud.layer(name, versions=2)
        cloud.function("shop-api", Layers=arns("a:1 b:1", region))
        cloud.function("shop-worker", Layers=arns("c:1", region))
    return made


@pytest.fixture
def attach(run: Run, proxy: Proxy, workspace: Path) -> Attach:
    (workspace / "layers.yml").write_text(f"ssm: '/shop/{{layer}}'\n{MANIFEST}")
    env = {"AWS_ENDPOINT_URL": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    return lambda *words: run("attach", *words, env=env)


def arn(version: str, region: str = HERE) -> str:
    return arns(version, region)[0]


def put(client: Connect, version: str, region: str = HERE) -> None:
    name = f"/shop/{version[0]}"
    client("ssm", region).put_parameter(Name=name, Value=arn(version, region), Type="String")


@pytest.mark.parametrize("way", ["layers.json", "json", "list", "by-region", "dry-run"])
def test_versions_of_one_region_are_not_enough_for_two(
    attach: Attach, clouds: dict[str, Cloud], proxy: Proxy, workspace: Path, way: str
) -> None:
    named: object = {"a": arn("a:2"), "b": arn("b:2")}
    if way == "list":
        named = [arn("a:2"), arn("b:2")]
    if way == "by-region":
        named = {HERE: named, THERE: {"c": arn("c:2", THERE), "b": arn("b:2", THERE)}}
    text = json.dumps(named)
    if way == "layers.json":
        (workspace / way).write_text(text)
        text = way
    words = ["--dry-run"] if way == "dry-run" else []
    done = attach("--arns", text, *BOTH, *words)
    assert done.returncode == 2, done.stderr
    source = way if way == "layers.json" else "input arns"
    assert (
        f"layers.yml:5:3: layer a: {source} names a version of it in {HERE}, and none in {THERE}\n"
        f"    {arn('a:2')}\n    no function was changed\n"
        "  → hand on layers.by-region.json, or the output layer-arns-by-region, of a publish to"
        f" {THERE}\n  → or attach in {HERE} only: input aws-region\n"
    ) in done.stderr
    assert ("layer b: " in done.stderr) == (way != "by-region")
    assert (
        f"layer c: {source} names a version of it in {THERE}, and none in {HERE}\n" in done.stderr
    ) == (way == "by-region")
    assert UPDATE not in proxy.operations()
    assert clouds[HERE].layers("shop-api") == arns("a:1 b:1")


def test_versions_of_another_region_than_the_one_asked_for_are_refused(
    attach: Attach, clouds: dict[str, Cloud]
) -> None:
    named = [arn("a:2"), arn("c:2", THERE)]
    done = attach("--arns", json.dumps(named), "--aws-region", HERE)
    assert done.returncode == 2, done.stderr
    assert (
        f"layer c: input arns names a version of it in {THERE}, and none in {HERE}" in done.stderr
    )
    assert clouds[HERE].layers("shop-api") == arns("a:1 b:1")


def test_a_parameter_that_one_of_two_regions_lacks_is_named(
    attach: Attach, clouds: dict[str, Cloud], client: Connect
) -> None:
    for version, region in (("a:2", HERE), ("c:2", HERE), ("c:2", THERE)):
        put(client, version, region)
    done = attach("--arns", "ssm", *BOTH)
    assert done.returncode == 2, done.stderr
    assert (
        f"layers.yml:5:3: layer a: no SSM parameter /shop/a in {THERE} names a version of it; that in"
        f" {HERE} does\n    {arn('a:2')}\n    no function was changed\n"
        f"  → publish to {THERE}, which writes it\n  → or attach in {HERE} only: input aws-region\n"
    ) in done.stderr
    assert "layer c" not in done.stderr
    assert {tuple(cloud.layers("shop-worker")) for cloud in clouds.values()} == {
        tuple(arns("c:1", region)) for region in clouds
    }


@pytest.mark.parametrize("by_parameters", [True, False])
def test_a_layer_that_no_region_names_stays_in_all(
    attach: Attach, clouds: dict[str, Cloud], client: Connect, *, by_parameters: bool
) -> None:
    for region in clouds:
        put(client, "a:2", region)
    named = json.dumps([arn("a:2", region) for region in clouds])
    done = attach("--arns", "ssm" if by_parameters else named, *BOTH)
    assert done.returncode == 0, done.stderr
    for region, cloud in clouds.items():
        assert cloud.layers("shop-api") == arns("a:2 b:1", region)
        assert cloud.layers("shop-worker") == arns("c:1", region)


def test_what_goes_back_needs_no_name(attach: Attach, clouds: dict[str, Cloud]) -> None:
    done = attach("worker", "c@2", "--arns", arn("c:2"), *BOTH)
    assert done.returncode == 0, done.stderr
    assert clouds[THERE].layers("shop-worker") == arns("c:2", THERE)
