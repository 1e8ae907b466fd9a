"""A name on AWS that is another owner's gives no function its versions, unless that is asked for."""

import json
from pathlib import Path

import pytest

from ..cloud.proxy import Proxy
from .test_attach import Attach, Cloud, Connect, Run, arns, report
from .test_update import UPDATE

THEIRS = f"Core [llb1 {'k' * 22} octo-org/team-b:layers.yml 0123456789ab]"
OURS = f"[llb1 {'k' * 22} octo-org/team-a:layers.yml -]"
FOREIGN_TOOL = "[sls1 abc octo-org/team-b 0123456789ab]"
MANIFEST = """\
version: 1
python: "3.12"
owner: octo-org/team-a:layers.yml
layers:
  a: {include: src/}
  c: {include: src/}
functions:
  api: {function-name: shop-api, layers: [a]}
  worker: {function-name: shop-worker, layers: [c]}
"""


@pytest.fixture
def cloud(client: Connect) -> Cloud:
    """Give an AWS whose functions have versions of ours."""
    made = Cloud(client)
    for name in "ac":
        made.layer(name, Description=OURS)
    made.function("shop-api", "a:1")
    made.function("shop-worker", "c:1")
    return made


@pytest.fixture
def attach(run: Run, proxy: Proxy, workspace: Path) -> Attach:
    (workspace / "layers.yml").write_text(MANIFEST)
    env = {"AWS_ENDPOINT_URL": proxy.url, "HTTPS_PROXY": "http://127.0.0.1:9"}
    return lambda *words, **more: run("attach", *words, env=env, **more)


@pytest.mark.parametrize(
    ("words", "newest"),
    [
        ((), THEIRS),
        (("--dry-run",), THEIRS),
        (("--arns", "newest"), THEIRS),
        (("api",), ""),
        ((), FOREIGN_TOOL),
    ],
)
def test_what_another_owner_published_last_is_given_to_no_function(  # noqa: PLR0913, PLR0917 (a table)
    attach: Attach, cloud: Cloud, proxy: Proxy, workspace: Path, words: tuple[str, ...], newest: str
) -> None:
    cloud.layer("c", Description=OURS)
    cloud.layer("a", Description=THEIRS)
    if newest != THEIRS:
        cloud.layer("a", Description=newest)
    done = attach(*words)
    assert done.returncode == 6, done.stderr
    number = 2 if newest == THEIRS else 3
    assert (
        "error: layers.yml:5:3: layer a: the name 'a' on AWS is another owner's:"
        " octo-org/team-b:layers.yml published it, from commit 0123456789ab\n"
        f"    the newest version is {arns(f'a:{number}')[0]}\n"
        "    this manifest is of octo-org/team-a:layers.yml\n"
        "    no function was changed\n"
        "  → to take exact versions, whoever published them: input arns, or"
        " `layer-builder attach a@N`\n"
        "  → if the name is to be this manifest's from now on: adopt: true in the layer\n"
    ) in done.stderr
    assert UPDATE not in proxy.operations()
    assert (cloud.layers("shop-api"), cloud.layers("shop-worker")) == (arns("a:1"), arns("c:1"))
    assert {one["status"] for one in report(workspace)["attachments"]} == {"failed"}


def test_no_region_is_written_to_where_one_has_a_name_of_another_owner(
    attach: Attach, cloud: Cloud, client: Connect
) -> None:
    cloud.layer("a", Description=OURS)
    other = Cloud(client, "us-east-1")
    for name, description in (("a", THEIRS), ("c", OURS)):
        other.layer(name, Description=description)
    other.function("shop-api")
    other.function("shop-worker")
    done = attach("--aws-region", "eu-west-1,us-east-1")
    assert done.returncode == 6, done.stderr
    assert f"the newest version is {arns('a:1', 'us-east-1')[0]}\n" in done.stderr
    assert (cloud.layers("shop-api"), other.layers("shop-worker")) == (arns("a:1"), [])


@pytest.mark.parametrize("newest", [OURS, "", "Core", FOREIGN_TOOL])
def test_what_is_ours_or_says_no_owner_is_attached(
    attach: Attach, cloud: Cloud, newest: str
) -> None:
    cloud.layer("a", Description=newest)
    done = attach("api")
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-api") == arns("a:2")
    told = f"{arns('a:2')[0]} has no stamp: no publish of this manifest made it"
    assert (told in done.stderr) is (newest != OURS)
    assert ("version 1 is this manifest's newest" in done.stderr) is (newest != OURS)


@pytest.mark.parametrize("way", ["adopt", "arns", "number", "handed", "parameter"])
def test_who_asks_for_a_version_of_another_owner_gets_it(
    attach: Attach, cloud: Cloud, client: Connect, workspace: Path, way: str
) -> None:
    cloud.layer("a", Description=THEIRS)
    words = {
        "arns": ["--arns", arns("a:2")[0]],
        "number": ["api", "a@2"],
        "parameter": ["api", "--arns", "ssm"],
    }.get(way, ["api"])
    if way == "adopt":
        (workspace / "layers.yml").write_text(MANIFEST.replace("a: {", "a: {adopt: true, "))
    if way == "handed":
        folder = workspace / "dist/layers"
        folder.mkdir(parents=True)
        named = {"eu-west-1": {"a": arns("a:2")[0]}}
        (folder / "layers.by-region.json").write_text(json.dumps(named))
    if way == "parameter":
        (workspace / "layers.yml").write_text(f"ssm: '/shop/{{layer}}'\n{MANIFEST}")
        client("ssm").put_parameter(Name="/shop/a", Value=arns("a:2")[0], Type="String")
    done = attach(*words)
    assert done.returncode == 0, done.stderr
    assert cloud.layers("shop-api") == arns("a:2")
