"""Publishing to an AWS that runs here: what is sent, when, and what is told of it."""

import json
import os
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from layer_builder.model import Stamp

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Versions: TypeAlias = Callable[..., list[str]]

ARN = "arn:aws:lambda:{}:123456789012:layer:{}:{}"
CODE = ARN.format("eu-west-1", "code", 1)
MIB = 1024 * 1024


def write(workspace: Path, settings: str = "", top: str = "") -> None:
    """Write a manifest with one layer `code` of one file."""
    (workspace / "src").mkdir(exist_ok=True)
    (workspace / "src/a.py").write_text("A = 1\n")
    more = f", {settings}" if settings else ""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\n{top}layers:\n  code: {{include: src/{more}}}\n'
    )


def report(workspace: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((workspace / "dist/layers/report.json").read_text())
    return read


def test_a_layer_is_published_and_its_arn_is_awss_own(
    run: Run, workspace: Path, client: Callable[..., Any], versions: Versions
) -> None:
    write(
        workspace, "architecture: arm64, description: d, license: MIT, name: 'x-{layer}-{python}'"
    )
    done = run("publish")
    assert done.returncode == 0, done.stderr
    arn = ARN.format("eu-west-1", "x-code-312", 1)
    assert json.loads(done.stdout) == {"code": arn}
    assert versions() == [arn]
    assert report(workspace)["layers"][0]["arn"] == {"eu-west-1": arn}
    published = client("lambda").get_layer_version(LayerName="x-code-312", VersionNumber=1)
    assert published["CompatibleRuntimes"] == ["python3.12"]
    assert published["CompatibleArchitectures"] == ["arm64"]
    text, stamp = Stamp.parse(published["Description"])
    assert (text, published["LicenseInfo"]) == ("d", "MIT")
    assert stamp
    assert stamp.owner == "workspace:layers.yml"
    zipped = workspace / "dist/layers/x-code-312.zip"
    assert published["Content"]["CodeSize"] == zipped.stat().st_size


@pytest.mark.parametrize("keep_output", [True, False])
def test_what_did_not_change_is_not_published_again(
    run: Run, workspace: Path, versions: Versions, *, keep_output: bool
) -> None:
    write(workspace)
    first = run("publish")
    if not keep_output:
        (workspace / "dist/layers/code.zip").unlink()
    second = run("publish")
    assert (second.returncode, second.stdout) == (0, first.stdout)
    assert f"code: unchanged in eu-west-1: {CODE}\n" in second.stderr
    assert versions() == [CODE]
    assert report(workspace)["layers"][0]["action"] == "unchanged"


@pytest.mark.parametrize(
    "settings", ["description: new", "license: MIT", "architecture: arm64", 'python: "3.13"',
                 'exclude: "*.txt", include: [{from: src/, to: python/other}]'],
)  # fmt: skip
def test_a_change_of_content_or_metadata_is_published(
    run: Run, workspace: Path, versions: Versions, settings: str
) -> None:
    write(workspace)
    run("publish")
    write(workspace, settings)
    if "include" in settings:
        text = (workspace / "layers.yml").read_text()
        (workspace / "layers.yml").write_text(text.replace("include: src/, ", ""))
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert versions() == [CODE, ARN.format("eu-west-1", "code", 2)]


def test_several_regions_each_get_what_they_lack(
    run: Run, workspace: Path, versions: Versions
) -> None:
    write(workspace)
    run("publish", "--aws-region", "us-east-1")
    done = run("publish", "--aws-region", "eu-central-1,us-east-1")
    assert done.returncode == 0, done.stderr
    arns = {region: ARN.format(region, "code", 1) for region in ("eu-central-1", "us-east-1")}
    assert json.loads(done.stdout) == {"code": arns["eu-central-1"]}
    assert report(workspace)["layers"][0]["arn"] == arns
    assert {region: versions(region) for region in arns} == {
        region: [arn] for region, arn in arns.items()
    }


@pytest.mark.parametrize(
    ("env", "arguments", "region"),
    [
        ({"AWS_DEFAULT_REGION": None, "AWS_REGION": "us-east-2"}, [], "us-east-2"),
        ({"AWS_DEFAULT_REGION": "us-west-1", "AWS_REGION": "us-east-2"}, [], "us-east-2"),
        ({"AWS_DEFAULT_REGION": "us-west-1"}, [], "us-west-1"),
        ({"AWS_REGION": "us-east-2"}, ["--aws-region", "us-west-2"], "us-west-2"),
    ],
)
def test_the_region_is_the_inputs_or_the_environments(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, versions: Versions, env: dict[str, str | None],
    arguments: list[str], region: str,
) -> None:  # fmt: skip
    write(workspace)
    done = run("publish", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    assert versions(region) == [ARN.format(region, "code", 1)]


@pytest.mark.parametrize(
    ("region", "used"), [("eu-central-1", "eu-central-1"), (None, "us-east-1")]
)
def test_the_sandbox_is_where_the_environment_says(
    run: Run, workspace: Path, region: str | None, used: str
) -> None:
    write(workspace)
    env = {"AWS_DEFAULT_REGION": None, "AWS_REGION": region}
    done = run("publish", "--sandbox", env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"code": ARN.format(used, "code", 1)}


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    run: Run, workspace: Path, versions: Versions, client: Callable[..., Any]
) -> None:
    write(workspace)
    done = run("publish", "--dry-run", "--aws-region", "us-east-1,us-east-2")
    assert (done.returncode, done.stdout) == (0, "")
    for region in ("us-east-1", "us-east-2"):
        assert (
            f"code: would be published to {region} as code, as its first version\n" in done.stderr
        )
        assert versions(region) == []
    assert client("s3").list_buckets()["Buckets"] == []


def test_a_zip_over_50_mib_goes_through_the_bucket_once(
    run: Run, workspace: Path, versions: Versions, client: Callable[..., Any]
) -> None:
    write(workspace, "compression: fast")
    (workspace / "src/noise.bin").write_bytes(os.urandom(51 * MIB))
    refused = run("publish")
    assert refused.returncode == 5
    assert "is over AWS's limit for a zip sent in the request: 50.0 MiB" in refused.stderr
    assert "  → set s3-bucket: a zip in S3 has no limit but the 250 MiB unzipped" in refused.stderr
    assert versions() == []
    s3 = client("s3")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="ours-eu-west-1", CreateBucketConfiguration=where)
    words = ["--s3-bucket", "ours-{region}", "--s3-prefix", "/layers/"]
    done = run("publish", *words)
    assert done.returncode == 0, done.stderr
    layer = report(workspace)["layers"][0]
    [stored] = s3.list_objects_v2(Bucket="ours-eu-west-1")["Contents"]
    assert stored["Key"] == f"layers/code/{layer['sha256']}.zip"
    assert stored["Size"] == layer["zip_bytes"]
    published = client("lambda").get_layer_version(LayerName="code", VersionNumber=1)
    assert published["Content"]["CodeSize"] == layer["zip_bytes"]
    again = run("publish", *words)
    assert (again.returncode, versions()) == (0, [CODE])


def test_the_bucket_is_not_used_where_the_request_will_do(
    run: Run, workspace: Path, client: Callable[..., Any]
) -> None:
    write(workspace)
    s3 = client("s3")
    s3.create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    done = run("publish", "--s3-bucket", "ours")
    assert done.returncode == 0, done.stderr
    assert "Contents" not in s3.list_objects_v2(Bucket="ours")


def test_one_layer_over_its_limit_stops_all_and_says_what_weighs_most(
    run: Run, workspace: Path, versions: Versions, add_wheel: Add
) -> None:
    write(workspace)
    add_wheel("heavy", "1.0", {"heavy.bin": os.urandom(30_000)}, requires=["light"])
    add_wheel("light", "2.0", {"light.py": "A = 1\n"})
    with (workspace / "layers.yml").open("a") as manifest:
        manifest.write("  deps: {packages: [heavy], limits: {zip: 10 KiB}}\n")
    done = run("publish")
    assert done.returncode == 5
    assert versions() == []
    layers = report(workspace)["layers"]
    deps = next(layer for layer in layers if layer["key"] == "deps")
    size = deps["zip_bytes"]
    assert (
        f"error: layers.yml:5:3: layer deps: zip {size / 1024:.1f} KiB"
        " is over limits.zip of the manifest: 10.0 KiB,"
        f" {(size - 10_240) / 1024:.1f} KiB too many\n"
    ) in done.stderr
    lines = done.stderr.split("heaviest distributions, unzipped:\n")[1].splitlines()
    assert [line.split()[-2:] for line in lines[:2]] == [["heavy", "1.0"], ["light", "2.0"]]


def test_a_stack_over_the_limit_is_refused_with_its_shares(
    run: Run, workspace: Path, versions: Versions
) -> None:
    write(workspace, top="functions: {api: {layers: [code], reserve: 250 MiB}}\n")
    done = run("publish")
    assert done.returncode == 5
    assert "function api: its layers unzip to 250.0 MiB," in done.stderr
    assert " 7 B over the 250.0 MiB that AWS allows" in done.stderr
    assert versions() == []


def test_a_layer_near_its_limit_is_warned_of(run: Run, workspace: Path) -> None:
    write(workspace, "limits: {unzipped: 10, warn-at: 60%}")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert (
        "warning: layers.yml:4:3: layer code: unzipped 6 B is 60% of limits.unzipped of the"
        " manifest (10 B); 4 B left\n"
    ) in done.stderr


@pytest.mark.parametrize("damage", ["none", "flipped byte", "cut short", "gone"])
def test_publish_takes_up_by_its_digest_what_build_left_if_it_is_whole(
    run: Run, workspace: Path, versions: Versions, add_wheel: Add, damage: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    write(workspace, "packages: [demo]")
    assert run("build").returncode == 0
    path = workspace / "dist/layers/code.zip"
    content = path.read_bytes()
    match damage:
        case "flipped byte":
            path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        case "cut short":
            path.write_bytes(content[:-1])
        case "gone":
            path.unlink()
        case _:
            assert damage == "none"
    # A newer version appears meanwhile: what was built and proven is what gets published.
    add_wheel("demo", "2.0", {"demo.py": "A = 2\n"})
    done = run("publish", "--digests", json.dumps({"code": sha256(content).hexdigest()}))
    assert done.returncode == 0, done.stderr
    assert ("code: took up code.zip, sha256 " in done.stderr) is (damage == "none")
    assert (path.read_bytes() == content) is (damage == "none")
    assert zipfile.ZipFile(path).testzip() is None
    assert versions() == [CODE]


def test_a_build_of_other_files_is_not_taken_up(run: Run, workspace: Path) -> None:
    write(workspace)
    assert run("build").returncode == 0
    (workspace / "src/a.py").write_text("A = 2\n")
    done = run("publish")
    assert "took up" not in done.stderr
    assert zipfile.ZipFile(workspace / "dist/layers/code.zip").read("python/src/a.py") == b"A = 2\n"
