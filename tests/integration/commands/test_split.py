"""`split`: proposes layers for one that is too large, writes them, and they build."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
import yaml

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

REPOSITORY = Path(__file__).resolve().parents[3]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
HEAD = f"""\
# Kept as it is.
version: 1
python: "{PYTHON}"
architecture: {MACHINE}
prune: off
compression: fast
"""
MIB = 1024 * 1024


def layers(workspace: Path) -> dict[str, Any]:
    read = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    return {layer["key"]: layer for layer in read}


def held(workspace: Path) -> dict[str, list[str]]:
    return {key: [package["name"] for package in layer["packages"]]
            for key, layer in layers(workspace).items()}  # fmt: skip


@pytest.fixture
def filled_index(add_wheel: Add) -> None:
    """Fill the index: app needs two large ones, each of 20 MiB that do not compress."""
    for name, requires in (("left", []), ("right", []), ("top", ["left"])):
        data = random.Random(name).randbytes(20 * MIB)
        files = {f"{name}/__init__.py": "", f"{name}/data.bin": data}
        add_wheel(name, "1.0", files, requires=requires)
    add_wheel("app", "1.0", {"app.py": "import left, right, top\n"}, requires=["right", "top"])


@pytest.mark.usefixtures("filled_index")
def test_a_layer_over_the_limit_is_split_along_its_requirements_and_builds(
    run: Run, workspace: Path
) -> None:
    manifest = workspace / "layers.yml"
    manifest.write_text(
        HEAD + "layers:\n"
        "  core:  # too large\n"
        '    packages: ["app==1.0"]\n'
        "    name: shop\n"
        "    imports: [app]\n"
        "functions:\n"
        "  f: {layers: [core]}  # kept too\n"
    )
    refused = run("build")
    assert refused.returncode == 5
    assert "→ layer-builder split core --write (" in refused.stderr

    before = manifest.read_text()
    proposed = run("split", "core")
    assert proposed.returncode == 0, proposed.stderr
    assert manifest.read_text() == before
    assert re.findall(r"^# (core-\d): (\d) distributions", proposed.stdout, re.MULTILINE) == [
        ("core-1", "2"),
        ("core-2", "2"),
    ]

    written = run("split", "core", "--write")
    assert written.returncode == 0, written.stderr
    assert written.stdout == proposed.stdout
    text = manifest.read_text()
    assert text.startswith(HEAD)
    assert text.endswith("functions:\n  f: {layers: [core-1, core-2]}  # kept too\n")
    assert [entry["name"] for entry in yaml.safe_load(text)["layers"].values()] == [
        "shop-1",
        "shop-2",
    ]
    done = run("build")
    assert done.returncode == 0, done.stderr
    found = held(workspace)
    assert sorted(name for level in found.values() for name in level) == [
        "app", "left", "right", "top",
    ]  # fmt: skip
    assert "app" in found["core-2"]
    assert layers(workspace)["core-2"]["proof"]["imported"][0] == "app"


@pytest.mark.usefixtures("filled_index")
def test_three_layers_have_three_names(run: Run, workspace: Path) -> None:
    (workspace / "layers.yml").write_text(
        HEAD + "limits: {zip: 21 MiB}\nlayers:\n  core: {packages: [app], name: shop, proof: off}\n"
    )
    done = run("split", "core", "--write")
    assert done.returncode == 0, done.stderr
    entries = yaml.safe_load((workspace / "layers.yml").read_text())["layers"]
    assert [entry["name"] for entry in entries.values()] == ["shop-1", "shop-2", "shop-3"]
    assert run("build").returncode == 0


@pytest.mark.usefixtures("filled_index")
def test_a_layers_own_limit_unzipped_is_met_by_each_of_the_new_ones(
    run: Run, workspace: Path
) -> None:
    (workspace / "layers.yml").write_text(
        HEAD + "layers:\n  core: {packages: [app], proof: off, limits: {unzipped: 50 MiB}}\n"
        "functions:\n  f: {layers: [core]}\n"
    )
    assert run("build").returncode == 5
    done = run("split", "core", "--write")
    assert done.returncode == 0, done.stderr
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert sorted(map(len, held(workspace).values())) == [2, 2]


@pytest.mark.usefixtures("filled_index")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("limits: {zip: 10 MiB}", "alone takes 20.0 MiB zipped, and a layer may have "),
        ("limits: {unzipped: 10 MiB}", "alone takes 20.0 MiB unzipped, and a layer may have 10.0"),
    ],
)
def test_what_no_split_helps_says_who_takes_the_bytes_and_what_then(
    run: Run, workspace: Path, settings: str, said: str
) -> None:
    manifest = workspace / "layers.yml"
    manifest.write_text(HEAD + f"layers:\n  core: {{packages: [app], proof: off, {settings}}}\n")
    before = manifest.read_text()
    done = run("split", "core", "--write")
    assert done.returncode == 5, done.stderr
    assert "layers.yml:8:3: layer core: no split helps: " in done.stderr
    assert said in done.stderr
    assert re.search(
        r"    +\d\d\.\d MiB zipped +\d\d\.\d MiB unzipped  (left|right|top)\n", done.stderr
    )
    assert "  → what cannot fit 250 MiB runs as a container image (10 GiB)\n" in done.stderr
    assert manifest.read_text() == before


def test_a_layer_that_fits_is_left_alone(run: Run, workspace: Path, add_wheel: Add) -> None:
    add_wheel("a", "1.0", {"a.py": ""})
    (workspace / "src").mkdir()
    (workspace / "src/code.py").write_text("")
    manifest = workspace / "layers.yml"
    manifest.write_text(HEAD + "layers:\n  core: {packages: [a]}\n  code: {include: src/}\n")
    before = manifest.read_text()
    for key in ("core", "code"):
        done = run("split", key, "--write")
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"# {key} fits as it is\n"
    assert manifest.read_text() == before


def test_a_layer_that_is_not_there_is_named_with_the_nearest(run: Run, workspace: Path) -> None:
    (workspace / "layers.yml").write_text(HEAD + "layers:\n  core: {packages: [a]}\n")
    done = run("split", "cora")
    assert done.returncode == 2
    assert "layers.yml: there is no layer 'cora'\n  → " in done.stderr
    assert "core" in done.stderr


@pytest.mark.usefixtures("filled_index")
def test_each_line_for_a_distribution_goes_along(run: Run, workspace: Path) -> None:
    lines = "right==1.0; python_version >= '3.0'\nright==0.9; python_version < '3.0'\nleft\ntop\n"
    (workspace / "core.txt").write_text(lines)
    (workspace / "layers.yml").write_text(
        HEAD + "layers:\n  core: {requirements: core.txt, proof: off}\n"
    )
    done = run("split", "core", "--write")
    assert done.returncode == 0, done.stderr
    assert run("build").returncode == 0
    assert sorted(chain(*held(workspace).values())) == ["left", "right", "top"]


# The real index.


def real(folder: Path, *arguments: str) -> CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "INPUT_"))}
    return subprocess.run(
        [sys.executable, "-m", "layer_builder", *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.network
def test_a_scientific_stack_is_proposed_built_and_proved(workspace: Path) -> None:
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\ncompression: fast\nlayers:\n'
        "  science: {packages: [pandas, scipy, matplotlib]}\n"
        "functions: {f: {layers: [science]}}\n"
    )
    split = real(workspace, "split", "science", "--write")
    assert split.returncode == 0, split.stderr
    done = real(workspace, "build")
    assert done.returncode == 0, done.stderr
    found = layers(workspace)
    assert len(found) > 1
    everything = list(chain(*held(workspace).values()))
    assert len(everything) == len(set(everything))
    assert {"pandas", "scipy", "matplotlib", "numpy"} <= set(everything)
    proven = {name for layer in found.values() for name in layer["proof"]["imported"]}
    assert {"pandas", "scipy", "matplotlib"} <= proven


@pytest.mark.network
def test_what_is_too_much_for_any_stack_names_who_takes_the_bytes(workspace: Path) -> None:
    wanted = "boto3, pandas, scipy, pyarrow, scikit-learn, requests, pydantic"
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\ncompression: fast\nproof: static\n'
        f"layers:\n  all: {{packages: [{wanted}]}}\nfunctions: {{f: {{layers: [all]}}}}\n"
    )
    done = real(workspace, "split", "all", "--write")
    if done.returncode == 0:
        built = real(workspace, "build")
        assert built.returncode == 0, built.stderr
        assert sum(layer["unzipped_bytes"] for layer in layers(workspace).values()) < 250 * MIB
        return
    assert done.returncode == 5, done.stderr
    assert re.search(
        r"no split helps: together they unzip to [\d.]+ MiB, and 250\.0 MiB", done.stderr
    )
    named = re.findall(r"iB unzipped  (\S+)\n", done.stderr)
    assert {"pyarrow", "scipy", "pandas"} <= set(named[:4])
    refused = real(workspace, "build")
    assert refused.returncode == 5
    assert re.search(r"heaviest distributions, unzipped:\n +[\d.]+ MiB  pyarrow ", refused.stderr)
