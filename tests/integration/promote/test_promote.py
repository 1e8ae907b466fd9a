"""Finished versions go to another account, region or partition: the very bytes, and what they say."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
from botocore.config import Config

from layer_builder.model import UNPROVEN, Stamp

from ..attach.test_attach import zipped
from ..attach.test_exact import outputs, recorded
from ..cloud.answers import Answer
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from ..cloud.sessions import session
from ..conftest import REGION

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]

DEV, PROD = "111111111111", "222222222222"
"""ministack takes the key of whoever calls for the account."""
MANIFEST = """\
version: 1
python: ["3.11", "3.12"]
name: "shop-{layer}"
description: Ours
license: MIT
layers:
  code: {include: src/}
  more: {include: src/a.py, name: "shop-{layer}-{python}", architecture: arm64}
"""
NAMES = ("shop-code", "shop-more-311", "shop-more-312")


@pytest.fixture
def dev(workspace: Path) -> Path:
    """Give a workspace with three layer versions to publish: one for two Pythons, one for each."""
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(MANIFEST)
    return workspace


@pytest.fixture
def handed(run: Run, dev: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Publish, and give a folder with nothing but what that left, and the digests."""
    done = run("publish", env=recorded(dev))
    assert done.returncode == 0, done.stdout
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(dev / "dist", elsewhere / "dist")
    digests: dict[str, str] = outputs(dev, "digests")
    return elsewhere, digests


def said(api: Any, name: str, version: int = 1) -> dict[str, Any]:  # noqa: ANN401 (boto3 makes its classes at run time)
    """Give what a version says of itself, and its digest."""
    found = api.get_layer_version(LayerName=name, VersionNumber=version)
    return {
        "runtimes": sorted(found["CompatibleRuntimes"]),
        "architectures": sorted(found["CompatibleArchitectures"]),
        "description": found["Description"],
        "license": found["LicenseInfo"],
        "sha256": base64.b64decode(found["Content"]["CodeSha256"]).hex(),
    }


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1"])
def test_zips_of_a_folder_are_published_as_they_are(
    run: Run, handed: tuple[Path, dict[str, str]], client: Connect, proxy: Proxy, region: str
) -> None:
    folder, digests = handed
    words = ("promote", "--digests", json.dumps(digests), "--aws-region", region)
    nothing = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9", "AWS_ENDPOINT_URL": proxy.url}
    done = run(*words, cwd=folder, env=nothing)
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        there = said(client("lambda", region), name)
        assert there == said(client("lambda"), name)
        assert there["sha256"] in digests.values()
    assert said(client("lambda", region), "shop-code")["runtimes"] == ["python3.11", "python3.12"]
    partition = "aws-cn" if region.startswith("cn") else "aws"
    arn = f"arn:{partition}:lambda:{region}:123456789012:layer:shop-code:1"
    assert json.loads((folder / "dist/layers/layers.json").read_text())["code"] == {
        "3.11-x86_64": arn,
        "3.12-x86_64": arn,
    }
    assert "Lambda layers: 2 published, 0 unchanged\n" in done.stderr
    proxy.heard.clear()
    again = run(*words, cwd=folder, env=nothing)
    assert again.returncode == 0, again.stderr
    assert "Lambda layers: 0 published, 2 unchanged\n" in again.stderr
    assert "PublishLayerVersion" not in proxy.operations()


@pytest.fixture
def built(run: Run, dev: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Build in a job without credentials, and give what that hands on."""
    (dev / "layers.yml").write_text(f"owner: shop-team\n{MANIFEST}")
    credentials = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    done = run("build", env=recorded(dev) | credentials)
    assert done.returncode == 0, done.stdout
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(dev / "dist", elsewhere / "dist")
    digests: dict[str, str] = outputs(dev, "digests")
    return elsewhere, digests


def test_what_a_build_hands_on_is_its_owners_when_it_is_promoted(
    run: Run, built: tuple[Path, dict[str, str]], client: Connect, dev: Path
) -> None:
    folder, digests = built
    done = run("promote", "--digests", json.dumps(digests), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "stamp" not in done.stderr
    told = json.loads((dev / "dist/layers/report.json").read_text())["layers"]
    for name in NAMES:
        text, stamp = Stamp.parse(said(client("lambda"), name)["description"])
        assert (text, stamp and stamp.owner, stamp and stamp.proofs) == (
            "Ours",
            "shop-team",
            (UNPROVEN, UNPROVEN),
        )
        keys = {one["stamp"]["key"] for one in told if one["name"] == name}
        assert keys == {one["content"] for one in told if one["name"] == name}
        assert keys == {stamp and stamp.key}


def test_what_a_build_handed_on_is_retired_as_what_was_published(
    run: Run, built: tuple[Path, dict[str, str]], versions: Callable[..., list[str]], dev: Path
) -> None:
    folder, digests = built
    done = run("promote", "--digests", json.dumps(digests), cwd=folder)
    assert done.returncode == 0, done.stderr
    manifest = (dev / "layers.yml").read_text()
    (dev / "layers.yml").write_text(f"retain: 1\n{manifest}")
    assert ": 0 published, " in run("publish").stderr
    (dev / "src/a.py").write_text("A = 2\n")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert [arn.rpartition(":")[2] for arn in versions()] == ["2", "2", "2"]


def test_what_has_no_stamp_is_warned_of(
    run: Run, handed: tuple[Path, dict[str, str]], client: Connect
) -> None:
    folder, digests = handed
    file = folder / "dist/layers/zips.json"
    metadata = json.loads(file.read_text())
    for layer in metadata["layers"]:
        if layer["name"] == "shop-code":
            layer["description"] = "Ours"
    file.write_text(json.dumps(metadata))
    words = ("promote", "--digests", json.dumps(digests), "--aws-region", "us-east-1")
    done = run(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("has no stamp") == 1
    assert (
        "warning: dist/layers/shop-code-3.11-x86_64.zip: layer code: it has no stamp: on AWS its"
        " version will be no manifest's, so that no `retain` ever deletes it, and another manifest"
        " may take the name\n"
        "  → build or publish it with this release, and promote that\n"
    ) in done.stderr
    assert said(client("lambda", "us-east-1"), "shop-code")["description"] == "Ours"


def test_only_the_layers_that_were_asked_for_go(
    run: Run, handed: tuple[Path, dict[str, str]], versions: Callable[..., list[str]]
) -> None:
    folder, digests = handed
    words = ("promote", "--digests", json.dumps(digests), "--aws-region", "us-east-1")
    assert run(*words, "--layers", "mor", cwd=folder).returncode == 2
    done = run(*words, "--layers", "more", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [arn.split(":")[-2] for arn in versions("us-east-1")] == [
        "shop-more-311",
        "shop-more-312",
    ]


def test_a_dry_run_tells_by_its_exit_code(
    run: Run, handed: tuple[Path, dict[str, str]], versions: Callable[..., list[str]]
) -> None:
    folder, digests = handed
    words = ("promote", "--digests", json.dumps(digests), "--aws-region", "us-east-1")
    assert run(*words, "--dry-run", "--fail-on-changes", cwd=folder).returncode == 7
    assert versions("us-east-1") == []
    assert run(*words, cwd=folder).returncode == 0
    assert run(*words, "--dry-run", "--fail-on-changes", cwd=folder).returncode == 0


def exchange_zip(folder: Path, _digests: dict[str, str]) -> None:
    shutil.copy(
        folder / "dist/layers/shop-more-311.zip", folder / "dist/layers/shop-code-3.11-x86_64.zip"
    )
    (folder / "dist/layers/shop-code-3.11-x86_64.zip").write_bytes(b"PK other")


def lose_zip(folder: Path, _digests: dict[str, str]) -> None:
    (folder / "dist/layers/shop-more-312.zip").unlink()


def rename_in_metadata(folder: Path, _digests: dict[str, str]) -> None:
    report = folder / "dist/layers/zips.json"
    report.write_text(
        report.read_text().replace('"name": "shop-more-312"', '"name": "their-layer"')
    )


def give_one_target_another(folder: Path, digests: dict[str, str]) -> None:
    stem, content = "shop-code-3.12-x86_64", zipped({"python/b.py": 3})
    (folder / f"dist/layers/{stem}.zip").write_bytes(content)
    file = folder / "dist/layers/zips.json"
    metadata = json.loads(file.read_text())
    for layer in metadata["layers"]:
        if (layer["name"], layer["python"]) == ("shop-code", "3.12"):
            layer["sha256"] = digests[stem] = sha256(content).hexdigest()
    file.write_text(json.dumps(metadata))


def lose_metadata(folder: Path, _digests: dict[str, str]) -> None:
    (folder / "dist/layers/zips.json").unlink()


def track(folder: Path, _digests: dict[str, str]) -> None:
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "-f", "dist/layers/shop-more-312.zip"], cwd=folder, check=True)


def forget_digests(_folder: Path, digests: dict[str, str]) -> None:
    digests.clear()


@pytest.mark.parametrize(
    ("meddle", "why"),
    [
        (exchange_zip, "dist/layers/shop-code-3.11-x86_64.zip is not the zip of input digests"),
        (lose_zip, "there is no dist/layers/shop-more-312.zip"),
        (rename_in_metadata, "zips.json does not tell of shop-more-312.zip"),
        (lose_metadata, "dist/layers/zips.json says nothing of the zips there"),
        (track, "git tracks dist/layers/shop-more-312.zip"),
        (
            give_one_target_another,
            "input digests: 2 different versions would be published as shop-code,",
        ),
        (forget_digests, "nothing says which versions to promote"),
    ],
)
def test_what_is_not_as_it_was_handed_on_is_refused_before_anything_else_is_called(
    run: Run,
    handed: tuple[Path, dict[str, str]],
    proxy: Proxy,
    meddle: Callable[[Path, dict[str, str]], None],
    why: str,
) -> None:
    folder, digests = handed
    meddle(folder, digests)
    words = ["promote", "--aws-region", "us-east-1"]
    words += ["--digests", json.dumps(digests)] if digests else []
    done = run(*words, cwd=folder, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 2
    assert f"error: {why}" in done.stderr
    assert set(proxy.operations()) <= {"GetCallerIdentity"}


@pytest.fixture
def accounts(
    run: Run, dev: Path, proxy: Proxy, ministack: str, tmp_path: Path
) -> Callable[..., CompletedProcess[str]]:
    """Publish in one account; gives what runs in another, which reads by the profile `dev`."""
    proxy.upstream = ministack
    profile = tmp_path / "aws-config"
    profile.write_text(
        f"[profile dev]\naws_access_key_id = {DEV}\naws_secret_access_key = testing\n"
    )
    env = {"AWS_ENDPOINT_URL": proxy.url, "AWS_CONFIG_FILE": str(profile)}
    done = run("publish", env={**env, "AWS_ACCESS_KEY_ID": DEV})
    assert done.returncode == 0, done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(dev / "dist/layers/report.json", elsewhere / "handed.json")
    shutil.copy(dev / "dist/layers/layers.json", elsewhere / "layers.json")
    prod = env | {"AWS_ACCESS_KEY_ID": PROD}
    return lambda *words: run("promote", *words, cwd=elsewhere, env=prod)


def of(url: str, account: str, region: str = REGION) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
    config = Config(region_name=region, retries={"total_max_attempts": 1})
    return session(account).client("lambda", endpoint_url=url, config=config)


AS_DEV = ("--source-profile", "dev")


@pytest.mark.parametrize("named", ["handed.json", "layers.json", "arn"])
def test_versions_go_to_another_account(
    accounts: Callable[..., CompletedProcess[str]], ministack: str, named: str
) -> None:
    arn = f"arn:aws:lambda:{REGION}:{DEV}:layer:shop-code:1"
    done = accounts(arn if named == "arn" else named, *AS_DEV)
    assert done.returncode == 0, done.stderr
    for name in NAMES[: 1 if named == "arn" else 3]:
        there = said(of(ministack, PROD), name)
        assert there == said(of(ministack, DEV), name)
        assert there["description"].startswith("Ours")
    assert f"{arn}, sha256 {said(of(ministack, DEV), 'shop-code')['sha256']}\n" in done.stderr
    again = accounts(arn if named == "arn" else named, *AS_DEV)
    assert again.returncode == 0, again.stderr
    assert "0 published" in again.stderr


def test_what_may_not_be_read_is_said(accounts: Callable[..., CompletedProcess[str]]) -> None:
    nobody = accounts("layers.json", "--source-profile", "nobody")
    assert nobody.returncode == 6
    assert "there is no AWS profile 'nobody'\n" in nobody.stderr
    done = accounts("layers.json")
    assert done.returncode == 6
    assert "AWS does not allow GetLayerVersion" in done.stderr


def digests_of(workspace: Path) -> dict[str, str]:
    """Give the digests of the zips that a publish left."""
    zips = (workspace / "dist/layers").glob("*.zip")
    return {file.stem: sha256(file.read_bytes()).hexdigest() for file in zips}


@pytest.mark.parametrize("stem", ["shop-code", "shop-code-3.11-x86_64", "shop-code-3.12-x86_64"])
@pytest.mark.parametrize("named", ["layers.json", "arn"])
def test_versions_that_hold_other_zips_than_was_said_are_refused(
    accounts: Callable[..., CompletedProcess[str]],
    ministack: str,
    dev: Path,
    stem: str,
    named: str,
) -> None:
    arn = f"arn:aws:lambda:{REGION}:{DEV}:layer:shop-code:1"
    digests = json.dumps(digests_of(dev) | {stem: "0" * 64})
    done = accounts(arn if named == "arn" else named, "--digests", digests, *AS_DEV)
    assert done.returncode == 2, done.stderr
    assert (
        f"error: {arn} is not the version that input digests means: its zip is another\n"
    ) in done.stderr
    assert of(ministack, PROD).list_layers()["Layers"] == []


@pytest.mark.parametrize(
    ("rename", "advice"),
    [
        ({"shop-more-312": "shop-more-321"}, "did you mean 'shop-more-321'?"),
        ({"shop-more-312": "shop-more-312-3.12"}, "did you mean 'shop-more-312-3.12'?"),
        ({"shop-more-312": ""}, "a publish hands on no digest of what it did not build"),
    ],
)
def test_a_version_that_no_digest_is_of_is_told(
    accounts: Callable[..., CompletedProcess[str]],
    dev: Path,
    rename: dict[str, str],
    advice: str,
) -> None:
    digests = {rename.get(stem, stem): digest for stem, digest in digests_of(dev).items()}
    digests.pop("", None)
    done = accounts("layers.json", "--digests", json.dumps(digests), *AS_DEV)
    assert done.returncode == 0, done.stderr
    arn = f"arn:aws:lambda:{REGION}:{DEV}:layer:shop-more-312:1"
    assert (
        f"warning: layer more: input digests has none of shop-more-312: {arn} is held against what"
        f" AWS says of it alone\n  → {advice}"
    ) in done.stderr
    assert done.stderr.count("input digests has none of") == 1


def test_a_version_whose_digest_a_report_has_lacks_none(
    accounts: Callable[..., CompletedProcess[str]], dev: Path, tmp_path: Path
) -> None:
    shutil.copy(dev / "dist/layers/report.json", tmp_path / "elsewhere" / "report.json")
    done = accounts("layers.json", "--digests", "{}", *AS_DEV)
    assert done.returncode == 0, done.stderr
    assert "input digests has none of" not in done.stderr


def test_digests_may_be_of_more_than_is_promoted(
    accounts: Callable[..., CompletedProcess[str]], ministack: str, dev: Path
) -> None:
    digests = json.dumps(digests_of(dev) | {"shop-other": "0" * 64})
    done = accounts("layers.json", "--layers", "code", "--digests", digests, *AS_DEV)
    assert done.returncode == 0, done.stderr
    names = [layer["LayerName"] for layer in of(ministack, PROD).list_layers()["Layers"]]
    assert names == ["shop-code"]


def bytes_of(proxy: Proxy, location: Callable[[str], str]) -> None:
    """Have AWS give another address of each zip."""

    class Elsewhere:
        def refuse(self, _: Call) -> Answer | None:
            return None

        def amend(self, call: Call, answer: Answer) -> Answer:
            if call.operation != "GetLayerVersion" or answer.status != 200:
                return answer
            found = json.loads(answer.body)
            found["Content"]["Location"] = location(found["Content"]["Location"])
            return Answer(status=200, body=json.dumps(found).encode())

    proxy.rules = [Elsewhere()]


@pytest.mark.parametrize("wrong", [2, 99])
def test_a_zip_that_comes_wrong_is_fetched_again(
    accounts: Callable[..., CompletedProcess[str]],
    ministack: str,
    proxy: Proxy,
    serve: Callable[..., str],
    wrong: int,
) -> None:
    asked: list[object] = []

    def answer(request: object) -> tuple[int, Mapping[str, str], bytes]:
        asked.append(request)
        return (500, {}, b"") if len(asked) == 1 else (200, {}, b"other bytes")

    url = serve(answer)
    bytes_of(proxy, lambda right: url if len(asked) < wrong else right)
    done = accounts(f"arn:aws:lambda:{REGION}:{DEV}:layer:shop-code:1", *AS_DEV)
    if wrong == 2:
        assert done.returncode == 0, done.stderr
        assert said(of(ministack, PROD), "shop-code") == said(of(ministack, DEV), "shop-code")
        return
    assert done.returncode == 6
    assert "layer:shop-code:1 could not be fetched\n    the server answers 500\n" in done.stderr
    assert f"    its sha256 is {sha256(b'other bytes').hexdigest()}, and AWS says " in done.stderr
    assert of(ministack, PROD).list_layers()["Layers"] == []


def test_the_wrong_account_ends_it_before_anything_is_read(
    accounts: Callable[..., CompletedProcess[str]], proxy: Proxy
) -> None:
    proxy.heard.clear()
    done = accounts("layers.json", *AS_DEV, "--account", DEV)
    assert done.returncode == 6
    assert f"these credentials are of the account {PROD}, and the input account says {DEV}" in (
        done.stderr
    )
    assert set(proxy.operations()) == {"GetCallerIdentity"}
    assert accounts("layers.json", *AS_DEV, "--account", PROD).returncode == 0


@pytest.mark.parametrize("on_top", [0, 1])
def test_a_name_of_another_owner_is_refused(
    accounts: Callable[..., CompletedProcess[str]], ministack: str, workspace: Path, on_top: int
) -> None:
    zipped = (workspace / "dist/layers/shop-more-311.zip").read_bytes()
    api = of(ministack, PROD)
    theirs = f"[llb1 {'k' * 22} another/team:layers.yml -]"
    for text in [theirs, *["by hand"] * on_top]:
        api.publish_layer_version(
            LayerName="shop-code", Content={"ZipFile": zipped}, Description=text
        )
    done = accounts("layers.json", *AS_DEV)
    assert done.returncode == 6
    assert "layer code: the name 'shop-code' on AWS is another owner's: " in done.stderr
    assert "was published by another/team:layers.yml" in done.stderr
    assert [layer["LayerName"] for layer in api.list_layers()["Layers"]] == ["shop-code"]


def test_a_rehearsal_in_the_sandbox_reaches_nobody(
    run: Run, handed: tuple[Path, dict[str, str]], proxy: Proxy
) -> None:
    folder, digests = handed
    words = ("promote", "--sandbox", "--digests", json.dumps(digests))
    done = run(*words, cwd=folder, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "Lambda layers: 2 published to the sandbox, 0 unchanged\n" in done.stderr
    assert proxy.operations() == []
