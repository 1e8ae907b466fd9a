"""Layers that are loaded together: resolved as one, nothing twice, weighed as a sum."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

REPOSITORY = Path(__file__).resolve().parents[3]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
MIB = 1024 * 1024
HEAD = f'version: 1\npython: "{PYTHON}"\narchitecture: {MACHINE}\nproof: off\n'
FOREIGN = "arn:aws:lambda:eu-west-1:123456789012:layer:{}:1"


def write(workspace: Path, text: str) -> None:
    (workspace / "layers.yml").write_text(HEAD + text)


def layers(workspace: Path) -> dict[str, dict[str, Any]]:
    read = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    return {layer["key"]: layer for layer in read}


def versions(workspace: Path) -> dict[str, dict[str, str]]:
    return {
        key: {package["name"]: package["version"] for package in layer["packages"]}
        for key, layer in layers(workspace).items()
    }


def names(workspace: Path, key: str) -> set[str]:
    with zipfile.ZipFile(workspace / f"dist/layers/{key}.zip") as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture
def filled_index(add_wheel: Add) -> None:
    """Fill the index: `old` wants base<2, `any` any base; base 1 and 2 are there."""
    for version in ("1.0", "2.0"):
        add_wheel("base", version, {"base.py": f"V = {version}\n"})
    add_wheel("old", "1.0", {"old.py": "import base\n"}, requires=["base<2"])
    add_wheel("new", "1.0", {"new.py": "import base\n"}, requires=["base>=2"])
    add_wheel("any", "1.0", {"any.py": "import base\n"}, requires=["base"])


@pytest.mark.usefixtures("filled_index")
@pytest.mark.parametrize(
    ("tie", "expected"),
    [
        ("functions: {f: {layers: [lower, upper]}}", {"any": "1.0", "base": "1.0"}),
        ("functions: {f: {layers: [upper, lower]}}", {"any": "1.0", "base": "1.0"}),
        ("functions: {f: {layers: [lower]}, g: {layers: [upper]}}", {"any": "1.0", "base": "2.0"}),
        ("functions: {f: {layers: [lower, third]}, g: {layers: [third, upper]}}",
         {"any": "1.0", "base": "1.0"}),
        ("", {"any": "1.0", "base": "2.0"}),
    ],
)  # fmt: skip
def test_layers_agree_on_versions_when_they_are_loaded_together(
    run: Run, workspace: Path, tie: str, expected: dict[str, str]
) -> None:
    write(
        workspace,
        "layers:\n  lower: {packages: [old]}\n  upper: {packages: [any]}\n"
        f"  third: {{packages: [base]}}\n{tie}\n",
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    found = versions(workspace)
    assert found["lower"] == {"base": "1.0", "old": "1.0"}
    assert found["upper"] == expected


@pytest.mark.usefixtures("filled_index")
@pytest.mark.parametrize("tied_by", ["requires: [lower]", "description: none"])
def test_a_conflict_names_both_layers_both_requirers_and_both_ranges(
    run: Run, workspace: Path, tied_by: str
) -> None:
    write(
        workspace,
        "layers:\n"
        "  lower: {packages: [old]}\n"
        f"  upper: {{packages: [new], {tied_by}}}\n"
        "functions: {f: {layers: [lower, upper]}}\n",
    )
    done = run("plan")
    assert done.returncode == 3, done.stderr
    assert "layers lower, upper are loaded together" in done.stderr
    assert "lower (layers.yml:6:3) asks for old" in done.stderr
    assert "upper (layers.yml:7:3) asks for new" in done.stderr
    said = " ".join(done.stderr.split())
    assert "base<2" in said
    assert "base>=2" in said


@pytest.mark.usefixtures("filled_index")
def test_a_conflict_names_requirements_however_they_are_spelt(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("Some_Thing", "1.0", {"some_thing.py": ""}, requires=["base>=2"])
    write(
        workspace,
        "layers:\n  lower: {packages: ['base<2']}\n  upper: {packages: [Some.Thing]}\n"
        "functions: {f: {layers: [lower, upper]}}\n",
    )
    done = run("plan")
    assert done.returncode == 3
    assert "lower (layers.yml:6:3) asks for base<2" in done.stderr
    assert "upper (layers.yml:7:3) asks for Some.Thing" in done.stderr


@pytest.mark.usefixtures("filled_index")
def test_a_layer_that_cannot_be_met_alone_is_no_conflict(run: Run, workspace: Path) -> None:
    write(
        workspace,
        "layers:\n  lower: {packages: [old]}\n  upper: {packages: ['base>=9']}\n"
        "functions: {f: {layers: [lower, upper]}}\n",
    )
    done = run("plan")
    assert done.returncode == 3
    assert "layers.yml:7:3: layer upper: " in done.stderr
    assert "loaded together" not in done.stderr


def test_hashes_of_one_layer_ask_nothing_of_the_other(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    wheel = add_wheel("a", "1.0", {"a.py": ""})
    add_wheel("b", "1.0", {"b.py": ""})
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (workspace / "a.txt").write_text(f"a==1.0 --hash=sha256:{digest}\n")
    write(
        workspace,
        "layers:\n  hashed: {requirements: a.txt}\n  plain: {packages: [b]}\n"
        "functions: {f: {layers: [hashed, plain]}}\n",
    )
    done = run("build")
    assert done.returncode == 0, done.stderr


def test_what_is_below_is_left_out_transitively_with_its_siblings_kept(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("deep", "1.0", {"deep.py": ""})
    add_wheel("ns-a", "1.0", {"ns/a.py": "import deep\n"}, requires=["deep"])
    add_wheel(
        "ns-b",
        "1.0",
        {"ns/b.py": "from ns import a\nimport deep\n"},
        requires=["ns-a", "deep"],
    )
    add_wheel("top", "1.0", {"top.py": "import deep\nfrom ns import a, b\n"}, requires=["ns-b"])
    write(
        workspace,
        "layers:\n"
        "  one: {packages: [ns-a]}\n"
        "  two: {packages: [ns-b], requires: [one]}\n"
        "  three: {packages: [top, deep], requires: two, proof: imports, imports: [top]}\n",
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert {key: set(found) for key, found in versions(workspace).items()} == {
        "one": {"deep", "ns-a"},
        "two": {"ns-b"},
        "three": {"top"},
    }
    assert names(workspace, "two") == {"python/ns/b.py"}
    assert layers(workspace)["three"]["proof"]["imported"] == ["top"]


def test_an_upper_layer_with_nothing_of_its_own_is_an_error(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("a", "1.0", {"a.py": ""})
    write(
        workspace,
        "layers:\n  lower: {packages: [a]}\n  upper: {packages: [a], requires: [lower]}\n",
    )
    done = run("build")
    assert done.returncode == 3
    assert (
        "layers.yml:7:3: layer upper: all that it asks for is in lower already, and AWS refuses an"
        " empty layer\n  → take the layer out of the manifest and of its functions\n"
    ) in done.stderr


def test_requirements_that_are_all_for_others_are_told_as_such(run: Run, workspace: Path) -> None:
    write(workspace, "layers:\n  core: {packages: [\"a; sys_platform == 'win32'\"]}\n")
    done = run("build")
    assert done.returncode == 3
    assert f"none of its requirements applies to {PYTHON}-{MACHINE}" in done.stderr


def test_a_layer_alone_is_built_without_what_the_layers_below_hold(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("a", "1.0", {"a.py": ""})
    add_wheel("b", "1.0", {"b.py": "import a\n"}, requires=["a"])
    write(
        workspace,
        "layers:\n  lower: {packages: [a]}\n"
        "  upper: {packages: [b], requires: [lower], proof: imports, imports: [b]}\n",
    )
    done = run("build", "--layers", "upper")
    assert done.returncode == 0, done.stderr
    assert versions(workspace)["upper"] == {"b": "1.0"}


def test_the_proof_of_an_upper_layer_is_renewed_when_the_lower_one_loses_files(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("a", "1.0", {"a.py": "", "more.py": ""})
    add_wheel("b", "1.0", {"b.py": "import more\n"}, requires=["a"])
    text = (
        "layers:\n  lower: {packages: [a]DROP}\n"
        "  upper: {packages: [b], requires: [lower], proof: imports, imports: [b]}\n"
    )
    write(workspace, text.replace("DROP", ""))
    assert run("build").returncode == 0
    write(workspace, text.replace("DROP", ", drop: [more.py]"))
    done = run("build")
    assert done.returncode == 4, done.stderr
    assert "imports: b does not import" in done.stderr


@pytest.mark.parametrize(
    ("upper", "clashes"),
    [
        ({"python/a/x.py": "2\n", "python/a/y.py": "1\n"}, ["python/a/x.py"]),
        ({"python/a/bin/tool.py": "2\n"}, ["python/a/bin/tool.py"]),
        ({"python/a-1.dist-info/RECORD": "2\n"}, []),
        ({"python/a/x.py": "1\n"}, []),
    ],
)
def test_files_that_overwrite_each_other_with_other_bytes_are_refused(
    run: Run,
    workspace: Path,
    upper: Mapping[str, str],
    clashes: list[str],
    versions: Callable[..., list[str]],
) -> None:
    lower = dict.fromkeys(
        ("a/x.py", "a/y.py", "a/bin/tool.py", "a-1.dist-info/RECORD", "own.py"), "1\n"
    )
    for folder, content in (("low", lower), ("up", upper)):
        for path, text in content.items():
            file = workspace / folder / path.removeprefix("python/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    write(
        workspace,
        "layers:\n  lower: {include: {from: low/, to: python}}\n"
        "  upper: {include: {from: up/, to: python}}\n"
        "functions: {f: {layers: [lower, upper]}, g: {layers: [upper]}}\n",
    )
    done = run("publish")
    assert done.returncode == (2 if clashes else 0), done.stderr
    assert len(versions()) == (0 if clashes else 2)
    if clashes:
        assert "function f: layers lower and upper both write" in done.stderr
        assert "".join(f"    {path}\n" for path in clashes) in done.stderr


def included(workspace: Path, **sizes: int) -> None:
    """Write a sparse file for each layer: big unzipped, small zipped."""
    text = "layers:\n"
    for key, size in sizes.items():
        (workspace / key).mkdir()
        with (workspace / key / f"{key}.bin").open("wb") as file:
            file.truncate(size)
        text += f"  {key}: {{include: {key}/, compression: fast}}\n"
    write(workspace, text)


def test_a_stack_over_the_limit_lists_the_shares_before_anything_is_published(
    run: Run, workspace: Path, versions: Callable[..., list[str]]
) -> None:
    included(workspace, one=100 * MIB, two=90 * MIB)
    arn = FOREIGN.format("foreign")
    with (workspace / "layers.yml").open("a") as file:
        file.write(
            "functions:\n"
            f"  f: {{layers: [one, two], reserve: 20 MiB, external: [{{arn: '{arn}',"
            " unzipped: 40 MiB}]}\n"
            "  g: {layers: [one, two], reserve: 59 MiB}\n"
        )
    done = run("publish")
    assert done.returncode == 5, done.stderr
    assert versions() == []
    assert ("function f: its layers unzip to 250.0 MiB, 1 B over") in done.stderr
    assert (
        f"     100.0 MiB  one\n      90.0 MiB  two\n      40.0 MiB  {arn}\n"
        "      20.0 MiB  reserve: for the function's own code\n"
    ) in done.stderr
    assert "function g" not in done.stderr


def test_external_layers_come_first_and_count_among_the_five(run: Run, workspace: Path) -> None:
    included(workspace, one=10, two=20)
    text = (workspace / "layers.yml").read_text()
    external = ", ".join(
        f"{{arn: '{FOREIGN.format(f'x{number}')}', unzipped: 1 MiB}}" for number in range(4)
    )
    (workspace / "layers.yml").write_text(
        f"{text}functions:\n  f: {{layers: [two, one], external: [{external}]}}\n"
    )
    refused = run("publish")
    assert refused.returncode == 2
    place = f"layers.yml:{text.count(chr(10)) + 2}:15"
    assert f"{place}: function f has 6 layers; AWS attaches 5 at most\n" in refused.stderr

    external = external.rpartition(", {")[0]
    (workspace / "layers.yml").write_text(
        f"{text}functions:\n  f: {{layers: [two, one], external: [{external}]}}\n"
    )
    done = run("publish")
    assert done.returncode == 0, done.stderr
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    (function,) = report["functions"]
    assert function["arns"] == {
        "eu-west-1": [FOREIGN.format(name) for name in ("x0", "x1", "x2", "two", "one")]
    }
    assert function["unzipped_bytes"] == 30 + 3 * MIB


def test_layers_with_the_same_content_cost_one_build(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("a", "1.0", {"a.py": ""})
    write(
        workspace,
        "layers:\n  core: {packages: [a]}\n  shared: {packages: [a], description: other words}\n",
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "shared: same content as core: built once\n" in done.stderr
    found = layers(workspace)
    assert found["core"]["sha256"] == found["shared"]["sha256"]
    assert found["shared"]["same_as"] == f"core {PYTHON}-{MACHINE}"
    assert done.stderr.count("installed") == 1


# The example; attach/test_example_invoked builds it.


@pytest.fixture
def example(tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    folder = tmp_path / "cr2a"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "INPUT_"))}

    def start(*arguments: str) -> CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "layer_builder", *arguments],
            cwd=folder,
            env=environ | {"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=False,
        )

    shutil.copytree(REPOSITORY / "examples/cr2a", folder, ignore=shutil.ignore_patterns("dist"))
    return start


def test_the_example_refuses_a_function_with_optional_deps_alone(
    example: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    manifest = tmp_path / "cr2a/layers.yml"
    text = manifest.read_text()
    before = "layers: [shared-code, core-deps, optional-deps]"
    assert before in text
    manifest.write_text(text.replace(before, "layers: [shared-code, optional-deps]"))
    line = text[: text.index(before)].count("\n") + 1
    column = len(text[: text.index(before)].rpartition("\n")[2]) + len("layers: [shared-code, ") + 1
    done = example("plan")
    assert done.returncode == 2
    assert (
        f"layers.yml:{line}:{column}: function api: layer 'optional-deps' requires 'core-deps'"
        " before it\n"
    ) in done.stderr


def test_siblings_with_the_same_init_file_are_proven_as_they_lie_in_opt(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("ns-a", "1.0", {"ns/__init__.py": "", "ns/a.py": ""})
    add_wheel(
        "ns-b",
        "1.0",
        {"ns/__init__.py": "", "ns/b.py": "from ns import a\n"},
        requires=["ns-a"],
    )
    write(
        workspace,
        "layers:\n  one: {packages: [ns-a]}\n"
        "  two: {packages: [ns-b], requires: [one], proof: imports, imports: [ns.b]}\n"
        "functions: {f: {layers: [one, two]}}\n",
    )
    done = run("build")
    assert done.returncode == 0, done.stderr


def test_a_layer_built_alone_is_what_it_is_among_the_others(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    """As in a matrix job for each layer, whose zips a later `publish` takes up."""
    add_wheel("dep", "1.0", {"dep.py": ""})
    add_wheel("dep", "2.0", {"dep.py": ""})
    write(
        workspace,
        'layers:\n  one: {packages: ["dep<2"]}\n  two: {packages: [dep]}\n'
        "functions: {f: {layers: [one, two]}}\n",
    )
    digests: dict[str, str] = {}
    for key in ("one", "two"):
        done = run("build", "--layers", key)
        assert done.returncode == 0, done.stderr
        zipped = (workspace / f"dist/layers/{key}.zip").read_bytes()
        digests[key] = hashlib.sha256(zipped).hexdigest()
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert [layer["key"] for layer in report["layers"]] == ["two"]
    assert [package["version"] for package in report["layers"][0]["packages"]] == ["1.0"]
    words = ("--aws-region", "eu-west-1", "--build", "never", "--digests", json.dumps(digests))
    published = run("publish", *words)
    assert published.returncode == 0, published.stderr
    assert published.stderr.count(": took up ") == 2
