"""What changed: against versions of an AWS that runs here, and against the report of an earlier run."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..archive.test_remote import Store
from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from ..conftest import REGION

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

MANIFEST = """\
version: 1
python: "3.12"
proof: "off"
layers:
  core: {packages: [six, dateutil-like]}
  code: {include: src/}
"""
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:1"


@pytest.fixture
def shop(workspace: Path, add_wheel: Add) -> Path:
    """Write a manifest of two layers, whose distributions have one version each."""
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(MANIFEST)
    add_wheel("six", "1.16.0", {"six.py": "x" * 1000})
    # Neither its name nor anything in the zip tells whose the folder is.
    add_wheel("dateutil-like", "2.0", {"dateutil/__init__.py": "y" * 500})
    return workspace


def upgrade(add_wheel: Add) -> None:
    """Publish a newer six on the index, and a dateutil-like that requires one more."""
    add_wheel("six", "1.17.0", {"six.py": "x" * 1500})
    add_wheel("dateutil-like", "2.1", {"dateutil/__init__.py": "y" * 500}, requires=["extra"])
    add_wheel("extra", "1.0", {"extra/__init__.py": "z" * 200})


def report(workspace: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((workspace / "dist/layers/report.json").read_text())
    return read


def sizes(workspace: Path) -> dict[str, int]:
    (core,) = (one for one in report(workspace)["layers"] if one["key"] == "core")
    return {one["name"]: one["bytes_kept"] for one in core["packages"]}


class Elsewhere:
    """Has AWS lead to another address of each zip, or refuse an operation."""

    def __init__(self, location: str = "", refused: str = "") -> None:
        self.location = location
        self.refused = refused

    def refuse(self, call: Call) -> Answer | None:
        if call.operation != self.refused:
            return None
        return refusal(call, 403, "AccessDeniedException", f"not authorized: {self.refused}")

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != "GetLayerVersion" or answer.status != 200 or not self.location:
            return answer
        found = json.loads(answer.body)
        found["Content"]["Location"] = self.location
        return Answer(status=200, body=json.dumps(found).encode())


@pytest.fixture
def published(run: Run, shop: Path, proxy: Proxy, serve: Callable[..., str]) -> Store:
    """Publish both layers; what AWS then gives leads to the first core's zip."""
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    store = Store((shop / "dist/layers/core.zip").read_bytes())
    proxy.rules = [Elsewhere(serve(store))]
    return store


EXPECTED = [
    ("extra", "added", None, "1.0"),
    ("six", "upgraded", "1.16.0", "1.17.0"),
    ("dateutil-like", "upgraded", "2.0", "2.1"),
]


def told(changes: Mapping[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    return [
        (one["name"], one["change"], one["before"], one["after"])
        for one in changes["distributions"]
    ]


def test_a_dry_run_tells_what_is_different_from_the_newest_version(
    run: Run, shop: Path, published: Store, proxy: Proxy, add_wheel: Add
) -> None:
    was, size = sizes(shop), (shop / "dist/layers/core.zip").stat().st_size
    upgrade(add_wheel)
    outputs = shop.parent / "outputs"
    outputs.touch()
    done = run(
        env={
            "AWS_ENDPOINT_URL": proxy.url,
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_WORKSPACE": str(shop),
            "INPUT_COMMAND": "publish",
            "INPUT_DRY-RUN": "true",
        }
    )
    assert done.returncode == 0, done.stdout
    assert f"core: compared with {ARN}\n" in done.stdout
    headline = "six 1.16.0 → 1.17.0 · dateutil-like 2.0 → 2.1 · +1 distribution\n"
    (line,) = (line for line in done.stdout.splitlines(keepends=True) if headline in line)
    assert line.startswith("core: ")
    assert "changes: none in code\n" in done.stdout
    now, found = sizes(shop), report(shop)
    assert [one["key"] for one in found["changes"]] == ["core", "code"]
    core, code = found["changes"]
    assert (core["same"], core["compared_with"], core["unknown"]) == (False, ARN, [])
    assert core["zip_bytes"]["before"] == size
    assert sorted(told(core)) == sorted(EXPECTED)
    by_name = {one["name"]: one for one in core["distributions"]}
    for name in ("six", "dateutil-like"):
        assert (by_name[name]["bytes_before"], by_name[name]["bytes_after"]) == (
            was[name],
            now[name],
        )
    assert (code["same"], code["distributions"]) == (True, [])
    assert found["layers"][0]["changes"]["distributions"] == core["distributions"]
    assert found["would_publish"] == ["core"]
    text = outputs.read_text()
    assert '["core"]' in text
    assert '"distributions": [{"name": ' in text
    assert "### What changed" in (shop / "dist/layers/report.md").read_text()
    assert [headers.get("Authorization") for headers in published.headers] == [None]


def test_a_plan_tells_it_without_a_build(
    run: Run, shop: Path, published: Store, proxy: Proxy, add_wheel: Add
) -> None:
    assert published.content
    upgrade(add_wheel)
    (shop / "src/a.py").write_text("A = 2\n")
    done = run("plan", "--aws-region", "eu-west-1", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    core, code = report(shop)["changes"]
    assert sorted(told(core)) == sorted(EXPECTED)
    assert {one["bytes_after"] for one in core["distributions"]} == {None}
    # Its files differ, which the mark in its stamp tells.
    assert code["same"] is False
    assert report(shop)["would_publish"] == ["core", "code"]


def test_a_plan_of_what_is_published_would_publish_nothing(
    run: Run, shop: Path, published: Store, proxy: Proxy
) -> None:
    done = run("plan", "--aws-region", "eu-west-1", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "changes: none in core, code\n" in done.stderr
    assert report(shop)["would_publish"] == []
    assert published.headers == []


@pytest.mark.parametrize("command", ["plan", "build"])
def test_what_differs_ends_a_dry_plan_or_build_with_a_code_of_its_own(
    run: Run, shop: Path, published: Store, proxy: Proxy, command: str
) -> None:
    assert published.content
    report_of_publish = (shop / "dist/layers/report.json").read_text()
    (shop / "was.json").write_text(report_of_publish)
    asked = {
        "AWS_ENDPOINT_URL": proxy.url,
        "GITHUB_ACTIONS": "true",
        "INPUT_COMMAND": command,
        **({"INPUT_BASELINE": "was.json"} if command == "build" else {"INPUT_AWS-REGION": REGION}),
    }
    failing = {"INPUT_DRY-RUN": "true", "INPUT_FAIL-ON-CHANGES": "true"}
    same = run(env=asked | failing)
    assert (same.returncode, report(shop)["would_publish"]) == (0, []), same.stdout
    (shop / "src/a.py").write_text("A = 2\n")
    done = run(env=asked | failing)
    assert (done.returncode, report(shop)["would_publish"]) == (7, ["code"]), done.stdout
    assert report(shop)["exit_code"] == 7
    assert "; 1 would change (exit code 7)\n" in done.stdout
    assert run(env=asked | {"INPUT_DRY-RUN": "true"}).returncode == 0
    assert run(env=asked).returncode == 0


def test_an_address_that_leads_nowhere_is_said_and_fails_nothing(
    run: Run, shop: Path, add_wheel: Add
) -> None:
    assert run("publish").returncode == 0
    upgrade(add_wheel)
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert f"core: compared with {ARN}; not known: what is in {ARN}: " in done.stderr
    assert "other bytes; which distributions differ is not known\n" in done.stderr
    core, _ = report(shop)["changes"]
    assert (core["same"], core["distributions"]) == (False, [])
    assert report(shop)["would_publish"] == []


@pytest.mark.parametrize("refused", ["GetLayerVersion", "ListLayerVersions"])
def test_what_may_not_be_read_is_said_and_fails_nothing(
    run: Run, shop: Path, published: Store, proxy: Proxy, refused: str
) -> None:
    (shop / "layers.yml").write_text(MANIFEST.replace("[six, ", "[").replace("src/", "layers.yml"))
    proxy.rules = [Elsewhere(refused=refused)]
    done = run("plan", "--aws-region", "eu-west-1", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert refused in done.stderr
    core, _ = report(shop)["changes"]
    assert refused in core["unknown"][0]
    assert published.headers == []


@pytest.mark.usefixtures("shop")
def test_without_credentials_a_plan_says_that_nothing_was_compared(run: Run) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    done = run("plan", "--aws-region", "eu-west-1", env=nobody)
    assert done.returncode == 0, done.stderr
    assert "not compared" in done.stderr


def test_a_report_is_a_baseline_where_aws_is_out_of_reach(
    run: Run, shop: Path, add_wheel: Add
) -> None:
    assert run("build").returncode == 0
    was = sizes(shop)
    (shop / "dist/layers/report.json").rename(shop / "baseline.json")
    upgrade(add_wheel)
    for command in ("build", "plan"):
        done = run(
            command, "--baseline", "baseline.json", env={"AWS_ENDPOINT_URL": "http://[::1]:9"}
        )
        assert done.returncode == 0, done.stderr
        assert "core: compared with baseline.json\n" in done.stderr
        core, code = report(shop)["changes"]
        assert sorted(told(core)) == sorted(EXPECTED)
        before = {one["name"]: one["bytes_before"] for one in core["distributions"]}
        assert before == {**was, "extra": None}
        assert code["same"] is True
        assert report(shop)["would_publish"] == ["core"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "not compared: there is no baseline at baseline.json"),
        ("{", "the baseline baseline.json cannot be read: it is not JSON"),
        ('{"version": 1, "layers": [{"key": 3}]}', "it is no report.json (layers.0.key: "),
        ('{"version": 9, "layers": []}', "its format is 9, and this program reads 1"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_a_warning(
    run: Run, shop: Path, text: str | None, why: str
) -> None:
    if text is not None:
        (shop / "baseline.json").write_text(text)
    done = run("plan", "--baseline", "baseline.json")
    assert done.returncode == 0, done.stderr
    assert why in done.stderr
    assert [one["same"] for one in report(shop)["changes"]] == [None, None]


def test_runtimes_and_users_that_differ_are_told(
    run: Run, shop: Path, published: Store, proxy: Proxy
) -> None:
    assert published.content
    text = (shop / "layers.yml").read_text()
    shared = text.replace('"3.12"', '"3.13"').replace(
        "include: src/", "include: src/, permissions: {accounts: ['210987654321']}"
    )
    (shop / "layers.yml").write_text(shared)
    done = run("publish", "--dry-run", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    _, code = report(shop)["changes"]
    assert code["runtimes"] == {"added": ["python3.13"], "removed": ["python3.12"]}
    assert code["permissions"] == {"added": ["account 210987654321"], "removed": []}
    assert "+python3.13 -python3.12 · +account 210987654321\n" in done.stderr
