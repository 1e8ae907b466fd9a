"""Licences and bills of materials, from real wheels to AWS and the output dir."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HEAD = f'version: 1\npython: "{PYTHON}"\nproof: static\n'
LAYER = "layers:\n  core: {packages: [free, viral, silent]}\n"
GPL = "Classifier: License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)"


@pytest.fixture(autouse=True)
def wheels(add_wheel: Add) -> None:
    """Put three on the index: one of MIT, one of the GPL, one that says nothing certain."""
    add_wheel(
        "free", "1.0",
        {"free.py": "A = 1\n", "free-1.0.dist-info/licenses/LICENSE": "MIT!\n",
         "free-1.0.dist-info/licenses/vendored/COPYING.txt": "BSD!\n"},
        headers=["License-Expression: MIT"],
    )  # fmt: skip
    add_wheel(
        "viral", "2.0",
        {"viral/__init__.py": "B = 1\n", "viral-2.0.dist-info/LICENSE.txt": "GPL!\n",
         "viral/LICENSE.md": "GPL!\n", "viral/README.md": "words\n"},
        headers=[GPL],
    )  # fmt: skip
    add_wheel("silent", "3.0", {"silent.py": "C = 1\n"}, headers=["License: BSD"])


def write(workspace: Path, more: str = "") -> None:
    (workspace / "layers.yml").write_text(HEAD + more + LAYER)


def report(workspace: Path) -> dict[str, Any]:
    found = json.loads((workspace / "dist/layers/report.json").read_text())
    assert isinstance(found, dict)
    return found


def test_each_layer_has_a_bill_of_materials(run: Run, workspace: Path) -> None:
    write(workspace)
    assert run("build").returncode == 0
    [layer] = report(workspace)["layers"]
    file = workspace / "dist/layers/core.cdx.json"
    content = file.read_bytes()
    assert layer["sbom"] == {
        "path": "dist/layers/core.cdx.json",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode()) is None
    bill = json.loads(content)
    assert "timestamp" not in bill["metadata"]
    assert bill["metadata"]["component"]["hashes"] == [
        {"alg": "SHA-256", "content": layer["sha256"]}
    ]
    parts = {
        part["purl"]: [one.get("expression") or one["license"]["name"] for one in part["licenses"]]
        for part in bill["components"]
    }
    assert parts == {
        "pkg:pypi/free@1.0": ["MIT"],
        "pkg:pypi/viral@2.0": ["GPL-3.0-or-later"],
        "pkg:pypi/silent@3.0": ["BSD"],
    }
    assert layer["license_info"] == "GPL-3.0-or-later AND MIT AND LicenseRef-unknown"
    assert [(one["name"], one["license"], one["said"]) for one in layer["licenses"]] == [
        ("free", "MIT", None),
        ("silent", None, "BSD"),
        ("viral", "GPL-3.0-or-later", None),
    ]
    shown = "icences: GPL-3.0-or-later AND MIT AND LicenseRef-unknown; core.cdx.json, sha256 "
    for page in ("report.md", "report.html"):
        text = (workspace / "dist/layers" / page).read_text().replace("\\", "")
        assert f"{shown}{layer['sbom']['sha256'][:12]}" in text, page
    # The same again, elsewhere, in other hash order; another layer has another serial number.
    again = workspace / "again"
    done = run("build", "--output-dir", "again", env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"})
    assert done.returncode == 0, done.stderr
    assert (again / "core.cdx.json").read_bytes() == content
    (workspace / "layers.yml").write_text(HEAD + LAYER.replace(", silent", ""))
    assert run("build").returncode == 0
    assert json.loads(file.read_text())["serialNumber"] != bill["serialNumber"]


def test_the_bill_says_who_requires_whom_on_the_target(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("leaf", "1.0", {"leaf.py": "A = 1\n"})
    add_wheel("extra", "1.0", {"extra.py": "A = 1\n"})
    add_wheel(
        "middle", "1.0", {"middle.py": "A = 1\n"},
        headers=["Requires-Dist: leaf", "Provides-Extra: more", 'Requires-Dist: extra ; extra == "more"'],
    )  # fmt: skip
    add_wheel(
        "top", "1.0", {"top.py": "A = 1\n"},
        headers=["Requires-Dist: middle[more]>=1", 'Requires-Dist: leaf ; sys_platform == "win32"'],
    )  # fmt: skip
    (workspace / "layers.yml").write_text(f"{HEAD}layers:\n  core: {{packages: [top]}}\n")
    done = run("build")
    assert done.returncode == 0, done.stderr
    content = (workspace / "dist/layers/core.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content) is None
    edges = {one["ref"]: one.get("dependsOn", []) for one in json.loads(content)["dependencies"]}
    assert edges == {
        "layer": [f"pkg:pypi/{name}@1.0" for name in ("extra", "leaf", "middle", "top")],
        "pkg:pypi/top@1.0": ["pkg:pypi/middle@1.0"],
        "pkg:pypi/middle@1.0": ["pkg:pypi/extra@1.0", "pkg:pypi/leaf@1.0"],
        "pkg:pypi/extra@1.0": [],
        "pkg:pypi/leaf@1.0": [],
    }


@pytest.mark.parametrize("prune", ["safe", "aggressive"])
def test_texts_of_licences_stay(run: Run, workspace: Path, prune: str) -> None:
    write(workspace, f"prune: {prune}\n")
    assert run("build").returncode == 0
    with zipfile.ZipFile(workspace / "dist/layers/core.zip") as archive:
        names = {name.removeprefix("python/") for name in archive.namelist()}
    assert {
        "free-1.0.dist-info/licenses/LICENSE",
        "free-1.0.dist-info/licenses/vendored/COPYING.txt",
        "viral-2.0.dist-info/LICENSE.txt",
        "viral/LICENSE.md",
    } <= names
    assert ("viral/README.md" in names) == (prune == "safe")


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ("licenses: {deny: [GPL-3.0-or-later]}\n", ["viral"]),
        ("licenses: {deny: ['GPL-*', unknown]}\n", ["silent", "viral"]),
        ("licenses: {allow: [MIT, unknown]}\n", ["viral"]),
        ("licenses: {allow: [MIT]}\n", ["silent", "viral"]),
        ("licenses: {allow: [MIT, unknown, GPL-3.0-or-later]}\n", []),
        ("licenses: {deny: [AGPL-3.0-only]}\n", []),
    ],
)
def test_a_policy_is_enforced(
    run: Run, workspace: Path, versions: Callable[..., list[str]], more: str, refused: list[str]
) -> None:
    write(workspace, more)
    done = run("publish")
    assert done.returncode == (2 if refused else 0), done.stderr
    errors = report(workspace)["errors"]
    assert [error["message"].partition(" ")[0] for error in errors] == refused
    assert {error["place"] for error in errors} <= {"layers.yml:4:1"}
    assert bool(versions()) != bool(refused)


def test_a_policy_holds_for_what_is_published_already(
    run: Run, workspace: Path, versions: Callable[..., list[str]]
) -> None:
    write(workspace)
    assert run("publish").returncode == 0
    assert report(workspace)["layers"][0]["action"] == "published"
    assert run("publish").returncode == 0
    assert report(workspace)["layers"][0]["known"]
    write(workspace, "licenses: {deny: ['GPL-*']}\n")
    done = run("publish")
    assert done.returncode == 2, done.stderr
    assert (
        "viral 2.0 has the licence GPL-3.0-or-later, and licenses: does not let that in"
        in done.stderr
    )
    assert len(versions()) == 1


def test_aws_shows_the_licences(
    run: Run, workspace: Path, client: Callable[..., Any], versions: Callable[..., list[str]]
) -> None:
    write(workspace)
    assert run("publish").returncode == 0
    [arn] = versions()
    shown = client("lambda").get_layer_version(LayerName="core", VersionNumber=1)["LicenseInfo"]
    assert shown == "GPL-3.0-or-later AND MIT AND LicenseRef-unknown"
    # Built anew it is the same, and what the manifest says takes its place.
    assert run("publish", "--rebuild").returncode == 0
    assert versions() == [arn]
    write(workspace, "license: Ours\n")
    assert run("publish").returncode == 0
    assert len(versions()) == 2
    second = client("lambda").get_layer_version(LayerName="core", VersionNumber=2)
    assert second["LicenseInfo"] == "Ours"


@pytest.mark.parametrize("wrong", ["GPLish", "ISC OR 0BSD"])
def test_what_is_no_licence_is_a_mistake_at_its_line(run: Run, workspace: Path, wrong: str) -> None:
    write(workspace, f"licenses: {{allow: [MIT, {wrong}]}}\n")
    done = run("build")
    assert done.returncode == 2
    assert "layers.yml:4:25: " in done.stderr
    assert "it is no SPDX identifier such as BSD-3-Clause" in done.stderr


def test_nothing_of_it_loads_before_a_zip_is_there() -> None:
    words = [
        sys.executable, "-c",
        "import sys; from layer_builder import main, tell, weighing; "
        "print([m for m in ('cyclonedx', 'license_expression', 'packageurl') if m in sys.modules])",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
