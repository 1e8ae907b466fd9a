"""Several Pythons and architectures from one layer; what did not change is not done again."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:{}:{}"
HEAD = """\
version: 1
python: ["3.12", "3.13"]
architecture: [x86_64, arm64]
proof: off
"""
TARGETS = ["3.12-x86_64", "3.12-arm64", "3.13-x86_64", "3.13-arm64"]


def report(workspace: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((workspace / "dist/layers/report.json").read_text())
    return read


def contents(workspace: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (workspace / "dist/layers").glob("*.zip")}


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, str | None]:
    """Give the environment of runs that share a build cache."""
    folder = tmp_path / "cache"
    return {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(folder)}


@pytest.fixture(autouse=True)
def _shelf(add_wheel: Add) -> None:
    add_wheel("pure", "1.0", {"pure.py": ""})
    for python in ("312", "313"):
        for machine in ("x86_64", "aarch64"):
            tag = f"cp{python}-cp{python}-manylinux_2_17_{machine}"
            add_wheel("mixed", "1.0", {"mixed.py": f"BUILT = '{tag}'\n"}, tag=tag)


def test_equal_content_is_one_release_for_all_its_targets(
    run: Run, workspace: Path, client: Callable[..., Any], versions: Callable[..., list[str]]
) -> None:
    (workspace / "layers.yml").write_text(HEAD + "layers:\n  core: {packages: [pure]}\n")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    arn = ARN.format("core", 1)
    assert versions() == [arn]
    assert json.loads(done.stdout) == {"core": dict.fromkeys(TARGETS, arn)}
    published = client("lambda").get_layer_version(LayerName="core", VersionNumber=1)
    assert published["CompatibleRuntimes"] == ["python3.12", "python3.13"]
    assert sorted(published["CompatibleArchitectures"]) == ["arm64", "x86_64"]
    assert [
        (f"{layer['python']}-{layer['architecture']}", layer["arn"])
        for layer in report(workspace)["layers"]
    ] == [(target, {"eu-west-1": arn}) for target in TARGETS]
    assert "1 published" in done.stderr


def test_unequal_content_under_one_name_is_refused_before_anything_is_published(
    run: Run, workspace: Path, versions: Callable[..., list[str]]
) -> None:
    (workspace / "layers.yml").write_text(
        HEAD + "layers:\n  pure: {packages: [pure]}\n  core: {packages: [mixed]}\n"
    )
    done = run("publish")
    assert done.returncode == 2
    assert versions() == []
    assert "layers.yml:7:3: layer core: its targets" in done.stderr
    assert "have one name on AWS, 'core', and not the same content" in done.stderr
    assert 'name: "{layer}-{python}-{architecture}"' in done.stderr


def test_names_with_the_target_tell_unequal_content_apart(
    run: Run, workspace: Path, client: Callable[..., Any]
) -> None:
    (workspace / "layers.yml").write_text(
        HEAD + 'name: "{layer}-{python}-{architecture}"\nlayers:\n  core: {packages: [mixed]}\n'
        "functions:\n"
        '  old: {layers: [core], python: "3.12", architecture: arm64}\n'
        '  new: {layers: [core], python: "3.13", architecture: x86_64}\n'
    )
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "core": {
            "3.12-x86_64": ARN.format("core-312-x86_64", 1),
            "3.12-arm64": ARN.format("core-312-arm64", 1),
            "3.13-x86_64": ARN.format("core-313-x86_64", 1),
            "3.13-arm64": ARN.format("core-313-arm64", 1),
        }
    }
    published = client("lambda").get_layer_version(LayerName="core-313-arm64", VersionNumber=1)
    assert published["CompatibleRuntimes"] == ["python3.13"]
    assert published["CompatibleArchitectures"] == ["arm64"]
    functions = {one["key"]: one["arns"]["eu-west-1"] for one in report(workspace)["functions"]}
    assert functions == {
        "old": [ARN.format("core-312-arm64", 1)],
        "new": [ARN.format("core-313-x86_64", 1)],
    }


def test_a_name_with_the_python_alone_joins_the_architectures(
    run: Run, workspace: Path, versions: Callable[..., list[str]]
) -> None:
    (workspace / "layers.yml").write_text(
        HEAD + 'layers:\n  core: {packages: [pure], name: "{layer}-{python}"}\n'
    )
    assert run("publish").returncode == 0
    assert versions() == [ARN.format("core-312", 1), ARN.format("core-313", 1)]


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("again", [("publish", "known"), ("build", "reused")])
def test_a_second_run_does_nothing(  # noqa: PLR0913 (the fixtures it needs)
    run: Run,
    workspace: Path,
    versions: Callable[..., list[str]],
    kept: dict[str, str | None],
    *,
    locked: bool,
    again: tuple[str, str],
) -> None:
    command, how = again
    (workspace / "src").mkdir()
    (workspace / "src/code.py").write_text("")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nlayers:\n'
        "  code: {include: src/}\n  core: {packages: [pure]}\n"
        "  more: {packages: [mixed, pure], requires: [core]}\n  same: {packages: [pure]}\n"
        "functions: {f: {layers: [code, core, more]}}\n"
    )
    if locked:
        assert run("lock").returncode == 0
    assert run("publish", env=kept).returncode == 0
    before, published = contents(workspace), versions()
    assert len(published) == len(before) == 4
    done = run(command, env=kept | ({"UV_OFFLINE": "1"} if locked else {}))
    assert done.returncode == 0, done.stderr
    assert (contents(workspace), versions()) == (before, published)
    assert "installed" not in done.stderr
    assert ": zipped " not in done.stderr
    assert ("0 published, 4 unchanged" in done.stderr) is (command == "publish")
    assert {layer["key"]: layer[how] for layer in report(workspace)["layers"]} == {
        "code": True, "core": True, "more": True, "same": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        ("packages: [pure], prune: off", True),
        ("packages: [pure], prune: aggressive", True),
        ('packages: [pure], keep: ["x"]', True),
        ("packages: [pure], proof: static", True),
        ("packages: [pure], compression: best", True),
        ('packages: ["pure>=1"]', True),
        ("packages: [pure], description: words", False),
        ("packages: [pure], limits: {zip: 1 MiB}", False),
    ],
)
def test_a_zip_made_under_other_rules_is_never_taken_up(
    run: Run, workspace: Path, kept: dict[str, str | None], change: str, *, rebuilt: bool
) -> None:
    head = 'version: 1\npython: "3.12"\nproof: off\nlayers:\n  core: '
    for entry in ("packages: [pure]", change):
        (workspace / "layers.yml").write_text(f"{head}{{{entry}}}\n")
        done = run("build", env=kept)
        assert done.returncode == 0, done.stderr
    assert report(workspace)["layers"][0]["reused"] is not rebuilt


def test_a_changed_file_and_a_changed_mode_are_built_anew(
    run: Run, workspace: Path, kept: dict[str, str | None]
) -> None:
    file = workspace / "src/run.sh"
    file.parent.mkdir()
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers:\n  code: {include: src/}\n'
    )
    reused = []
    for text, mode in (("a", 0o644), ("a", 0o644), ("b", 0o644), ("b", 0o755), ("b", 0o755)):
        file.write_text(text)
        file.chmod(mode)
        os.utime(file)
        assert run("build", env=kept).returncode == 0
        reused.append(report(workspace)["layers"][0]["reused"])
    assert reused == [False, True, False, False, True]


def test_the_legs_of_a_matrix_build_all_once_and_publish_takes_them_up(
    run: Run, workspace: Path
) -> None:
    (workspace / "layers.yml").write_text(
        HEAD + 'name: "{layer}-{python}-{architecture}"\nlayers:\n  low: {packages: [pure]}\n'
        "  high: {packages: [mixed], requires: [low]}\n  lone: {packages: [mixed]}\n"
    )
    digests: dict[str, str] = {}
    for target in TARGETS:
        python, architecture = target.split("-")
        for layers in ("low,high", "lone"):
            leg = ("--layers", layers, "--python", python, "--architecture", architecture)
            done = run("build", *leg)
            assert done.returncode == 0, done.stderr
            built = {layer["name"]: layer["sha256"] for layer in report(workspace)["layers"]}
            assert len(built) == len(layers.split(","))
            assert not digests.keys() & built.keys()
            digests |= built
    assert digests.keys() == {path.removesuffix(".zip") for path in contents(workspace)}
    done = run("publish", "--build", "never", "--digests", json.dumps(digests))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(": took up ") == len(digests) == 12
    assert done.stderr.count("; published as ") == 12


def test_a_part_of_what_one_version_serves_is_not_published(
    run: Run, workspace: Path, versions: Callable[..., list[str]]
) -> None:
    (workspace / "layers.yml").write_text(HEAD + "layers:\n  core: {packages: [pure]}\n")
    done = run("publish", "--python", "3.13", "--architecture", "arm64")
    assert done.returncode == 2
    assert "has the same name on AWS, 'core', and is left out" in done.stderr
    assert versions() == []
    assert run("build", "--python", "3.13", "--architecture", "arm64").returncode == 0
