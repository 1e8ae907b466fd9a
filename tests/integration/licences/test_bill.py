"""Bills of materials: the wheels that were installed, and what the layer itself asks for with extras."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.integration.licences.test_licences import PYTHON
from tests.integration.resolve.sdists import add_sdist

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

HEAD = f'version: 1\npython: "{PYTHON}"\nproof: static\n'


def bill(path: Path) -> dict[str, Any]:
    text = path.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def hashes(path: Path) -> dict[str, str | None]:
    parts = bill(path)["components"]
    assert all(one["alg"] == "SHA-256" for part in parts for one in part.get("hashes", []))
    return {
        part["name"]: part["hashes"][0]["content"] if "hashes" in part else None for part in parts
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_each_component_has_the_hash_of_its_wheel(
    run: Run, workspace: Path, tmp_path: Path, add_wheel: Add
) -> None:
    plain = add_wheel("plain", "1.0", {"plain.py": "A = 1\n"})
    wheels = {
        machine: add_wheel(
            "native-one", "1.0", {"native_one.py": f"B = {machine!r}\n"},
            tag=f"py3-none-manylinux_2_17_{machine}",
        )
        for machine in ("x86_64", "aarch64")
    }  # fmt: skip
    # A lock has these hashes, too.
    add_sdist(tmp_path / "index", "plain", {"plain.py": "A = 1\n"}, version="1.0")
    add_sdist(tmp_path / "index", "made", {"made.py": "C = 1\n"})
    (workspace / "layers.yml").write_text(
        f"{HEAD}architecture: [x86_64, arm64]\nname: '{{layer}}-{{architecture}}'\n"
        "layers:\n  core: {packages: [plain, Native.One]}\n"
        "  made: {packages: [made], build: [made]}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    first = {}
    for name, machine in (("x86_64", "x86_64"), ("arm64", "aarch64")):
        file = workspace / f"dist/layers/core-{name}.cdx.json"
        first[file] = file.read_bytes()
        assert hashes(file) == {"plain": sha256(plain), "native-one": sha256(wheels[machine])}
        assert hashes(workspace / f"dist/layers/made-{name}.cdx.json") == {"made": None}
    packages = json.loads((workspace / "dist/layers/report.json").read_text())["layers"][0][
        "packages"
    ]
    assert {one["name"]: one["wheel_sha256"] for one in packages}["plain"] == sha256(plain)
    # From the cache of builds; then built anew from a cache of uv's that has all of these wheels.
    for env in ({}, {"LAYER_BUILDER_NO_CACHE": "1"}):
        assert run("build", env=env).returncode == 0
        assert {file: file.read_bytes() for file in first} == first


def test_extras_that_the_layer_asks_for_are_in_the_graph(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("extra", "1.0", {"extra.py": "A = 1\n"})
    add_wheel(
        "top", "1.0", {"top.py": "A = 1\n"},
        headers=["Provides-Extra: More_So", 'Requires-Dist: extra ; extra == "More_So"'],
    )  # fmt: skip
    (workspace / "layers.yml").write_text(
        f"{HEAD}layers:\n  core: {{packages: ['Top[more-so]']}}\n  bare: {{packages: [top, extra]}}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    found = {}
    for layer in ("core", "bare"):
        edges = bill(workspace / f"dist/layers/{layer}.cdx.json")["dependencies"]
        found[layer] = {one["ref"]: one.get("dependsOn", []) for one in edges}["pkg:pypi/top@1.0"]
    assert found == {"core": ["pkg:pypi/extra@1.0"], "bare": []}
